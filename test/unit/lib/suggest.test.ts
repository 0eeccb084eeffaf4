import { describe, expect, it } from 'vitest';
import { quote } from '../../../src/lib/quote.ts';
import { nearest } from '../../../src/lib/suggest.ts';

const KNOWN = ['rate-limit', 'redis', 'redis-secret', 'redis-ca', 'mode', 'on-redis-failure'];

describe('nearest', () => {
  it.each([
    ['rate-limti', 'rate-limit'],
    ['rateLimit', 'rate-limit'],
    ['RATE_LIMIT', 'rate-limit'],
    ['limit', 'rate-limit'],
    ['redis_ca', 'redis-ca'],
    ['mdoe', 'mode'],
    ['redsi', 'redis'],
  ])('takes %s for %s', (word, meant) => {
    expect(nearest(word, KNOWN)).toBe(meant);
  });

  it.each(['', '-', 'zzzzzz', 'colour', 'x'.repeat(100_000)])('does not guess at %.20s', (word) => {
    expect(nearest(word, KNOWN)).toBeUndefined();
  });
});

describe('quote', () => {
  it('keeps a value on one line, in short, without what a terminal would obey', () => {
    expect(quote('a\n\u001b[31m\u0085\u202e\ud800')).toBe('"a\\n\\u001b[31m\\u0085\\u202e\ufffd"');
    expect(quote('x'.repeat(1000)).length).toBeLessThan(100);
  });
});
