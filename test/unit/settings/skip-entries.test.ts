import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/settings/annotations.ts';
import { parseSkippingEntries } from '../../../src/settings/skip-entries.ts';
import { codesOf, keyed, REDIS } from './keyed.ts';

const skip = (yaml: string, others: Record<string, string> = {}) =>
  parseSkippingEntries(keyed({ inject: 'true', redis: REDIS, ...others, 'remote-entries': yaml }));
const GOOD = '{name: good, url: https://a.example, rateLimit: {shared: 5/1m}, headers: [{name: X, secret: s, key: k}]}';

describe('what a sidecar makes of entries that admission would have denied', () => {
  it('[settings:entry-skips] leaves out the invalid ones and keeps the others as they are', () => {
    const { settings, issues, skipped } = skip(`- {name: bad, url: ftp://x}\n- ${GOOD}\n- {url: https://b.example}\n- ${GOOD}`);
    expect(issues).toEqual([]);
    expect(settings?.remoteEntries).toEqual(parseSettings(keyed({ redis: REDIS, 'remote-entries': `[${GOOD}]` })).settings?.remoteEntries);
    expect(skipped.map(({ index, name, issues: why }) => [index, name, codesOf(why)])).toEqual([
      [0, 'bad', ['BAD_URL']],
      [2, undefined, ['MISSING_FIELD']],
      [3, 'good', ['DUPLICATE_ENTRY']],
    ]);
  });

  it('[settings:entry-skips] goes on without any entry where none is valid', () => {
    const { settings, skipped } = skip('[{name: a}, 5]', { 'rate-limit': 'shared: 5/1m' });
    expect(settings).toMatchObject({ remoteEntries: [], rateLimit: { shared: { maxTokens: 5 } } });
    expect(skipped).toHaveLength(2);
  });

  it('[settings:entry-skips] keeps the good ones beside more faults than are told, and the first of too many', () => {
    const headers = Array.from({ length: 60 }, () => '{name: Host}').join(', ');
    expect(skip(`[{name: bad, url: https://b.example, headers: [${headers}]}, ${GOOD}]`).settings?.remoteEntries).toMatchObject([
      { name: 'good' },
    ]);
    const many = skip(`[${Array.from({ length: 40 }, (_, index) => `{name: a${index}, url: https://a.example}`).join(', ')}]`);
    expect(many.settings?.remoteEntries.map(({ name }) => name)).toEqual(Array.from({ length: 32 }, (_, index) => `a${index}`));
    expect(many.skipped.map(({ index }) => index)).toEqual([32, 33, 34, 35, 36, 37, 38, 39]);
    const endless = skip(`[${'{},'.repeat(10_000)}]`).skipped;
    expect([endless.length, endless.at(-1)?.issues[0]?.message]).toEqual([65, expect.stringMatching(/^this and 9935 after it/)]);
  });

  it('[settings:entry-skips] goes on where capture: none leaves it without any', () => {
    expect(skip('[{name: a}]', { capture: 'none' })).toMatchObject({ issues: [], settings: { remoteEntries: [] } });
    const limited = parseSkippingEntries(keyed({ 'remote-entries': `[${GOOD}, {name: free, url: https://a.example}]` }));
    expect(limited.settings?.remoteEntries).toMatchObject([{ name: 'free' }]);
    expect(limited.skipped).toMatchObject([
      { name: 'good', issues: [{ code: 'LIMIT_WITHOUT_REDIS', path: ['remote-entries', 0, 'rateLimit'] }] },
    ]);
  });

  it('[settings:entry-skips] skips nothing where there is nothing to skip, or where more than an entry is wrong', () => {
    expect(skip(`[${GOOD}]`)).toMatchObject({ issues: [], skipped: [] });
    expect(parseSkippingEntries({})).toMatchObject({ issues: [], skipped: [] });
    for (const [yaml, others] of [
      ['[{name: a}]', { mode: 'off' }],
      ['{name: a}', {}],
      ['[', {}],
    ] as const) {
      const { settings, issues, skipped } = skip(yaml, others);
      expect([settings, issues.length > 0, skipped]).toEqual([undefined, true, []]);
    }
  });
});
