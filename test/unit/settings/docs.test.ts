import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseSettings } from '../../../src/settings/annotations.ts';
import { parseAnnotationsFile } from '../../../src/settings/annotations-file.ts';
import { renderJsonSchema } from '../../../src/settings/json-schema.ts';
import { renderAnnotationTable, renderSettingsPage } from '../../../src/settings/render-docs.ts';
import { KEYS, table } from '../../../src/settings/table.ts';
import { REDIS } from './keyed.ts';

const schema = JSON.parse(renderJsonSchema());
const innerOf = (key: string) => schema.properties[`mcp-sluice.dev/${key}`].contentSchema;

describe('what is generated from the table', () => {
  it('[settings:docs] names every key in table, page and JSON Schema, and no other', () => {
    const rows = renderAnnotationTable().split('\n').slice(2, -1);
    expect(rows.map((line) => /^\| `([^`]+)` \|/.exec(line)?.[1])).toEqual([...KEYS]);
    expect(rows.every((line) => line.replaceAll('\\|', '').split('|').length === 6)).toBe(true);
    expect([...renderSettingsPage().matchAll(/^## `(.+)`$/gm)].map((found) => found[1])).toEqual([...KEYS]);
    expect(Object.keys(schema.properties)).toEqual(KEYS.map((key) => `mcp-sluice.dev/${key}`));
  });

  it.each(KEYS)('[settings:docs] shows an example of %s that is accepted', (key) => {
    const file = parseAnnotationsFile(`mcp-sluice.dev/${key}: ${table[key].example}`);
    const shown = 'annotations' in file ? file.annotations : {};
    const redis = key === 'redis-ca' ? 'rediss://redis.infra' : REDIS;
    const { issues } = parseSettings({ 'mcp-sluice.dev/inject': 'true', 'mcp-sluice.dev/redis': redis, ...shown });
    expect(issues.filter(({ code }) => code !== 'NOT_AVAILABLE')).toEqual([]);
    expect(Object.keys(shown)).toEqual([`mcp-sluice.dev/${key}`]);
  });

  it('[settings:json-schema] describes the inside of YAML values', () => {
    const rateLimit = z.fromJSONSchema(innerOf('rate-limit'));
    const accepts = (value: unknown) => rateLimit.safeParse(value).success;
    expect(accepts({ shared: '100/1m', tools: { search: '10/1m', 'd_*': { shared: '3/1m', cost: 2 } }, methods: { 'a/b': '1/1h' } })).toBe(
      true,
    );
    expect(accepts({ tools: [{ name: 'a', shared: { maxTokens: 3, refillPeriod: '1m0s' } }] })).toBe(true);
    expect(accepts({ shard: '100/1m' })).toBe(false);
    expect(accepts({ shared: { maxTokens: 0, refillPeriod: '1m' } })).toBe(false);
    expect(accepts({ tools: { search: { shred: '1/1m' } } })).toBe(false);
  });

  it('[settings:json-schema] describes remote entries', () => {
    const remoteEntries = z.fromJSONSchema(innerOf('remote-entries'));
    const accepts = (entry: object) => remoteEntries.safeParse([{ name: 'a', url: 'https://a.example', ...entry }]).success;
    expect(accepts({ caBundle: { configMap: 'ca', exclusive: true }, headers: [{ name: 'X', secret: 's', key: 'k' }] })).toBe(true);
    expect(accepts({ transport: 'sse', allowPrivate: true, rateLimit: { shared: '5/1m', tools: { x: '1/1m' } } })).toBe(true);
    for (const wrong of [{ transport: 'ws' }, { allowPrivat: true }, { url: 5 }, { headers: [{ name: 'X' }] }])
      expect(accepts(wrong)).toBe(false);
    expect(remoteEntries.safeParse([]).success).toBe(false);
  });

  it('[settings:json-schema] refuses unknown keys of ours, and bears those of others', () => {
    const name = new RegExp(schema.propertyNames.not.pattern);
    expect(name.test('mcp-sluice.dev/rate-limti')).toBe(true);
    for (const known of ['mcp-sluice.dev/rate-limit', 'mcp-sluice.dev/status', 'other.dev/x']) expect(name.test(known)).toBe(false);
  });
});
