/** What the webhook tells of pods that run already. */
export const reportRequirements = {
  'report:states': {
    source: 'issue 7, Update and removal',
    behaviour: 'Running pods are told stale, naked or forged by their containers; exempt namespaces are left out.',
  },
  'report:drift': {
    source: 'issue 7, Update and removal',
    behaviour: 'A pod is stale, too, that would inherit another configuration today or is not what its stamp says; a retuned one is not.',
  },
  'report:unready': {
    source: 'contract §4; issue 7, Events and metrics',
    behaviour: 'A sidecar that is not ready is reported with what the kubelet says, or else with what it says itself.',
  },
  'report:entries': {
    source: 'issue 6, What it does; contract §4',
    behaviour:
      'What the sidecar alone knows of a remote entry, such as a missing Secret, is an Event on the owner of its pod, although the pod is ready.',
  },
  'report:events': {
    source: 'issue 7, Events and metrics',
    behaviour: 'Events go to the owner, one an hour for each reason whoever sends it, and never out of a review.',
  },
  'report:one-replica': { source: 'issue 7, Events and metrics', behaviour: 'One replica reports, the next when it is gone.' },
  'report:optional': { source: 'contract §9.1', behaviour: 'Without the right to list pods there is no report, and nothing else changes.' },
  'report:cost': {
    source: 'issue 7, Events and metrics',
    behaviour: 'Pods that are not ours cost their metadata alone, page by page, and pages that are too large are made smaller.',
  },
  'report:bounded': { source: 'issue 7, Events and metrics', behaviour: 'Findings, queue and texts are bounded, whatever runs in a pod.' },
} as const;
