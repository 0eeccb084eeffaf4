import * as z from 'zod';
import { type OptionSpec, readArguments } from '../src/lib/arguments.ts';
import { renderIssues } from '../src/lib/issue-text.ts';
import { isDnsLabel, isObjectName } from '../src/lib/names.ts';
import { PREFIX } from '../src/lib/prefix.ts';
import { parseDuration } from '../src/lib/units.ts';
import { parseSettings } from '../src/settings/annotations.ts';

export const optionTable = {
  listen: { type: 'string', help: '[HOST]:PORT to serve HTTPS on; without HOST all addresses (:10250)' },
  'pod-name': { type: 'string', help: 'name of the pod that this runs in' },
  'pod-namespace': { type: 'string', help: 'its namespace' },
  image: { type: 'string', help: 'image to inject (that of the own pod)' },
  'image-pull-secrets': { type: 'string', help: 'Secrets, by comma, in the namespace of each pod, that it is pulled with' },
  'default-redis': { type: 'string', help: 'redis of pods for which neither they nor their namespace name one' },
  'default-redis-secret': { type: 'string', help: 'its redis-secret, a Secret in the namespace of each pod' },
  'default-redis-ca': { type: 'string', help: 'its redis-ca, a ConfigMap in the namespace of each pod' },
  'default-on-redis-failure': { type: 'string', help: 'its on-redis-failure' },
  'log-level': { type: 'string', help: 'fatal, error, warn, info, debug or trace (info)' },
  standalone: { type: 'boolean', help: 'without a cluster: certificate and facts from files' },
  'leaf-lifetime': { type: 'string', help: 'how long a certificate of our own lives, 1m to 24h (24h)' },
  'tls-dir': { type: 'string', help: 'folder with tls.crt and tls.key, kept by somebody else; standalone: where ca.crt is written' },
  namespaces: { type: 'string', help: 'standalone: YAML file of Namespaces and ConfigMaps' },
} as const satisfies Readonly<Record<string, OptionSpec & { readonly help: string }>>;

/** Renewed with a third left, which is what clocks may differ by and a busy node be late. */
const SHORTEST_LEAF_MS = 60_000;
/** Contract of issue 7: a leaf is short. */
const LONGEST_LEAF_MS = 24 * 3_600_000;

const DEFAULT_KEYS = ['redis', 'redis-secret', 'redis-ca', 'on-redis-failure'] as const;

interface CommonOptions {
  readonly listen: { readonly host?: string; readonly port: number };
  /** The cluster's defaults, as annotations. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly logLevel: string;
  /** Secrets in the namespace of each pod that our image is pulled with. */
  readonly imagePullSecrets?: readonly string[];
}
export interface ClusterOptions extends CommonOptions {
  readonly standalone: false;
  readonly podName: string;
  readonly podNamespace: string;
  /** Absent: that of the own pod. */
  readonly image?: string;
  /** Where somebody else keeps the certificate, and publishes its CA; absent: both are ours to do. */
  readonly tlsDirectory?: string;
  /** Of each leaf that a replica signs for itself; absent: 24 h. */
  readonly leafLifetimeMs?: number;
}
export interface StandaloneOptions extends CommonOptions {
  readonly standalone: true;
  readonly image: string;
  readonly tlsDirectory: string;
  readonly namespacesFile?: string;
}
export type Options = ClusterOptions | StandaloneOptions;
export type ParsedOptions = { readonly options: Options } | { readonly errors: readonly string[] };

const listen = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):\d{1,5}$/, 'has to be [HOST]:PORT')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
    return { port: Number(text.slice(colon + 1)), ...(host !== '' && { host }) };
  })
  .refine(({ port }) => port <= 65_535, 'has no port above 65535');
// An unexpanded $(POD_NAME) is a manifest without the variable.
const podName = z.string('is missing').refine(isObjectName, 'has to be the name of a pod');
const podNamespace = z.string('is missing').refine(isDnsLabel, 'has to be the name of a namespace');
const image = z.string('is missing').regex(/^[^\s]{1,512}$/, 'has to be an image reference');

const pullSecrets = z
  .string()
  .transform((text) => text.split(','))
  .refine((names) => names.every(isObjectName), 'has to be names of Secrets, by comma');

const leafLifetime = z
  .string()
  .transform((text) => parseDuration(text) ?? Number.NaN)
  .refine((ms) => ms >= SHORTEST_LEAF_MS && ms <= LONGEST_LEAF_MS, 'has to be 1m to 24h, such as 8h');

const common = {
  'image-pull-secrets': pullSecrets.optional(),
  listen: listen.default({ port: 10_250 }),
  'log-level': z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'has to be fatal, error, warn, info, debug or trace')
    .default('info'),
};
const absent = (why: string) => z.undefined(why).optional();
const clusterShape = z
  .object({
    ...common,
    'pod-name': podName,
    'pod-namespace': podNamespace,
    image: image.optional(),
    'tls-dir': z.string().optional(),
    'leaf-lifetime': leafLifetime.optional(),
    namespaces: absent('is for --standalone'),
  })
  .refine((given) => given['tls-dir'] === undefined || given['leaf-lifetime'] === undefined, {
    path: ['leaf-lifetime'],
    message: 'says nothing of a certificate that somebody else keeps in --tls-dir',
  });
const standaloneShape = z.object({
  ...common,
  image,
  'tls-dir': z.string('is missing'),
  namespaces: z.string().optional(),
  'pod-name': absent('is not for --standalone'),
  'pod-namespace': absent('is not for --standalone'),
  'leaf-lifetime': absent('is not for --standalone'),
});

/** The options of a command line, or everything that is wrong with it. */
export function parseOptions(argv: readonly string[]): ParsedOptions {
  const read = readArguments(argv, optionTable);
  const values = Object.fromEntries([...read.values].map(([name, [value]]) => [name, value ?? '']));
  const defaults = defaultsOf(values);
  // As a pod would say it, so that a bad default is found now and not in every pod's denial.
  const judged = parseSettings({ ...defaults, [`${PREFIX}inject`]: 'true' });
  const errors = [...read.errors, ...(judged.issues.length > 0 ? [renderIssues(judged.issues).replaceAll(PREFIX, '--default-')] : [])];
  if (values['standalone'] !== undefined) {
    const parsed = standaloneShape.safeParse(values);
    errors.push(...errorsOf(parsed));
    if (errors.length > 0 || !parsed.success) return { errors };
    const { namespaces } = parsed.data;
    return {
      options: {
        ...{ standalone: true, listen: parsed.data.listen, logLevel: parsed.data['log-level'], defaults },
        ...pulledWith(parsed.data),
        ...{
          image: parsed.data.image,
          tlsDirectory: parsed.data['tls-dir'],
          ...(namespaces !== undefined && { namespacesFile: namespaces }),
        },
      },
    };
  }
  const parsed = clusterShape.safeParse(values);
  errors.push(...errorsOf(parsed));
  if (errors.length > 0 || !parsed.success) return { errors };
  return {
    options: {
      ...{ standalone: false, listen: parsed.data.listen, logLevel: parsed.data['log-level'], defaults },
      ...pulledWith(parsed.data),
      ...{ podName: parsed.data['pod-name'], podNamespace: parsed.data['pod-namespace'] },
      ...(parsed.data.image !== undefined && { image: parsed.data.image }),
      ...(parsed.data['tls-dir'] !== undefined && { tlsDirectory: parsed.data['tls-dir'] }),
      ...(parsed.data['leaf-lifetime'] !== undefined && { leafLifetimeMs: parsed.data['leaf-lifetime'] }),
    },
  };
}

/** The text of `mcp-sluice webhook --help`. */
export function renderHelp(): string {
  const lines = Object.entries(optionTable).map(
    ([name, { type, help }]) => `  --${`${name}${type === 'string' ? '=…' : ''}`.padEnd(30)}${help}`,
  );
  return `Usage: mcp-sluice webhook [OPTION…]\n\n${lines.join('\n')}\n`;
}

function defaultsOf(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    DEFAULT_KEYS.flatMap((key) => {
      const value = values[`default-${key}`];
      return value !== undefined ? [[`${PREFIX}${key}`, value]] : [];
    }),
  );
}

function pulledWith({ 'image-pull-secrets': names }: { readonly 'image-pull-secrets'?: string[] | undefined }) {
  return names === undefined ? {} : { imagePullSecrets: names };
}

function errorsOf(parsed: z.ZodSafeParseResult<unknown>): string[] {
  return parsed.error?.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`) ?? [];
}
