/** What `mcp-sluice uninstall` promises. */
export const uninstallRequirements = {
  'uninstall:order': {
    source: 'issue 7, Update and removal',
    behaviour: 'The configurations go first, and nothing else while one of them is there, so that nothing is left that refuses pods.',
  },
  'uninstall:whole': { source: 'issue 7, Proof 5', behaviour: 'All that the manifests and the webhook made goes, and nothing of others.' },
  'uninstall:asks': { source: 'issue 7, CLI', behaviour: 'Nothing is removed without --yes; exit codes tell why not.' },
} as const;
