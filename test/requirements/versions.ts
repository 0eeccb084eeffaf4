/** What an upgrade of the installation promises, shown between the release before and this one. */
export const versionsRequirements = {
  'versions:previous': {
    source: 'issue 7, Proof 5',
    behaviour: 'The release before injects workloads of all kinds; from there all that follows is upgraded.',
  },
  'versions:side-by-side': {
    source: 'issue 7, Update and removal',
    behaviour:
      'While two versions serve, by one CA, both inject: no annotated pod is naked, none is refused, and the policies take the image of each.',
  },
  'versions:no-ping-pong': {
    source: 'issue 7, Update and removal; contract §9.2, §9.6',
    behaviour: 'What one version made the other accepts: pods settle at once, and no template is written back and forth.',
  },
  'versions:keeps-running': {
    source: 'issue 7, Proof 5',
    behaviour:
      'What the release before injected runs on without a restart: limits and sessions go on, edits of limits, labels and finalizers work, Jobs complete.',
  },
  'versions:stale': {
    source: 'issue 7, Update and removal',
    behaviour: 'Pods of the release before are told as stale, by check and metric; a rollout restart renews them, and their buckets stay.',
  },
  'versions:rollback': {
    source: 'contract §9.5',
    behaviour: 'The manifests of the release before, applied again, inject again, and those of this one afterwards; all that runs runs on.',
  },
} as const;
