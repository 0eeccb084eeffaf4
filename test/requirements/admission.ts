/** What admission promises of each pod and workload, rule by rule; the golden files show the same in full. */
export const admissionRequirements = {
  'admission:port': {
    source: 'contract §3 "port", §4',
    behaviour:
      "The port is the pod's only one or the one named mcp; otherwise, and where none declares it or it is UDP, it is denied with the candidates.",
  },
  'admission:host-network': { source: 'contract §4', behaviour: 'A pod with hostNetwork is denied.' },
  'admission:foreign-names': { source: 'contract §4', behaviour: 'A container or volume of our names that is not ours is denied.' },
  'admission:every-error': { source: 'contract §4', behaviour: 'Errors of settings and of the pod stand in one answer.' },
  'admission:config-map': {
    source: 'contract §4',
    behaviour: 'A missing ConfigMap draws a warning; one without the key is denied.',
  },
  'admission:workloads-alike': { source: 'contract §4', behaviour: 'What denies a pod denies each kind of workload that would make it.' },
  'admission:capture-auto': {
    source: 'contract §5',
    behaviour: 'auto is takeover under baseline and restricted and beside a mesh proxy, else redirect.',
  },
  'admission:redirect-beside-mesh': { source: 'contract §5', behaviour: 'redirect beside a mesh proxy is denied.' },
  'admission:pod-update': {
    source: 'contract §4, §5, §9.3',
    behaviour:
      'On UPDATE of a pod only a change of our keys is judged, nothing is injected, and a key that needs a restart names the rollout.',
  },
  'admission:deleting': { source: 'contract §9.3', behaviour: 'An object that is being deleted is never judged.' },
  'admission:controlled': { source: 'contract §9.2', behaviour: 'What has a controller is validated, never mutated.' },
  'admission:does-not-roll': {
    source: 'contract §9.2',
    behaviour: 'An edit of the metadata of a Job, a bare ReplicaSet or an OnDelete set draws a warning that it does not roll.',
  },
  'admission:template-wins': {
    source: 'contract §3',
    behaviour: "The workload's annotations go into its template, whose own values win, and leave with the metadata.",
  },
  'pod:sidecar': {
    source: 'contract §5',
    behaviour: 'The sidecar is native and first, with three probes, a preStop by a Unix socket and the annotations by the downward API.',
  },
  'pod:restricted': {
    source: 'contract §5',
    behaviour:
      'Every field of restricted is set, of the capture container all but root and NET_ADMIN; each injected container has requests and limits.',
  },
  'pod:inherited': {
    source: 'contract §5',
    behaviour: 'Values of namespace and cluster are written into the pod, beside the stamp.',
  },
  'pod:overrides': {
    source: 'contract §3',
    behaviour: 'sidecar-resources changes what it names; bind-env is set in the app where absent.',
  },
} as const;
