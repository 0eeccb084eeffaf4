import { parseArgs } from 'node:util';

export interface Flags {
  readonly files: readonly string[];
  readonly image: string;
  readonly defaultRedis?: string;
  readonly namespaceFile?: string;
  readonly podSecurity?: string;
  readonly output: 'yaml' | 'json';
}

const DEFAULT_IMAGE = 'ghcr.io/mcp-sluice/mcp-sluice:0.1.0';

const OPTIONS = `  --image IMAGE            the image to inject (${DEFAULT_IMAGE})
  --default-redis URL      the cluster's default Redis, as the webhook has it
  --namespace-file FILE    a Namespace manifest: its labels and annotations count
  --pod-security LEVEL     what the namespace enforces: privileged, baseline, restricted
`;

export const INJECT_USAGE = `Usage: mcp-sluice inject [OPTION…] FILE…|-

Prints the manifests with the sidecar in their pods and templates; everything else passes through as it is.

${OPTIONS}  --output yaml|json       (yaml)
`;

export const LINT_USAGE = `Usage: mcp-sluice lint [OPTION…] FILE…|-

Tells every mistake in the annotations of the manifests, as the webhook would. Exit code 1 where something would be denied.

${OPTIONS}`;

export const POLICY_USAGE = `Usage: mcp-sluice policy [OPTION…] FILE…|-

Prints a NetworkPolicy for every workload and pod with remote entries: its pods reach DNS, Redis, the issuer of tokens and the
entries, and nothing else. Its comments say what no NetworkPolicy can close.

${OPTIONS}`;

const COMMON = {
  image: { type: 'string', default: DEFAULT_IMAGE },
  'default-redis': { type: 'string' },
  'namespace-file': { type: 'string' },
  'pod-security': { type: 'string' },
  output: { type: 'string', default: 'yaml' },
  help: { type: 'boolean', short: 'h' },
} as const;

const LEVELS = ['privileged', 'baseline', 'restricted'];

/** The flags, `'help'`, or what is wrong with them. */
export function parseFlags(argv: readonly string[]): Flags | 'help' | { readonly error: string } {
  let parsed: ReturnType<typeof parseCommon>;
  try {
    parsed = parseCommon(argv);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
  const { values, positionals: files } = parsed;
  if (values.help) return 'help';
  if (files.length === 0) return { error: 'no file given (- is standard input)' };
  if (files.filter((file) => file === '-').length > 1) return { error: 'standard input (-) can be read once only' };
  if (values.output !== 'yaml' && values.output !== 'json') return { error: `--output "${values.output}" is neither yaml nor json` };
  const level = values['pod-security'];
  if (level !== undefined && !LEVELS.includes(level)) return { error: `--pod-security "${level}" is none of ${LEVELS.join(', ')}` };
  return {
    files,
    image: values.image,
    output: values.output,
    ...(values['default-redis'] !== undefined && { defaultRedis: values['default-redis'] }),
    ...(values['namespace-file'] !== undefined && { namespaceFile: values['namespace-file'] }),
    ...(level !== undefined && { podSecurity: level }),
  };
}

function parseCommon(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: COMMON, allowPositionals: true, strict: true });
}
