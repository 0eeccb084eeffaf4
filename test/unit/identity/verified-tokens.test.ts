import { describe, expect, it } from 'vitest';
import type { KeySet } from '../../../src/identity/key-set.ts';
import { VerifiedTokens } from '../../../src/identity/verified-tokens.ts';

const keySet = (): KeySet => ({ size: 1, candidates: () => [] });
const NOW_SECONDS = 1_800_000_000;
const verified = { client: 'alice', expiresSeconds: NOW_SECONDS + 60, notBeforeSeconds: NOW_SECONDS };

describe('tokens that were verified', () => {
  it('[jwt:remembered] are remembered with their keys only', () => {
    const [tokens, keys] = [new VerifiedTokens(0), keySet()];
    expect(tokens.recall('t', keys, NOW_SECONDS * 1000)).toBeUndefined();
    tokens.keep('t', keys, verified);
    expect(tokens.recall('t', keys, NOW_SECONDS * 1000)).toBe('alice');
    expect(tokens.recall('T', keys, NOW_SECONDS * 1000)).toBeUndefined();
    expect(tokens.recall('t', keySet(), NOW_SECONDS * 1000)).toBeUndefined();
    const newer = keySet();
    tokens.keep('u', newer, verified);
    expect(tokens.recall('t', newer, NOW_SECONDS * 1000)).toBeUndefined();
  });

  it('[jwt:remembered] are good for as long as their own times say, widened by the skew', () => {
    const keys = keySet();
    const at = (offset: number, skewMs: number) => {
      const tokens = new VerifiedTokens(skewMs);
      tokens.keep('t', keys, verified);
      return tokens.recall('t', keys, (NOW_SECONDS + offset) * 1000) === 'alice';
    };
    expect([at(-1, 0), at(0, 0), at(59, 0), at(60, 0)]).toEqual([false, true, true, false]);
    expect([at(-31, 30_000), at(-30, 30_000), at(89, 30_000), at(90, 30_000)]).toEqual([false, true, true, false]);
  });

  it('[jwt:remembered] are forgotten beyond a thousand, the oldest first', () => {
    const [tokens, keys] = [new VerifiedTokens(0), keySet()];
    for (let i = 0; i <= 1000; i++) tokens.keep(`t${i}`, keys, verified);
    expect(['t0', 't1', 't1000'].map((token) => tokens.recall(token, keys, NOW_SECONDS * 1000))).toEqual([undefined, 'alice', 'alice']);
  });
});
