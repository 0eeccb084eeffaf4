/** What the commands on manifests and clusters promise, beside what `inject.ts` lists of the first two. */
export const cliRequirements = {
  'cli:directories': {
    source: 'issue 7, CLI',
    behaviour: 'A directory stands for its manifests in the order of their names; --recursive takes what is below it too.',
  },
  'cli:unrendered': {
    source: 'issue 7, CLI',
    behaviour: 'A kustomization or a chart is refused with the command that renders it, and never judged in parts.',
  },
  'cli:helm': {
    source: 'issue 7, CLI',
    behaviour: "Helm's output passes with its comments and empty documents, and a mistake names the chart's template.",
  },
  'cli:kustomize': { source: 'issue 7, CLI', behaviour: "kustomize's output and its ResourceList pass, as does what kubectl gets." },
  'cli:exit-codes': {
    source: 'issue 7, CLI',
    behaviour: 'A pipeline can tell a wrong manifest (1) from a wrong command line (64) and a file that cannot be read (66).',
  },
  'cli:lint-json': { source: 'issue 7, CLI', behaviour: 'lint --output json tells every finding as data, with a summary.' },
  'cli:strict': { source: 'issue 7, CLI', behaviour: 'lint --strict fails on warnings too.' },
  'cli:uninject': {
    source: 'issue 7, Update and removal',
    behaviour: 'uninject gives back a file that inject made byte for byte: comments, order, spaces, several documents, JSON.',
  },
  'cli:uninject-edited': {
    source: 'issue 7, Update and removal',
    behaviour: 'What was edited since the injection stays, and only our parts go; where that costs spaces it is said.',
  },
  'cli:uninject-forged': {
    source: 'contract §4 (trust in nothing that a user can write)',
    behaviour: 'The comment that keeps an original is believed only where it says the same as the manifest.',
  },
  'cli:uninject-ours': { source: 'issue 7, Update and removal', behaviour: 'uninject leaves alone what injection did not add.' },
  'cli:uninject-cluster': {
    source: 'issue 7, Update and removal',
    behaviour: 'What was inherited, propagated or bound is on record in the stamp, and goes unless it was edited.',
  },
  'cli:uninject-entries': {
    source: 'issue 7, Update and removal; issue 6',
    behaviour: 'Variables and volumes of remote entries go from every container, never those that a user wrote, edited or mounts.',
  },
  'cli:explain-entries': {
    source: 'issue 7, CLI; contract §7',
    behaviour:
      'explain tells what each remote entry is in force with, where its secrets come from and never what they are, and what leads past it.',
  },
  'cli:cel': {
    source: 'issue 7, CLI',
    behaviour: 'CEL of webhook and policies is evaluated as an apiserver does; what is not understood is said to be unknown.',
  },
  'cli:pod-security': { source: 'issue 7, CLI', behaviour: 'Pod Security is evaluated on the pod as it comes out of admission.' },
  'cli:explain-why': {
    source: 'issue 7, CLI',
    behaviour:
      'explain says why a pod or workload is injected or not, by selectors, CEL, policies and Pod Security, and agrees with the webhook.',
  },
  'cli:explain-origin': { source: 'issue 7, CLI', behaviour: 'explain tells each effective value and the level that it comes from.' },
  'cli:explain-bypass': { source: 'issue 7, CLI', behaviour: 'explain names what can still bypass the sidecar.' },
  'cli:explain-text': { source: 'issue 7, CLI', behaviour: 'explain prints for people, or as JSON, with an exit code.' },
  'cli:explain-cluster': {
    source: 'issue 7, CLI',
    behaviour: 'explain KIND/NAME judges an object of a cluster by what is installed there, and says what could not be read.',
  },
  'cli:explain-unknown': {
    source: 'issue 7, CLI',
    behaviour:
      'What explain cannot evaluate it calls unknown, and what fails in an apiserver it judges by the failure policy; it never guesses.',
  },
  'cli:check-before': { source: 'issue 7, CLI', behaviour: 'Before installation check says whether the cluster and your rights will do.' },
  'cli:check': {
    source: 'issue 7, CLI',
    behaviour: 'After installation check finds each part that is missing, edited or not well, and changes nothing.',
  },
  'cli:check-drift': {
    source: 'issue 7, CLI',
    behaviour:
      'check names each difference of webhook, policies and bindings from the manifests, whether it weakens them, and the way back.',
  },
  'cli:check-version': {
    source: 'issue 7, CLI and Update',
    behaviour: 'check and explain judge by the version that is installed, and say where that is another than their own.',
  },
  'cli:check-certificates': {
    source: 'issue 7, Certificates',
    behaviour: 'check warns of a CA relative to its lifetime, and tells what each replica serves.',
  },
  'cli:check-admission': {
    source: 'issue 7, CLI',
    behaviour: 'check has a known pod admitted in a dry run, and reads why it was not injected.',
  },
  'cli:check-rights': {
    source: 'issue 7, CLI; contract §9.1',
    behaviour: "check asks the cluster for the webhook's rights: what it needs, and nothing on Secrets.",
  },
  'cli:check-needless': {
    source: 'issue 7, CLI and Certificates',
    behaviour: 'Where its certificate is mounted, check names each right of the webhook on Secrets and on its own configuration.',
  },
  'cli:check-ca-kept': {
    source: 'issue 7, CLI and Certificates',
    behaviour: "check warns where nothing has cert-manager's cainjector keep caBundle.",
  },
  'cli:check-pods': { source: 'issue 7, Update and removal', behaviour: 'check reports stale, naked and forged pods.' },
  'cli:check-redis': { source: 'issue 7, CLI', behaviour: 'check says whether sidecars reach their Redis, by their own word.' },
  'cli:no-secrets': { source: 'issue 7, CLI', behaviour: 'check and explain print no password, also not one that stands where none may.' },
  'cli:json-stream': { source: 'issue 7, CLI', behaviour: 'JSON objects one after the other, which kubectl takes, are taken too.' },
  'cli:many': { source: 'issue 7, CLI', behaviour: 'Twice the objects in a file are twice the work.' },
  'cli:bytes': { source: 'issue 7, CLI', behaviour: 'What is not UTF-8 is refused and not changed on its way through.' },
} as const;
