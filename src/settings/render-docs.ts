import type * as z from 'zod';
import { PREFIX } from '../lib/prefix.ts';
import { KEYS, type Key, type Row, table } from './table.ts';

const rowOf = (key: Key): Row<z.ZodType> => table[key] as Row<z.ZodType>;

/** A cell of a Markdown table: one line, and no bar that would end it. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** The annotations as a Markdown table, for the README. */
export function renderAnnotationTable(): string {
  const rows = KEYS.map((key) => {
    const { summary, value, fallback, later } = rowOf(key);
    return `| \`${key}\` | ${cell(summary)}${later === undefined ? '' : ` *${cell(later)}*`} | ${cell(value)} | ${cell(fallback)} |`;
  });
  return ['| key | what it does | value | default |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function renderKey(key: Key): string {
  const { summary, value, fallback, example, isRetunable, fromNamespace, fromCluster, later, retires } = rowOf(key);
  const levels = ['pod or workload', ...(fromNamespace ? ['namespace'] : []), ...(fromCluster ? ["the webhook's defaults"] : [])];
  return [
    `## \`${key}\``,
    '',
    summary,
    '',
    `- Value: ${value}`,
    `- Default: ${fallback}`,
    `- Set on: ${levels.join(', ')}`,
    `- On a running pod: ${isRetunable ? 'takes effect within a minute, no restart' : 'denied; restart the workload'}`,
    ...(later === undefined ? [] : [`- In this version: ${later}`]),
    ...(retires === undefined ? [] : [`- Gone in version ${retires.in}: ${retires.instead}`]),
    '',
    '```yaml',
    `${PREFIX}${key}: ${example}`,
    '```',
    '',
  ].join('\n');
}

/** `docs/settings.md`. */
export function renderSettingsPage(): string {
  return [
    '<!-- Generated from src/settings/table.ts by `npm run generate`; do not edit. -->',
    '# Settings',
    '',
    `Every setting is an annotation with the prefix \`${PREFIX}\`, on a pod, a pod template, or the workload itself.`,
    "The template's own value wins over the workload's, and that over the namespace's. `redis`, `redis-secret`, `redis-ca` and",
    '`on-redis-failure` come together, from the level that sets `redis`.',
    'A mistake is denied at `kubectl apply`, all mistakes of an object in one message, with line and column inside YAML.',
    '',
    renderAnnotationTable(),
    'Periods: a number and a unit, `ms`, `s`, `m`, `h` or `d` (`30s`, `1h30m`, `7d`; also `1m0s`), from `1s` to `31d`.',
    'A limit: `tokens/period`, or `{maxTokens, refillPeriod}`; at most 1000000000 tokens. YAML values: at most 64 KiB, one document, no anchors, aliases or tags.',
    'A tool is limited under its exact name or, failing that, the longest pattern (`*` is any text) that matches; a pattern is one bucket for all that it matches.',
    "A call takes `cost` tokens (1 by default) from each of its buckets, those of all tools too. `tools` may also be ToolHive's list of `{name, shared, perUser}`.",
    'Several ports of one pod: limits count the calls to all of them, and `sessions` caps them, together; [pods.md](pods.md).',
    'Sessions: at most 100000; durations from `1s` to `31d`, `evictIdle` from `10s` or `off`; streams and requests in flight at most 2000. An `idleTimeout` longer than',
    '`maxLifetime` is cut to it. Each remote entry has as many beside the others, of all replicas together; its client is the app, which no cap for clients holds.',
    'What takes a place, and what frees it: [wire.md](wire.md).',
    'A remote entry: `name` (a DNS label) and `url` (absolute, https) have to be given. The app finds it at `$MCP_ENTRY_<NAME>_URL`, in capitals and with `_` for `-`,',
    'which every container of the pod gets that does not set it itself; it leads to `http://127.0.0.1:15010/<name>`. `transport`: `streamable-http` (by default) or `sse`.',
    '`caBundle: {configMap, key, exclusive}`: PEM beside the system roots, or in their place; `key` is `ca.crt` by default; `caFile` in place of both is for a sidecar that is run by hand.',
    'Where the ConfigMap, or a Secret of `headers: [{name, secret, key}]`, is missing, that entry alone answers 503, until it is there. The Secrets are mounted in the sidecar alone.',
    '`allowPrivate`: private, CGNAT and unique local addresses; link-local, loopback and metadata addresses are never reached. `allowInsecure`: `http`, without a bundle.',
    '`rateLimit`: as `rate-limit`, without `perClient`. At most 32 entries, each with 16 headers. A pod that has entries and no MCP server of its own needs no `port`; one with',
    'other ports says `capture: none`. `mcp-sluice policy FILE` prints the NetworkPolicy that leaves the app no way out but to its entries.',
    '',
    ...KEYS.map(renderKey),
  ].join('\n');
}
