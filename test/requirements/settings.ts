const table = 'issue 3 "Settings: one table"';
const admission = 'contract §4';
const annotations = 'contract §3';

export const settingsRequirements = {
  'settings:all-errors': { source: admission, behaviour: 'Every error of an object is told in one message, each naming its key.' },
  'settings:unknown-key': { source: admission, behaviour: 'An unknown key under our prefix is denied, with the nearest known one.' },
  'settings:bad-yaml': { source: admission, behaviour: 'Bad YAML is denied with line and column.' },
  'settings:plain-yaml': { source: table, behaviour: 'Aliases, tags, merge keys and several documents in a YAML value are denied.' },
  'settings:unknown-field': { source: table, behaviour: 'An unknown field is denied where it stands, with the nearest known one.' },
  'settings:sizes': {
    source: admission,
    behaviour: 'Non-integers, zero and negative sizes, and sizes beyond what the limiter counts are denied.',
  },
  'settings:periods': { source: admission, behaviour: "Periods outside 1s to 31d are denied; Go's forms are accepted." },
  'settings:names': { source: admission, behaviour: 'Names over 256 bytes and control characters in names are denied.' },
  'settings:duplicate-tool': { source: admission, behaviour: 'A tool given twice is denied, in either form.' },
  'settings:cost': { source: annotations, behaviour: 'A cost that no bucket of the call could ever hold is denied.' },
  'settings:limit-without-redis': {
    source: admission,
    behaviour: 'A limit without Redis is denied; the message says how to set it for the pod, the namespace and the cluster.',
  },
  'settings:per-client-without-identity': { source: admission, behaviour: '`perClient` without `identity` is denied.' },
  'settings:redis-url': { source: annotations, behaviour: 'A URL of Redis with credentials is denied, and they are not repeated.' },
  'settings:config-key': {
    source: 'contract §9.13',
    behaviour: 'Keys of ConfigMaps and Secrets that could leave their folder are denied.',
  },
  'settings:header-identity': {
    source: 'contract §2 "client"',
    behaviour: 'A header names the client only if it is a plain header and its peers are ranges; a warning says who can set it.',
  },
  'settings:sessions': {
    source: 'issue 5 "Caps"',
    behaviour: 'Caps on sessions hold without an annotation; a zero is the default; what is out of range is denied.',
  },
  'settings:sessions-doubt': {
    source: 'issue 5 "Caps"',
    behaviour: 'An idle timeout beyond the lifetime is clamped; that, and what takes no effect, draws a warning.',
  },
  'settings:not-available': {
    source: 'issue 3',
    behaviour: 'What takes effect in a later version is checked, and denied as not available in this one.',
  },
  'settings:defaults': { source: annotations, behaviour: 'An absent key has the default of the table.' },
  'settings:shorthand': { source: annotations, behaviour: '`10/1m` is a bucket, and for a tool its shared bucket.' },
  'settings:toolhive-form': { source: annotations, behaviour: "ToolHive's long form is accepted word for word." },
  'settings:per-user': { source: annotations, behaviour: '`perUser` is the same word as `perClient`; both at once are denied.' },
  'settings:machine-keys': { source: `${admission}, §5`, behaviour: 'What the webhook itself writes is no setting, and is not trusted.' },
  'settings:foreign-keys': { source: annotations, behaviour: 'Annotations of others are left alone.' },
  'settings:config-without-inject': { source: annotations, behaviour: 'A key of ours without `inject` draws a warning.' },
  'settings:retunable': { source: 'contract §5', behaviour: 'Six keys take effect on a running pod without a restart.' },
  'settings:prototype': { source: table, behaviour: 'Words of JavaScript are names like others.' },
  'settings:levels': {
    source: annotations,
    behaviour: "The object's own value wins; `redis`, `identity` and `mode` come from the namespace otherwise.",
  },
  'settings:redis-group': {
    source: 'contract §5',
    behaviour: '`redis` and what belongs to it come together from the level that sets `redis`.',
  },
  'settings:downward': { source: 'issue 3 "The project"', behaviour: 'What the downward API writes is read back exactly.' },
  'settings:annotations-file': {
    source: 'issue 3 "The project"',
    behaviour: "A hand-run sidecar reads YAML of annotations or the downward API's format.",
  },
  'settings:never-throws': { source: table, behaviour: 'Any annotations give settings or issues, never an exception.' },
  'settings:bounded': { source: table, behaviour: 'Huge and hostile values are answered in short.' },
  'settings:docs': { source: table, behaviour: 'Docs show every key of the table, with an example that is accepted.' },
  'settings:json-schema': { source: table, behaviour: 'The JSON Schema describes the annotations and the inside of their YAML.' },
  'settings:append-only': {
    source: 'issue 7, Update and removal',
    behaviour: 'Within a minor version keys, their words and their defaults are only added to.',
  },
  'settings:retirement': {
    source: 'issue 7, Update and removal',
    behaviour: 'A key that goes draws a warning for one minor version first.',
  },
} as const;
