import { parseArgs } from 'node:util';
import { VERSION } from '../inject/stamp.ts';
import { isDnsLabel } from '../lib/names.ts';
import { PREFIX } from '../lib/prefix.ts';
import { didYouMean } from '../lib/suggest.ts';
import { keysWith } from '../settings/table.ts';
import type { Wanted } from './sources.ts';

/** What the commands on manifests have in common. */
export interface Flags extends Wanted {
  readonly output: 'text' | 'json';
  readonly isStrict: boolean;
  readonly image: string;
  /** The cluster's defaults, as annotations. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly namespace?: string;
  readonly namespaceFile?: string;
  readonly podSecurity?: string;
  readonly isStaticPod: boolean;
}

export const DEFAULT_IMAGE = `ghcr.io/mcp-sluice/mcp-sluice:${VERSION}`;
const LEVELS = ['privileged', 'baseline', 'restricted'];

const FILE_OPTIONS = {
  recursive: { type: 'boolean', short: 'R', default: false },
  output: { type: 'string', short: 'o', default: 'text' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Keys that the webhook has defaults for: `--default-redis` and its like. */
export const DEFAULTS = keysWith('fromCluster');

const FACT_OPTIONS = {
  image: { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  'namespace-file': { type: 'string' },
  'pod-security': { type: 'string' },
  'static-pod': { type: 'boolean', default: false },
  ...(Object.fromEntries(DEFAULTS.map((key) => [`default-${key}`, { type: 'string' }])) as Record<string, { type: 'string' }>),
} as const;

const CLUSTER_OPTIONS = {
  namespace: FACT_OPTIONS.namespace,
  output: FILE_OPTIONS.output,
  context: { type: 'string' },
  strict: { type: 'boolean', default: false },
  help: FILE_OPTIONS.help,
} as const;

const STRICT = { strict: { type: 'boolean', default: false } } as const;

type Parsed<T> = T | 'help' | { readonly error: string };
type Values = Readonly<Record<string, string | boolean | undefined>>;

/** The flags of a command that judges manifests, `'help'`, or what is wrong with them. */
export function parseFlags(argv: readonly string[], command: 'inject' | 'lint' | 'explain' = 'inject'): Parsed<Flags> {
  const read = readOptions(argv, { ...FILE_OPTIONS, ...FACT_OPTIONS, ...(command === 'lint' ? STRICT : {}) });
  if (read === 'help' || 'error' in read) return read;
  const { values } = read;
  const level = values['pod-security'];
  if (level !== undefined && !LEVELS.includes(String(level))) return { error: `--pod-security "${level}" is none of ${LEVELS.join(', ')}` };
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const named = (name: string, flag: string) => (text(flag) === undefined ? {} : { [name]: text(flag) });
  const defaults = DEFAULTS.flatMap((key) => (text(`default-${key}`) === undefined ? [] : [[PREFIX + key, text(`default-${key}`)]]));
  return {
    ...read.wanted,
    isStrict: values['strict'] === true,
    isStaticPod: values['static-pod'] === true,
    image: text('image') ?? DEFAULT_IMAGE,
    defaults: Object.fromEntries(defaults),
    ...named('namespace', 'namespace'),
    ...named('namespaceFile', 'namespace-file'),
    ...named('podSecurity', 'pod-security'),
  };
}

export interface ClusterFlags {
  readonly names: readonly string[];
  readonly output: 'text' | 'json';
  readonly namespace?: string;
  /** Of the kubeconfig; the current one where absent. */
  readonly context?: string;
  readonly isStrict: boolean;
}

/** The flags of a command that asks a cluster. */
export function parseClusterFlags(argv: readonly string[]): Parsed<ClusterFlags> {
  const read = readOptions(argv, CLUSTER_OPTIONS, 0);
  if (read === 'help' || 'error' in read) return read;
  const { namespace, context } = read.values as { namespace?: string; context?: string };
  const { files: names, output } = read.wanted;
  if (namespace !== undefined && !isDnsLabel(namespace)) return { error: `--namespace "${namespace}" is no name of a namespace` };
  const isStrict = read.values['strict'] === true;
  return { names, output, isStrict, ...(namespace !== undefined && { namespace }), ...(context !== undefined && { context }) };
}

/** The flags of a command that judges nothing. */
export function parseFileFlags(argv: readonly string[]): Parsed<Wanted & Pick<Flags, 'output'>> {
  const read = readOptions(argv, FILE_OPTIONS);
  return read === 'help' || 'error' in read ? read : read.wanted;
}

type OptionTable = Readonly<Record<string, { type: 'string' | 'boolean'; short?: string; default?: string | boolean }>>;

function readOptions(
  argv: readonly string[],
  options: OptionTable,
  leastFiles = 1,
): Parsed<{ values: Values; wanted: Wanted & Pick<Flags, 'output'> }> {
  let parsed: { values: Values; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true }) as typeof parsed;
  } catch (error) {
    const [, unknown] = /^Unknown option '--([^'=]+)/.exec(error instanceof Error ? error.message : '') ?? [];
    if (unknown !== undefined) return { error: `--${unknown} is no option; ${didYouMean(unknown, Object.keys(options))}` };
    return { error: error instanceof Error ? error.message : String(error) };
  }
  const { values, positionals: files } = parsed;
  if (values['help'] === true) return 'help';
  if (files.length < leastFiles) return { error: 'no file given (- is standard input)' };
  if (files.filter((file) => file === '-').length > 1) return { error: 'standard input (-) can be read once only' };
  // `yaml` is what the manifests' text was called before.
  const output = values['output'] === 'yaml' ? 'text' : values['output'];
  if (output !== 'text' && output !== 'json') return { error: `--output "${output}" is neither text nor json` };
  return { values, wanted: { files, isRecursive: values['recursive'] === true, output } };
}
