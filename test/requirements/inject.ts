/** What the injection, and the two commands that show it on files, promise. */
export const injectRequirements = {
  'inject:golden': {
    source: 'contract §4',
    behaviour: 'Webhook and CLI make the same of the same object, as the golden file of the situation tells.',
  },
  'inject:golden-webhook': {
    source: 'issue 7 "Proof" 1',
    behaviour: 'A review through the webhook, from its bytes to the bytes of the answer, makes what the golden file tells.',
  },
  'inject:foreign': {
    source: 'issue 7 "Proof" 1; contract §4',
    behaviour:
      'After foreign mutators in any order, real injectors among them, one more injection converges and leaves what is foreign alone.',
  },
  'inject:no-token': {
    source: 'contract §5; issue 7 "Proof" 4',
    behaviour: "Kubernetes mounts no service account's token into our containers, and finds nothing to change in them after injection.",
  },
  'inject:fed-back': { source: 'contract §4; issue 3', behaviour: 'What injection made, fed back in, gives no patch.' },
  'inject:template-same': {
    source: 'contract §4',
    behaviour: 'A template injected by the CLI and one that is not become the same pod through the webhook.',
  },
  'inject:unknown-fields': { source: 'contract §4; issue 3', behaviour: 'Fields that we do not know survive, wherever they stand.' },
  'inject:idempotent': { source: 'contract §4', behaviour: 'Injection applied twice changes nothing the second time.' },
  'inject:after-others': {
    source: 'contract §4, §9.6',
    behaviour: 'After another mutator reordered, added and renamed, the parts of ours are the same.',
  },
  'inject:repairs': { source: 'contract §9.6', behaviour: 'Whatever somebody changed in our own container is replaced in place.' },
  'inject:total': { source: 'contract §9.7', behaviour: 'Any JSON gets a judgement; only a bug is an exception.' },
  'inject:targeted': {
    source: 'contract §4',
    behaviour: 'The patch touches nothing but what is ours, and rewrites no list or map of others.',
  },
  'inject:owner': { source: 'contract §2', behaviour: "The owner is the top controller; a ReplicaSet's name loses its pod-template-hash." },
  'inject:ours': { source: 'contract §9.6', behaviour: 'An image is ours by its repository, whatever its tag.' },
  'inject:binds-everywhere': {
    source: 'contract §4',
    behaviour: 'An app that seems to bind all addresses draws a warning under takeover.',
  },
  'inject:ca-bundle': {
    source: 'contract §4',
    behaviour: 'A CA bundle that is not PEM or has expired is denied; one that ends within 30 days draws a warning.',
  },
  'inject:ca-bounded': {
    source: 'contract §4; issue 7 "Proof" 4',
    behaviour: 'A bundle is read once for an object, and what is read has a limit for each bundle and for all of them.',
  },
  'inject:ca-names': { source: 'contract §4', behaviour: 'A judgement does not tell which keys a ConfigMap has.' },
  'inject:ca-private-key': { source: 'contract §4', behaviour: 'A ConfigMap with a private key is denied as a CA.' },
  'inject:config-maps': { source: 'contract §4', behaviour: 'The ConfigMaps that a judgement needs are told beforehand.' },
  'cli:passes-through': { source: 'contract §8', behaviour: 'mcp-sluice inject leaves documents that it does not change byte for byte.' },
  'cli:comments': { source: 'contract §8', behaviour: 'mcp-sluice inject keeps the comments, order and style of what it changes.' },
  'cli:lists': { source: 'contract §8', behaviour: 'mcp-sluice inject handles the items of a List.' },
  'cli:aliases': { source: 'contract §8', behaviour: 'An edit shows in no other place that shares a YAML anchor.' },
  'cli:all-or-nothing': {
    source: 'contract §8',
    behaviour: 'Where any object is denied, mcp-sluice inject prints the errors and no manifest.',
  },
  'cli:files': { source: 'contract §8', behaviour: 'Several files become one stream of documents.' },
  'cli:json': { source: 'contract §8', behaviour: 'mcp-sluice inject prints JSON when asked to.' },
  'cli:flags': { source: 'contract §8', behaviour: 'Image, default Redis and Pod Security level come from flags.' },
  'cli:namespace': { source: 'contract §8', behaviour: 'A namespace is known from --namespace-file or from the manifests.' },
  'cli:usage': { source: 'contract §8', behaviour: 'A wrong command line is told apart from a denied object by its exit code.' },
  'cli:lint': { source: 'contract §4, §8', behaviour: 'mcp-sluice lint tells every error and warning with its line in the file.' },
  'cli:lint-namespace': { source: 'contract §4', behaviour: 'A limit without Redis on a file says when the namespace is not known.' },
  'cli:unquoted': {
    source: 'contract §4',
    behaviour: 'A value without the quotes that an annotation needs is told, beside all other errors.',
  },
  'cli:broken-yaml': { source: 'contract §4', behaviour: 'Broken YAML and misshapen objects are errors with a line, not exceptions.' },
  'cli:lint-ca': { source: 'contract §4', behaviour: 'A CA whose ConfigMap stands in the files is judged.' },
} as const;
