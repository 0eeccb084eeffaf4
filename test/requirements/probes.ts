const issue = 'issue 7 "Selection and scope", probes of the app on a captured port';

/** Probes and lifecycle hooks of the app, which tell the truth about it though the sidecar has its port. */
export const probeRequirements = {
  'probe:routed': {
    source: issue,
    behaviour:
      'tcpSocket and gRPC probes and tcpSocket hooks on the captured port ask the sidecar, which asks the app; all else of the probe stays.',
  },
  'probe:http': { source: issue, behaviour: 'An httpGet probe passes through the captured port by its own path, and no limit counts it.' },
  'probe:token': {
    source: issue,
    behaviour: 'An httpGet probe of a path that needs a token asks the sidecar, which asks the app; nobody gets past the token by it.',
  },
  'probe:hook': {
    source: issue,
    behaviour: 'An httpGet hook that does not reach the app fails: no answer of ours looks like success to a kubelet.',
  },
  'probe:elsewhere': { source: issue, behaviour: 'Probes of another port, another host or by a command are left alone.' },
  'probe:record': {
    source: issue,
    behaviour: 'The originals are kept with our container, are given back to the letter, and are used again when injection is repeated.',
  },
  'probe:truth': {
    source: issue,
    behaviour: "The sidecar's answer to a probe is the app's, also while the app is away, hangs or is not serving.",
  },
  'probe:logged': {
    source: issue,
    behaviour: 'That a probe begins to fail, and why, and that it holds again, is one line of the log each.',
  },
  'probe:bounded': {
    source: issue,
    behaviour: 'Whoever asks learns only whether the answer was good, and asks the app once however many ask at once.',
  },
} as const;
