/** What `mcp-sluice uninstall` promises. */
export const uninstallRequirements = {
  'uninstall:order': {
    source: 'issue 7, Update and removal',
    behaviour:
      'Policies go first, then the webhook configuration, and nothing else while one of them is there, so that at no moment pods are refused that nobody can inject.',
  },
  'uninstall:whole': { source: 'issue 7, Proof 5', behaviour: 'All that the manifests and the webhook made goes, and nothing of others.' },
  'uninstall:repeated': {
    source: 'issue 7, Update and removal',
    behaviour: 'Interrupted at any step it leaves nothing that refuses pods, and can be run again; once done it does nothing.',
  },
  'uninstall:cert-manager': {
    source: 'issue 7, Certificates; Update and removal',
    behaviour: 'What the cert-manager overlay made goes, too; where no cert-manager is, nobody is asked for its objects.',
  },
  'uninstall:asks': { source: 'issue 7, CLI', behaviour: 'Nothing is removed without --yes; exit codes tell why not.' },
  'e2e:uninstall-by-hand': {
    source: 'issue 7, Proof 5',
    behaviour: 'The documented commands of kubectl uninstall all as well, and can be repeated.',
  },
} as const;
