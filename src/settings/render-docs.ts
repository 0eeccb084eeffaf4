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
    '',
    ...KEYS.map(renderKey),
  ].join('\n');
}
