/** Which pods get a sidecar, and what holds in unusual ones; a golden file shows each case in full. */
export const scopeRequirements = {
  'selection:unannotated': {
    source: 'issue 7 "Selection and scope"',
    behaviour: 'What has no annotation of ours never reaches the webhook, nor do mirror pods and what is being deleted.',
  },
  'selection:complete': {
    source: 'issue 7 "Selection and scope"; contract §3',
    behaviour: 'All that the webhook would change, deny or warn of does reach it, the loss of our annotations too.',
  },
  'selection:namespaces': {
    source: 'issue 7 "Selection and scope"',
    behaviour: 'Our own namespace, kube-system and namespaces with the opt-out label are never asked about.',
  },
  'scope:windows': {
    source: 'issue 7 "Selection and scope"',
    behaviour: 'A pod that is for Windows nodes only is denied, wherever it says so; one that may run elsewhere too is not.',
  },
  'scope:static-pods': {
    source: 'issue 7 "Selection and scope"',
    behaviour:
      'A static pod gets its sidecar in its file, by the CLI, which denies what a kubelet would not mount; nothing else can give it one.',
  },
  'scope:unmetered-port': {
    source: 'issue 7 "Selection and scope"',
    behaviour: 'A port that is named for MCP and not among those metered draws a warning, which says how to add it.',
  },
  'scope:shared-processes': {
    source: 'issue 7 "Selection and scope"',
    behaviour: 'shareProcessNamespace draws a warning where a Redis password is mounted for the sidecar.',
  },
  'scope:istio-probes': {
    source: 'issue 7 "Selection and scope"',
    behaviour: "Beside Istio's proxy a warning says that the sidecar's probes must be kept out of the mesh, until they are.",
  },
  'scope:mesh-around': {
    source: 'issue 7 "Selection and scope"; contract §5',
    behaviour: "Istio's ambient mode, and for a template a mesh proxy that its pods will get, count as a mesh proxy in the pod.",
  },
  'scope:resources': {
    source: 'issue 7 "Selection and scope"; contract §5',
    behaviour: 'What sidecar-resources asks for holds for each injected container, as quotas and limit ranges judge each.',
  },
  'scope:pull-secrets': {
    source: 'issue 7 "Selection and scope"',
    behaviour: "Secrets for pulling our image come behind the pod's own, each once, and into no template.",
  },
  'scope:user-namespace': {
    source: 'issue 7 "Selection and scope"',
    behaviour: 'Injected containers run as user ids below 65536, as a pod with hostUsers: false needs.',
  },
} as const;
