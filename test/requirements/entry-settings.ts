const issue = 'issue 6 "What it does"';
const where = 'issue 6 "Where it may go"';
const contract = 'contract §7';

/** What the annotation `remote-entries`, the injected pod and `mcp-sluice policy` promise. */
export const entrySettingsRequirements = {
  'settings:entry-url': {
    source: 'contract §4; issue 6 "TLS"',
    behaviour:
      'An entry has an absolute https URL without credentials and fragment; http only with allowInsecure, and never beside a bundle.',
  },
  'settings:entry-address': {
    source: where,
    behaviour: 'An address in a URL that is never reached is denied, a private one without allowPrivate too, in any spelling.',
  },
  'settings:entry-names': { source: 'contract §4', behaviour: 'Two entries of one name are denied, and names that are no DNS label.' },
  'settings:entry-bundle': {
    source: 'contract §9.13',
    behaviour: 'A bundle is a key of a ConfigMap or an absolute file, and what could leave its folder is denied.',
  },
  'settings:entry-headers': {
    source: where,
    behaviour: 'Headers that frame, address or negotiate a message cannot be configured, and none twice.',
  },
  'settings:entry-limit': { source: 'contract §4, §7', behaviour: "An entry's limit needs Redis, and is never per client." },
  'settings:entry-every-error': { source: issue, behaviour: 'Every error of every entry is told at once, in its place.' },
  'settings:entry-clear-text': { source: 'issue 6 "TLS"', behaviour: 'A Secret that leaves unencrypted draws a warning.' },
  'settings:entry-bounded': { source: contract, behaviour: 'A pod has at most 32 entries, each with at most 16 headers.' },
  'settings:entry-skips': {
    source: contract,
    behaviour: 'An invalid entry that reaches the sidecar is left out, and the others are kept.',
  },
  'settings:entry-capture-none': {
    source: issue,
    behaviour: 'capture: none is for a pod of remote entries only; what is said about a server beside it is denied.',
  },
  'pod:entry-env': {
    source: issue,
    behaviour: 'Every container of the app has the URL of every entry, never over a name that the user set.',
  },
  'pod:entry-volumes': {
    source: issue,
    behaviour: 'Bundles and Secrets are mounted read-only in the sidecar alone, optional, and no more than the keys that are named.',
  },
  'pod:entry-volume-names': {
    source: issue,
    behaviour: 'Volume names are within 63 characters, without a hyphen at the end, and never collide.',
  },
  'pod:entry-foreign-volume': {
    source: 'contract §4',
    behaviour: 'A volume of the user that has the name we need is denied, and none is deleted.',
  },
  'pod:entry-stale': { source: 'contract §4', behaviour: 'What an earlier injection left of an entry that is gone goes.' },
  'pod:entry-only': { source: issue, behaviour: 'A pod of remote entries only needs no port, and gets no capture.' },
  'pod:entry-probes': {
    source: issue,
    behaviour: 'Probes of a pod with entries only ask the app itself, also where they were routed before.',
  },
  'pod:entry-secrets': {
    source: 'contract §4',
    behaviour: 'Where the containers share one process namespace, a warning says who can read the headers of entries.',
  },
  'pod:entry-guess': {
    source: 'contract §3',
    behaviour:
      'Beside entries, a port that nobody calls an MCP server’s is captured with a warning, and a pod without ports draws one too.',
  },
  'pod:entry-port': { source: 'contract §4', behaviour: 'A container that declares the port of the entries’ listener is denied.' },
  'pod:entry-bundles': {
    source: issue,
    behaviour: 'The ConfigMaps of entries are looked up and judged: missing warns, what cannot work is denied.',
  },
  'pod:entry-unreadable': { source: issue, behaviour: 'Without the right to get ConfigMaps the webhook warns.' },
  'pod:entry-no-secrets': { source: issue, behaviour: 'The webhook may get ConfigMaps and has no verb on Secrets of others.' },
  'pod:entry-ca-file': { source: 'contract §9.13', behaviour: 'caFile is denied in a pod, where nothing is mounted.' },
  'cli:policy': {
    source: where,
    behaviour: 'mcp-sluice policy prints the NetworkPolicy that leaves DNS, Redis, the issuer and the entries, and says what stays open.',
  },
  'cli:policy-output': {
    source: 'issue 7, CLI',
    behaviour: 'policy reads files and directories, warns and exits as the other commands on manifests do, and prints JSON where asked.',
  },
  'cli:policy-selects': { source: where, behaviour: 'The NetworkPolicy selects the pods of its workload, and never all of a namespace.' },
} as const;
