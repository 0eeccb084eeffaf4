import * as z from 'zod';
import { MOST_SERVERS } from '../lib/ports.ts';
import { caReference } from './ca-reference.ts';
import { identity } from './identity.ts';
import { rateLimit } from './rate-limit.ts';
import { redisSecret, redisUrl } from './redis.ts';
import { remoteEntries } from './remote-entries.ts';
import { DEFAULT_RESOURCES, sidecarResources } from './resources.ts';
import type { Retirement } from './retirement.ts';
import { sessions } from './sessions.ts';
import { bindEnv, paths, ports } from './text-values.ts';

export interface Row<S extends z.ZodType> {
  readonly schema: S;
  /** A `yaml` value is parsed as YAML before the schema sees it. */
  readonly form: 'text' | 'yaml';
  /** One sentence for the docs. */
  readonly summary: string;
  /** How the value is written, for the docs. */
  readonly value: string;
  /** What holds where the key is absent, for the docs. */
  readonly fallback: string;
  readonly example: string;
  /** Takes effect on a running pod without a restart. */
  readonly isRetunable?: true;
  /** Comes from the namespace where the pod has none. */
  readonly fromNamespace?: true;
  /** Comes from the webhook's defaults where neither has one. */
  readonly fromCluster?: true;
  /** What of it this version does not do, for the docs. */
  readonly later?: string;
  /** Names what this version does not do yet of a value, sound or not, which is checked all the same. */
  readonly missing?: (written: unknown) => string | undefined;
  /** Set a minor version before the row goes: until then the key works, and draws a warning. */
  readonly retires?: Retirement;
}

const row = <S extends z.ZodType>(given: Row<S>): Row<S> => given;
const words = <const W extends readonly [string, ...string[]]>(list: W) => ({
  schema: z.enum(list),
  value: list.map((word) => `\`${word}\``).join(', '),
});

/** Every annotation of ours: the one source of checks, defaults, docs and JSON Schema. */
export const table = {
  inject: row({
    ...words(['true', 'false']),
    form: 'text',
    summary: 'Puts the sidecar into the pod.',
    fallback: 'not injected',
    example: '"true"',
  }),
  port: row({
    schema: ports,
    form: 'text',
    summary: 'Where the MCP server listens; of several servers in one pod, each of their ports.',
    value: `number or name of a container port; comma list of at most ${MOST_SERVERS}`,
    fallback: "the pod's only container port, or the one named `mcp`; none with `remote-entries` alone",
    example: '"8080, admin-mcp"',
  }),
  capture: row({
    ...words(['redirect', 'takeover', 'auto', 'none']),
    form: 'text',
    summary: "How traffic for the server's port comes to the sidecar first; `none` for a pod that has `remote-entries` only.",
    fallback: '`auto`',
    example: 'takeover',
  }),
  paths: row({
    schema: paths,
    form: 'text',
    summary: 'Path prefixes, in whole segments, that speak MCP.',
    value: 'comma list of paths',
    fallback: 'all',
    example: '/mcp,/v2/mcp',
  }),
  'rate-limit': row({
    schema: rateLimit,
    form: 'yaml',
    summary: 'How many calls pass: over all, per client, per tool, per method.',
    value: 'YAML: `shared`, `perClient`, `tools`, `methods`',
    fallback: 'no limit',
    example: '|\n  shared: 100/1m\n  tools:\n    search: 10/1m\n    "delete_*": {shared: 3/1m, cost: 2}',
    isRetunable: true,
  }),
  redis: row({
    schema: redisUrl,
    form: 'text',
    summary: 'The Redis that holds the buckets and counts the sessions of all replicas; no password in it.',
    value: '`redis://` or `rediss://` URL (`redis+sentinel://`, `redis+cluster://` in a later version)',
    fallback: "the namespace's, then the webhook's `--default-redis`",
    example: 'redis://redis.infra:6379/0',
    fromNamespace: true,
    fromCluster: true,
    later: 'Sentinel and Cluster are not available yet.',
    missing: (url) => ['redis+sentinel://', 'redis+cluster://'].find((scheme) => String(url).startsWith(scheme)),
  }),
  'redis-secret': row({
    schema: redisSecret,
    form: 'text',
    summary: 'Secret with `username` and `password` for Redis.',
    value: 'name of a Secret',
    fallback: 'none',
    example: 'redis-login',
    fromNamespace: true,
    fromCluster: true,
  }),
  'redis-ca': row({
    schema: caReference,
    form: 'text',
    summary: 'CA bundle that the certificate of a `rediss://` server is verified against.',
    value: '`configmap[:key]`, key `ca.crt` by default',
    fallback: 'system roots',
    example: 'corp-ca:ca.crt',
    fromNamespace: true,
    fromCluster: true,
  }),
  'on-redis-failure': row({
    ...words(['open', 'local', 'closed']),
    form: 'text',
    summary:
      "What becomes of calls while Redis does not answer: let through (`open`), held by each pod to its share of the limit (`local`), or 503 (`closed`). New sessions: each pod's share of the cap, or 503.",
    fallback: '`open`',
    example: 'closed',
    isRetunable: true,
    fromNamespace: true,
    fromCluster: true,
  }),
  sessions: row({
    schema: sessions,
    form: 'yaml',
    summary:
      'How many sessions there may be, and for how long; for revisions without sessions, how many streams and requests in flight; the same anew at each remote entry. ' +
      'In force without the annotation too. A zero means the default.',
    value:
      'YAML: `max`, `maxPerClient`, `idleTimeout`, `maxLifetime`, `evictIdle`; `maxStreams`, `maxStreamsPerClient`, `maxInFlight`, `maxInFlightPerClient`',
    fallback: '100, 10, 5m, 24h, off; 1000, 20, 2000, 100',
    example: '"{max: 50, idleTimeout: 10m, evictIdle: 30s}"',
    isRetunable: true,
  }),
  identity: row({
    schema: identity,
    form: 'yaml',
    summary: 'Who calls, for `perClient` limits: the verified `iss` and `sub` of a JWT, or a header that trusted peers set.',
    value:
      'YAML: `header: {name, from: [CIDR…]}` or `jwt: {issuer, audience, jwksUri, ca, required, algorithms, clockSkew, resourceMetadata}`',
    fallback: 'anonymous',
    example: '"{header: {name: X-Forwarded-User, from: [10.0.0.0/8]}}"',
    fromNamespace: true,
  }),
  rejection: row({
    ...words(['http', 'jsonrpc', 'tool-result', 'auto']),
    form: 'text',
    summary:
      'How the refusal of a limit is written: HTTP 429 or 503 with a JSON-RPC error, the same error under HTTP 200, ' +
      "a tool's failed result, or whichever of the first two the client survives.",
    fallback: '`auto`',
    example: 'tool-result',
    isRetunable: true,
  }),
  mode: row({
    ...words(['enforce', 'shadow']),
    form: 'text',
    summary: '`shadow` counts and logs what it would have refused, and refuses nothing.',
    fallback: '`enforce`',
    example: 'shadow',
    isRetunable: true,
    fromNamespace: true,
  }),
  'remote-entries': row({
    schema: remoteEntries,
    form: 'yaml',
    summary: 'Remote MCP servers that the app reaches through the sidecar, each at `$MCP_ENTRY_<NAME>_URL`.',
    value: 'YAML list: `name`, `url`, `transport`, `caBundle`, `allowPrivate`, `allowInsecure`, `headers`, `rateLimit`',
    fallback: 'none',
    example:
      '|\n  - name: github\n    url: https://mcp.github.example/mcp\n    caBundle: {configMap: corp-ca}\n' +
      '    headers: [{name: Authorization, secret: github-token, key: header}]\n    rateLimit: {shared: 50/1m}',
  }),
  'sidecar-resources': row({
    schema: sidecarResources,
    form: 'yaml',
    summary:
      'Requests and limits of the sidecar, and where given of the init container that redirects; what is not given keeps its default.',
    value: 'YAML: `requests`, `limits`, each of `cpu`, `memory`, `ephemeral-storage`',
    fallback: `requests ${DEFAULT_RESOURCES.requests['cpu']}/${DEFAULT_RESOURCES.requests['memory']}, limit ${DEFAULT_RESOURCES.limits['memory']}`,
    example: '"{limits: {memory: 512Mi}}"',
  }),
  'log-level': row({
    ...words(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    form: 'text',
    summary: 'The least that the sidecar logs (pino).',
    fallback: '`info`',
    example: 'debug',
    isRetunable: true,
  }),
  'bind-env': row({
    schema: bindEnv,
    form: 'text',
    summary: 'Environment set in the app where absent, such as `HOST=127.0.0.1` for `takeover`.',
    value: '`NAME=value`, one a line',
    fallback: 'none',
    example: 'HOST=127.0.0.1',
  }),
} as const;

export type Key = keyof typeof table;
export type Values = { [K in Key]?: z.output<(typeof table)[K]['schema']> };

export const KEYS = Object.keys(table) as readonly Key[];

/** Written by the webhook, not by users, and trusted by nobody. */
export const MACHINE_KEYS: readonly string[] = ['status', 'propagated'];

/** The keys whose row has this mark. */
export function keysWith(mark: 'isRetunable' | 'fromNamespace' | 'fromCluster'): readonly Key[] {
  return KEYS.filter((key) => mark in table[key]);
}
