/** What the tests on a cluster show: issue 3's list, in its order. */
export const e2eRequirements = {
  'e2e:limit-without-redis': {
    source: 'issue 3, E2E 1; contract §4',
    behaviour: 'A limit without Redis is refused at kubectl apply, for pod and Deployment; the message names annotation, rule and remedy.',
  },
  'e2e:every-error': { source: 'issue 3, E2E 1; contract §4', behaviour: 'Three mistakes in one object give three errors.' },
  'e2e:refused-leaves-nothing': { source: 'issue 3, E2E 1; contract §4', behaviour: 'What was refused leaves no object behind.' },
  'e2e:takeover': {
    source: 'issue 3, E2E 2; contract §5',
    behaviour: 'An annotated Deployment gets its native sidecar and becomes Ready under restricted.',
  },
  'e2e:redirect': {
    source: 'issue 3, E2E 2; contract §5',
    behaviour: 'Where nothing forbids it, capture is by redirect, with NET_ADMIN alone.',
  },
  'e2e:unannotated': { source: 'issue 3, E2E 2; contract §4', behaviour: 'An unannotated Deployment is untouched.' },
  'e2e:webhook-down': {
    source: 'issue 3, E2E 2; contract §4',
    behaviour: 'While the webhook is down unannotated objects are created and annotated pods are refused, not naked.',
  },
  'e2e:shared-limit': {
    source: 'issue 3, E2E 3 (AC7); contract §6',
    behaviour: 'The fourth tools/call of 3/1m is 429 with -32029, retryAfterSeconds, Retry-After and the id of the request.',
  },
  'e2e:tool-limit': {
    source: 'issue 3, E2E 4 (AC8); contract §6',
    behaviour: 'Shared and per-tool limits hold together; the limit of a tool stops that tool alone.',
  },
  'e2e:several-ports': {
    source: 'issue 7 "Selection and scope" (several MCP ports)',
    behaviour: 'Both ports of a pod with two MCP servers are captured under redirect and takeover, and spend one limit.',
  },
  'e2e:never-charged': {
    source: 'issue 3, E2E 5; contract §6',
    behaviour: 'initialize, tools/list, ping, GET and health are never charged.',
  },
  'e2e:one-bucket': {
    source: 'issue 3, E2E 6; contract §6',
    behaviour: 'Two replicas share one bucket: of 40 concurrent calls exactly the limit passes.',
  },
  'e2e:limit-before': { source: 'issue 3, E2E 7; contract §6', behaviour: 'With Redis there the limit holds.' },
  'e2e:redis-killed': {
    source: 'issue 3, E2E 7; contract §6',
    behaviour: 'When Redis is killed calls pass, none takes a second longer, and a warning and a metric say so.',
  },
  'e2e:redis-returns': { source: 'issue 3, E2E 7; contract §6', behaviour: 'Within 10 s after Redis returned limits hold again.' },
  'e2e:redis-hangs': { source: 'issue 3, E2E 7; contract §6', behaviour: 'A Redis that hangs costs a call no second either.' },
  'e2e:no-bypass': {
    source: 'issue 3, E2E 8; contract §5',
    behaviour: 'From another pod no address of pod, Service or node, nor another port, reaches the server past the sidecar.',
  },
  'e2e:port-forward': { source: 'issue 3, E2E 8; contract §9.1', behaviour: 'The docs say what kubectl port-forward still can.' },
  'e2e:retune': {
    source: 'issue 3, E2E 9; contract §5',
    behaviour: 'kubectl annotate on a running pod changes the limit without a restart.',
  },
  'e2e:retune-refused': {
    source: 'issue 3, E2E 9; contract §5',
    behaviour: 'A bad value on a running pod is refused and changes nothing.',
  },
  'e2e:retune-rollout': {
    source: 'issue 3, E2E 9; contract §5',
    behaviour: 'Edits of other keys on a running pod are refused and name kubectl rollout restart.',
  },
  'e2e:metadata': { source: 'issue 3, E2E 10; contract §3', behaviour: "Annotations on the Deployment's own metadata work." },
  'e2e:metadata-replicasets': {
    source: 'issue 3, E2E 10; contract §9.2',
    behaviour: 'Neither kubectl scale nor a rollout makes an extra ReplicaSet.',
  },
  'e2e:metadata-withdrawn': {
    source: 'issue 3, E2E 10; contract §3',
    behaviour: 'What was written into the template leaves with the metadata.',
  },
  'e2e:metadata-webhook-down': {
    source: 'issue 3, E2E 10; contract §9.4',
    behaviour: 'With the webhook down a Deployment annotated on its metadata is refused.',
  },
  'e2e:rollout-keeps-buckets': { source: 'issue 3, E2E 11; contract §2', behaviour: 'A rollout does not refill buckets.' },
  'e2e:own-buckets': { source: 'issue 3, E2E 11; contract §2', behaviour: 'Two Deployments do not share buckets.' },
  'e2e:upgrade': {
    source: 'issue 3, E2E 11; contract §9.3, §9.5',
    behaviour: 'The image is upgraded while an injected Job runs: it completes, its pod can be deleted, and rollouts take the new image.',
  },
  'e2e:rollback': { source: 'contract §9.5', behaviour: 'A rollback injects the image before again, and names it the current one.' },
  'e2e:redis-access': {
    source: 'contract §3, §5',
    behaviour: "A pod takes Redis with TLS, private CA and the login of a Secret from its namespace's annotations.",
  },
  'e2e:wildcard-bind': {
    source: 'contract §4, §5',
    behaviour: 'Under takeover an app that binds all addresses draws a warning and fails to start rather than bypass.',
  },
  'e2e:servers': {
    source: 'issue 3, E2E 12; contract §1',
    behaviour: 'server-everything and a Python server run unmodified in both captures.',
  },
  'e2e:session-cap': {
    source: 'issue 5, proof 5; contract §6',
    behaviour: 'Above the cap an initialize gets 503, and passes once another session was idle for its time, which is 404 from then on.',
  },
  'e2e:session-replicas': {
    source: 'issue 5, proof 5; contract §6',
    behaviour: 'Three replicas share one cap; the slots of a pod that is deleted are free within the life of a silent replica.',
  },
  'e2e:session-rollout': {
    source: 'issue 5, proof 5; contract §6',
    behaviour: 'A rolling restart under load refuses no session without cause and leaves no slot behind.',
  },
  'e2e:entry-good': {
    source: 'issue 6, proof 5; contract §7',
    behaviour: 'A pod without a server of its own reaches a remote with a private CA through its entry, whose URL is in its environment.',
  },
  'e2e:entry-limit': { source: 'issue 6, proof 5; contract §7', behaviour: 'A per-tool limit on an entry answers 429.' },
  'e2e:entry-private': {
    source: 'issue 6, proof 5; contract §7',
    behaviour: 'A name that resolves to a private address is refused when it is dialled.',
  },
  'e2e:entry-heals': {
    source: 'issue 6, proof 5; contract §7',
    behaviour: 'An entry without its ConfigMap answers 503 and says what is missing; creating it heals the entry without a restart.',
  },
  'e2e:entry-rotation': { source: 'issue 6, proof 5; contract §7', behaviour: 'A CA that changes is taken up without a restart.' },
  'e2e:entry-forbidden': {
    source: 'issue 6, proof 5; contract §4, §7',
    behaviour: 'Metadata and private addresses are refused at admission, in every spelling.',
  },
  'e2e:check': {
    source: 'issue 7, CLI',
    behaviour: 'check finds a sound installation in order: registration, policies, rights, certificates, a dry run, Redis.',
  },
  'e2e:check-trouble': {
    source: 'issue 7, CLI',
    behaviour: 'check names a naked pod, a forged one, a Redis that is away and an edited policy.',
  },
  'e2e:explain-cluster': {
    source: 'issue 7, CLI',
    behaviour: 'explain says of objects of a cluster what they are, and where their values came from.',
  },
  'e2e:kustomize': {
    source: 'issue 7, CLI',
    behaviour: 'lint and inject take what kubectl kustomize makes; the apiserver takes the result, and uninject gives back the same bytes.',
  },
  'e2e:explain-true': {
    source: 'issue 7, CLI',
    behaviour:
      'What explain foresees is what the apiserver decides, by webhook, policies and Pod Security, with the webhook and without it.',
  },
  'e2e:zero-calls': {
    source: 'issue 7, Selection and scope',
    behaviour:
      "By the apiserver's own count 1,000 unannotated pods cost no call of the webhook, nor do annotated mirror pods and pods of our own namespace.",
  },
  'e2e:load': {
    source: 'issue 7, Proof 4',
    behaviour:
      '3,000 creations at full speed: all are injected, each by one review, none times out, memory stays below 160 MB; p99 and the ratio are printed.',
  },
  'e2e:kill-loop': {
    source: 'issue 7, Proof 3',
    behaviour:
      'While webhook pods are killed in a loop no annotated pod is created naked, no unannotated one is refused, and some are injected.',
  },
  'e2e:drain': {
    source: 'issue 7, Proof 3',
    behaviour: 'A drain of the node of both replicas leaves one, and injection.',
  },
  'e2e:drained': {
    source: 'issue 7, Proof 3',
    behaviour:
      'With both replicas drained annotated pods are refused in clear words, others created; once there is a node all heals by itself.',
  },
  'e2e:apiserver-restart': {
    source: 'issue 7, Proof 3',
    behaviour: 'An apiserver restarted amid creations makes no annotated pod naked and refuses no other; injection comes back by itself.',
  },
  'e2e:leaf-expiry': {
    source: 'issue 7, Proof 3',
    behaviour: 'Leaves of both replicas end, several times over, during one burst of creations, and none fails.',
  },
  'e2e:event': {
    source: 'issue 7, Events and metrics',
    behaviour: 'An Event on the owner tells of a naked pod; a metric counts it, and a forged one.',
  },
  'e2e:workload-kinds': {
    source: 'issue 7, Proof 2',
    behaviour: 'Under restricted, quota and limit range workloads of every kind and bare pods run with their sidecars.',
  },
  'e2e:jobs-complete': { source: 'issue 7, Proof 2', behaviour: 'Jobs and CronJobs complete.' },
  'e2e:quota': { source: 'issue 7, Proof 2', behaviour: 'A quota counts the sidecar.' },
  'e2e:host-port': { source: 'issue 7, Selection and scope', behaviour: 'What comes by a hostPort is metered, in both captures.' },
  'e2e:pod-features': {
    source: 'issue 7, Selection and scope',
    behaviour: 'A pod with shareProcessNamespace and a priority class is metered and keeps both.',
  },
  'e2e:native-sidecars': {
    source: 'issue 7, Selection and scope',
    behaviour: "The pod's own init containers keep their order behind ours; a native sidecar that serves is metered.",
  },
  'e2e:ephemeral': {
    source: 'issue 7, Selection and scope',
    behaviour: 'kubectl debug works in injected pods, under restricted too, and changes nothing of ours.',
  },
  'e2e:unfit': { source: 'issue 7, Selection and scope', behaviour: 'Windows pods and hostNetwork are denied with the reason.' },
  'e2e:own-image': {
    source: 'issue 7, Selection and scope; contract §9.5',
    behaviour: "An image by digest is injected by digest, and its pull secrets are appended where absent to the service account's.",
  },
  'e2e:static-pod': {
    source: 'issue 7, Selection and scope',
    behaviour: 'A static pod is left alone and told of as naked with the remedy; with its sidecar in its file it is metered.',
  },
  'e2e:dual-stack': {
    source: 'issue 7, Selection and scope; contract §5',
    behaviour: 'At each address of a pod, of both families, one limit holds, and no other family leads past it.',
  },
  'e2e:probe-truth': {
    source: 'issue 7, Selection and scope, in the place of issue 3, E2E 8, which warned',
    behaviour: 'Routed tcpSocket and gRPC probes tell a kubelet the truth about the app.',
  },
  'e2e:hook-truth': {
    source: 'issue 7, Selection and scope',
    behaviour: 'An httpGet hook of a real kubelet on the captured port reaches the app, and fails where there is no app.',
  },
  'e2e:ca-rotation': { source: 'issue 7, Proof 3', behaviour: 'The CA is rotated in the middle of a burst without a failure.' },
  'e2e:secret-deleted': { source: 'issue 7, Proof 3', behaviour: 'A deleted Secret heals without a failure.' },
  'e2e:bundle-blanked': {
    source: 'issue 7, Proof 3',
    behaviour: 'A caBundle that was blanked heals by its owner, who changes nothing else; meanwhile nothing runs naked.',
  },
  'e2e:reboot': { source: 'issue 7, Proof 3', behaviour: 'After a reboot with the webhook pending the cluster comes up by itself.' },
  'e2e:uninstall': { source: 'issue 7, Proof 5', behaviour: 'uninstall leaves the cluster as it was before.' },
  'e2e:uninstall-no-lock': { source: 'issue 7, Update and removal', behaviour: 'After uninstall nothing refuses pods.' },
} as const;
