import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderIssues } from '../../../src/lib/issue-text.ts';
import { parseSettings } from '../../../src/settings/annotations.ts';
import { inherit } from '../../../src/settings/inherit.ts';
import { KEYS } from '../../../src/settings/table.ts';
import { keyed, REDIS } from './keyed.ts';

const sound =
  'shared: 100/1m\ntools:\n  search: 10/1m\n  "d_*": {shared: {maxTokens: 3, refillPeriod: 1m}, cost: 2}\nmethods: {a/b: 3/1h}\n';
/** A sound value with a piece of it replaced: gets deeper than noise does. */
const damaged = fc
  .tuple(fc.nat(sound.length), fc.nat(8), fc.string({ unit: fc.constantFrom(...'{}[]:,-&*!?|>#%"\'\n\t 0/~é', '\u0000', '---', '<<') }))
  .map(([at, cut, piece]) => sound.slice(0, at) + piece + sound.slice(at + cut));
const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  damaged,
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom('', '~', '[]', '{}', '0'),
);
const names = fc.oneof(
  fc.constantFrom(...KEYS),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'status', 'a\nb', 'a\u2028b'),
);
const maps = fc.array(fc.tuple(names, texts), { maxLength: 6 }).map((pairs) => keyed(Object.fromEntries(pairs)));

describe('hostile annotations', () => {
  it('[settings:never-throws] have settings or issues, never an exception, and one line of text an issue', () => {
    fc.assert(
      fc.property(maps, maps, (own, namespace) => {
        const { annotations, issues } = inherit(own, namespace, {});
        for (const parsed of [parseSettings(own), parseSettings(annotations)]) {
          expect(parsed.settings === undefined).toBe(parsed.issues.length > 0);
          const lines = renderIssues(parsed.issues);
          expect(lines.split(/[\n\r\u2028\u2029]/)).toHaveLength(Math.max(1, parsed.issues.length));
        }
        renderIssues(issues);
      }),
      { numRuns: 400 },
    );
  });

  it.each(['tools: [null]', 'tools: [{step: a, tool: null}]', 'tools: [{name: null}, 1]', 'tools: {a: null}', 'methods: {a/b: null}'])(
    '[settings:never-throws] refuse a rate-limit of %j',
    (text) => {
      const { settings, issues } = parseSettings(keyed({ inject: 'true', redis: REDIS, 'rate-limit': text }));
      expect(settings).toBeUndefined();
      expect(issues).not.toHaveLength(0);
    },
  );

  it('survives values that are no text, as a file of the CLI may hold', () => {
    const { issues } = parseSettings({ 'mcp-sluice.dev/inject': true, 'mcp-sluice.dev/port': 8080 } as never);
    expect(issues.map(({ code }) => code)).toEqual(['WRONG_TYPE', 'WRONG_TYPE']);
  });

  it.each([
    ['brackets', '['.repeat(65_536)],
    ['maps', '{a: '.repeat(16_384)],
    ['list marks', '- '.repeat(32_768)],
    ['question marks', '? '.repeat(32_768)],
    ['anchors', '&a '.repeat(20_000)],
    ['one key again and again', 'a: 1\n'.repeat(13_000)],
    ['unknown fields', Array.from({ length: 5000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['tools with faults', `tools:\n${Array.from({ length: 3000 }, (_, index) => `  k${index}: 1/1x`).join('\n')}`],
    ['more than 64 KiB', 'a'.repeat(262_144)],
  ])('[settings:bounded] answers %s in short', (_, yaml) => {
    const { issues } = parseSettings(keyed({ inject: 'true', redis: REDIS, 'rate-limit': yaml }));
    expect(issues.length).toBeGreaterThan(0);
    expect(issues.length).toBeLessThanOrEqual(101);
    expect(renderIssues(issues).length).toBeLessThan(32_768);
  });

  it('[settings:bounded] answers 256 KiB in text values and keys in short', () => {
    const long = 'a,'.repeat(131_072);
    const texts = Object.fromEntries(
      ['paths', 'port', 'redis', 'redis-ca', 'redis-secret', 'bind-env', 'mode', 'x'.repeat(262_144)].map((key) => [key, long]),
    );
    expect(renderIssues(parseSettings(keyed(texts)).issues).length).toBeLessThan(32_768);
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`rate-limit-${index}`, '']));
    expect(parseSettings(keyed(many)).issues).toHaveLength(101);
  });

  it('[settings:bounded] lets no value with many faults hide those of the next', () => {
    const yaml = Array.from({ length: 500 }, (_, index) => `k${index}: 1`).join('\n');
    const { issues } = parseSettings(keyed({ redis: REDIS, 'rate-limit': yaml, mode: 'x' }));
    expect(issues).toHaveLength(52);
    expect(issues[50]).toMatchObject({ code: 'MORE_ISSUES', message: 'and 451 more of such faults' });
    expect(issues[51]?.path).toEqual(['mode']);
  });

  it('accepts a rate limit for 2000 tools', () => {
    const yaml = `tools:\n${Array.from({ length: 2000 }, (_, index) => `  tool_${index}: 10/1m`).join('\n')}`;
    expect(parseSettings(keyed({ inject: 'true', redis: REDIS, 'rate-limit': yaml })).settings?.rateLimit?.tools).toHaveLength(2000);
  });
});
