/** What the webhook, its installation and its policies promise. */
export const webhookRequirements = {
  'webhook:tls': { source: 'issue 3, Webhook', behaviour: 'Reviews come over TLS 1.2 or later, under the names of the Service.' },
  'webhook:certificate': {
    source: 'issue 7, Certificates',
    behaviour:
      'The CA is in a Secret; each replica signs its own leaf of 24 h, for all names of the Service and for servers only, in memory.',
  },
  'webhook:replicas-agree': { source: 'issue 7, Certificates', behaviour: 'Two replicas agree on one CA, whoever is first.' },
  'webhook:leaf-renewal': {
    source: 'issue 7, Certificates',
    behaviour: 'A leaf is signed anew in the last third of its life, with or without an apiserver.',
  },
  'webhook:leaf-lifetime': {
    source: 'docs/operations.md; issue 7, Proof 3',
    behaviour: '--leaf-lifetime, 1m to 24h: leaves of any such life are renewed in its last third, in time and not at every look.',
  },
  'webhook:rotation': {
    source: 'issue 7, Certificates',
    behaviour:
      'A new CA is published beside the old one, signs once every replica serves what verifies against the bundle read back, and the old one is trusted until its end.',
  },
  'webhook:ca-kept': {
    source: 'issue 7, Certificates',
    behaviour:
      'Whatever becomes of Secret and caBundle, no write of ours takes away a CA by which a replica serves; what is published is bounded.',
  },
  'webhook:clock': {
    source: 'issue 7, Certificates',
    behaviour: 'Certificates go by the wall clock of the apiserver; a clock that jumps heals at the next look.',
  },
  'webhook:side-by-side': {
    source: 'issue 7, Update and removal',
    behaviour: 'Two versions of the webhook side by side understand what the other writes.',
  },
  'webhook:broken-secret': { source: 'issue 7, Certificates', behaviour: 'A broken, emptied, deleted or foreign Secret is replaced.' },
  'webhook:hot-swap': { source: 'issue 3, Webhook', behaviour: 'A new certificate is taken up without dropping a review.' },
  'webhook:ca-bundle': {
    source: 'issue 7, Certificates',
    behaviour: 'caBundle of our own configuration is kept right by server-side apply, and no other field touched.',
  },
  'webhook:readyz': {
    source: 'issue 7, Certificates',
    behaviour: 'Ready means: CA agreed, caBundle read back, what is served verifies against it, images published.',
  },
  'webhook:mounted-certificate': {
    source: 'issue 7, Certificates',
    behaviour: 'With cert-manager the certificate is taken from a mount, caBundle left alone, and the rights to either not needed.',
  },
  'webhook:mounted-authority': {
    source: 'issue 7, Certificates',
    behaviour: 'A mounted leaf of another CA is served once caBundle vouches for it, or no longer does for the one before.',
  },
  'webhook:upkeep': {
    source: 'issue 3, Webhook',
    behaviour: 'What others overwrite is put right within 30 s; an absent apiserver takes no replica away.',
  },
  'webhook:images': {
    source: 'contract §9.5',
    behaviour:
      'The own image and the one before are published, and whatever else a live replica injects; replicas agree in the end, in whatever order they look.',
  },
  'webhook:injects': {
    source: 'issue 3, Webhook',
    behaviour: 'A review of an annotated pod is answered with the patch that injects our own image.',
  },
  'webhook:all-errors': { source: 'contract §4', behaviour: 'A denial carries every error of the object in one message that names it.' },
  'webhook:patch': { source: 'contract §4', behaviour: 'Patches are JSONPatch in base64.' },
  'webhook:warnings': { source: 'contract §4', behaviour: 'Warnings reach clients whole, within what an apiserver passes on.' },
  'webhook:fuzz': {
    source: 'issue 7 "Proof" 1; contract §9.7',
    behaviour: 'Whatever a review holds, it gets exactly one answer that is well-formed, and no bytes at all make an error of ours.',
  },
  'webhook:malformed': { source: 'issue 3, Webhook', behaviour: 'What is no AdmissionReview v1 in JSON is refused with 4xx.' },
  'webhook:bounded': { source: 'issue 3, Webhook', behaviour: 'Bodies are bounded, each and all together.' },
  'webhook:one-answer': { source: 'issue 3, Webhook', behaviour: 'Each review gets one answer, whatever is in it.' },
  'webhook:bug-is-500': { source: 'contract §9.7', behaviour: 'A bug or a missing fact answers 500 with an id that stands in the log.' },
  'webhook:not-a-judgement': { source: 'contract §9.7', behaviour: 'Where the facts are not to be had there is no judgement.' },
  'webhook:deadline': { source: 'issue 3, Webhook', behaviour: 'An answer comes before the apiserver stops waiting.' },
  'webhook:dry-run': { source: 'contract §4', behaviour: 'Reviews have no side effects.' },
  'webhook:drain': {
    source: 'issue 3, Webhook',
    behaviour: 'A replica that ends is unready at once, serves on for a while and finishes what is under way.',
  },
  'webhook:shared-reads': {
    source: 'issue 3, Webhook',
    behaviour:
      'A namespace is read once for all reviews of half a second; nothing older than a second is used while the apiserver answers.',
  },
  'webhook:nobody-waits': {
    source: 'issue 7 "Proof" 4',
    behaviour: 'While reviews of a namespace go on none of them waits for it to be read, but for the first.',
  },
  'webhook:last-known': {
    source: 'issue 7 "Proof" 3',
    behaviour: 'While an apiserver does not answer us, a namespace is what it was within the last minute or so; nothing older is believed.',
  },
  'webhook:owner': { source: 'contract §2', behaviour: 'The owner of a pod of a Job is its CronJob.' },
  'webhook:namespace-redis': { source: 'contract §3', behaviour: 'The Redis of the namespace counts for its pods.' },
  'webhook:metrics': {
    source: 'issue 3, Webhook',
    behaviour: 'Metrics tell reviews by outcome and reason, with few labels, and the life of the certificate.',
  },
  'webhook:audit': {
    source: 'issue 7, Events and metrics',
    behaviour: 'Audit annotations carry outcome, version and the codes of reasons and warnings, and no value of anybody.',
  },
  'webhook:options': { source: 'issue 3, Settings', behaviour: 'A wrong command line is told all its errors at once.' },
  'webhook:standalone': {
    source: 'issue 3, Two commands',
    behaviour: 'Without a cluster the webhook runs from files, with a CA of its own.',
  },
  'webhook:registration': {
    source: 'issue 3, Webhook',
    behaviour: 'The configuration has Ignore, 3 s, IfNeeded, None and matchConditions.',
  },
  'webhook:least-rbac': {
    source: 'contract §4, §9.1',
    behaviour: 'No verb on Secrets outside the own namespace, and there on one name only.',
  },
  'webhook:restricted': { source: 'issue 3, Webhook', behaviour: 'The webhook runs under restricted.' },
  'webhook:install-yaml': { source: 'contract §8', behaviour: 'install.yaml is what kubectl makes of the kustomization.' },
  'manifests:schema': {
    source: 'issue 7, Events and metrics',
    behaviour: "Manifests, and what is injected and written, have the form that Kubernetes' own schemas ask for.",
  },
  'policy:fail': { source: 'issue 3, Webhook; contract §9.5', behaviour: 'The policies fail closed; without the parameter they refuse.' },
  'policy:selector': { source: 'contract §9.4', behaviour: 'Policies and webhook have the same namespace selector.' },
  'policy:naked': {
    source: 'issue 3, Webhook',
    behaviour: 'An annotated pod without sidecar is refused with a way out, and nothing else is.',
  },
  'policy:unlabelled': {
    source: 'contract §9.5, issue 3',
    behaviour: 'While the images are unknown, pods that are not ours are admitted all the same.',
  },
  'policy:image': {
    source: 'issue 3, Webhook; contract §9.5',
    behaviour: 'Only our sidecar, of an image that the installation names, counts.',
  },
  'policy:update': {
    source: 'contract §9.3',
    behaviour: 'UPDATE is judged only where our keys or containers changed, never while an object is deleted.',
  },
  'policy:naked-by-metadata': {
    source: 'contract §9.2, §9.4',
    behaviour: 'A workload that says inject while its template says nothing is refused.',
  },
} as const;
