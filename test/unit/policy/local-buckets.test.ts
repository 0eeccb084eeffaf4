import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalBuckets } from '../../../src/policy/local-buckets.ts';
import { type BucketState, takeTokens } from '../../../src/policy/token-bucket.ts';
import { charge } from './limits.ts';
import { anyBucket, anyPause } from './traces.ts';

const DAY_MS = 86_400_000;
const shared = (replicas: number, most?: number): LocalBuckets => {
  const buckets = new LocalBuckets(most);
  buckets.replicas = replicas;
  return buckets;
};
const admits = (buckets: LocalBuckets, limit: string, nowMs: number, cost = 1) =>
  buckets.take([charge(limit, { cost })], nowMs).decision.allowed;
/** How many calls pass at once. */
const burst = (buckets: LocalBuckets, limit: string, nowMs: number): number => {
  let passed = 0;
  while (passed < 1000 && admits(buckets, limit, nowMs)) passed++;
  return passed;
};

describe('LocalBuckets', () => {
  it('[limiter:local-ideal] admits what an ideal bucket of the share admits, within one token', () => {
    const pauses = fc.array(anyPause, { maxLength: 200 });
    fc.assert(
      fc.property(anyBucket, fc.integer({ min: 1, max: 20 }), pauses, (limit, replicas, trace) => {
        const buckets = shared(replicas);
        // Exact: tokens times period times replicas, which grow by maxTokens each millisecond. Below one token counts as one.
        const token = BigInt(limit.refillPeriodMs) * BigInt(replicas);
        const full = BigInt(limit.maxTokens) * BigInt(limit.refillPeriodMs);
        const needed = token < full ? token : full;
        let ideal = full;
        let surplus = 0;
        let nowMs = 1e9;
        for (const pause of trace) {
          const pauseMs = Math.floor(pause * limit.refillPeriodMs);
          nowMs += pauseMs;
          ideal += BigInt(pauseMs) * BigInt(limit.maxTokens);
          if (ideal > full) ideal = full;
          if (ideal >= needed) {
            ideal -= token;
            surplus--;
          }
          if (buckets.take([charge('1/1s', { bucket: limit })], nowMs).decision.allowed) surplus++;
          expect(Math.abs(surplus)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('[limiter:local-share] admits in all replicas together no more than the limit, plus what less than one token each exceeds it by', () => {
    const steps = fc.array(fc.record({ pause: anyPause, replica: fc.nat(), tries: fc.integer({ min: 1, max: 6 }) }), { maxLength: 60 });
    fc.assert(
      fc.property(anyBucket, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }), steps, (limit, replicas, cost, trace) => {
        fc.pre(cost <= limit.maxTokens);
        const all = Array.from({ length: replicas }, () => shared(replicas));
        const calls: { atMs: number; tokens: number }[] = [];
        let excess = 0;
        let nowMs = 1e9;
        for (const { pause, replica, tries } of trace) {
          nowMs += Math.floor((pause * limit.refillPeriodMs) / limit.maxTokens);
          for (let i = 0; i < tries; i++) {
            const taken = all[replica % replicas]?.take([charge('1/1s', { bucket: limit, cost })], nowMs);
            excess += taken?.excessTokens ?? 0;
            if (taken?.decision.allowed) calls.push({ atMs: nowMs, tokens: cost });
          }
        }
        const most = limit.maxTokens + Math.max(0, replicas * cost - limit.maxTokens);
        if (limit.maxTokens >= replicas * cost) expect(excess).toBe(0);
        calls.forEach((first, from) => {
          let sum = 0;
          for (const { atMs, tokens } of calls.slice(from)) {
            sum += tokens;
            expect(sum).toBeLessThanOrEqual(most + ((atMs - first.atMs) * limit.maxTokens) / limit.refillPeriodMs + 1e-3);
          }
        });
      }),
    );
  });

  it('[limiter:local-exact-wait] tells a wait after which the same call passes, and one millisecond before which it does not', () => {
    const call = fc.record({ limit: anyBucket, pause: anyPause, cost: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(call, { minLength: 1, maxLength: 30 }), (replicas, calls) => {
        const buckets = shared(replicas);
        let nowMs = 1e9;
        for (const { limit, pause, cost } of calls) {
          nowMs += Math.floor(pause * limit.refillPeriodMs);
          const charges = [charge('1/1s', { bucket: limit, cost })];
          const { allowed, waitMs } = buckets.take(charges, nowMs).decision;
          expect(waitMs > 0).toBe(!allowed);
          if (allowed || cost > limit.maxTokens) continue;
          expect(buckets.take(charges, nowMs + waitMs - 1).decision.allowed).toBe(false);
          nowMs += waitMs;
          expect(buckets.take(charges, nowMs).decision.allowed).toBe(true);
        }
      }),
    );
  });

  it('[limiter:local-hand-over] starts with the share of what Redis had left, to the token', () => {
    const spent = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(spent, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 80_000 }), (calls, replicas, pauseMs) => {
        const redis = new Map<string, BucketState>();
        const buckets = shared(replicas);
        const charges = [charge('40/1m')];
        for (let i = 0; i < calls; i++) buckets.remember(charges, takeTokens(redis, charges, 1e9), 1e9);
        const left = Math.min(40, 40 - calls + (pauseMs * 40) / 60_000);
        const passed = burst(buckets, '40/1m', 1e9 + pauseMs);
        expect(passed).toBeLessThanOrEqual(left / replicas);
        expect(passed).toBeGreaterThan(left / replicas - 1.001);
      }),
    );
  });

  it('[limiter:local-below-one] counts less than one token as one, once, and tells by how much that is too much', () => {
    const buckets = shared(3);
    const first = buckets.take([charge('1/1m')], 0);
    expect([first.decision.allowed, first.excessTokens]).toEqual([true, expect.closeTo(2 / 3, 9)]);
    expect(buckets.take([charge('1/1m')], 179_999)).toMatchObject({ decision: { allowed: false, waitMs: 1 }, excessTokens: 0 });
    expect(admits(buckets, '1/1m', 180_000)).toBe(true);
    const dear = shared(4);
    expect(dear.take([charge('8/1m', { cost: 5 })], 0)).toMatchObject({ decision: { allowed: true }, excessTokens: 3 });
    expect(burst(dear, '8/1m', 0)).toBe(0);
  });

  it('[limiter:local-slow-refill] refills 1 per 31 days exactly, however often it is asked meanwhile', () => {
    const buckets = shared(1);
    expect(admits(buckets, '1/31d', 0)).toBe(true);
    for (let nowMs = 10; nowMs < 100_000; nowMs += 10) expect(admits(buckets, '1/31d', nowMs)).toBe(false);
    expect(admits(buckets, '1/31d', 31 * DAY_MS - 1)).toBe(false);
    expect(admits(buckets, '1/31d', 31 * DAY_MS)).toBe(true);
  });

  it('[limiter:local-all-or-nothing] takes nothing from any bucket of a refused call', () => {
    const buckets = shared(2);
    const both = [charge('10/1m', { name: 'a' }), charge('2/1m', { name: 'b' })];
    expect(buckets.take(both, 0).decision).toMatchObject({ allowed: true, states: [{ remaining: 4 }, { remaining: 0 }] });
    for (let i = 0; i < 9; i++)
      expect(buckets.take(both, 0).decision).toMatchObject({ allowed: false, states: [{ remaining: 4 }, { waitMs: 60_000 }] });
  });

  it('[limiter:local-retuned] keeps the spent share when a limit changes', () => {
    const buckets = shared(1);
    for (let i = 0; i < 5; i++) admits(buckets, '10/1m', 0);
    expect(burst(buckets, '100/1m', 0)).toBe(50);
  });

  it('[limiter:local-bounded] forgets full buckets, and the least recently used where there are too many', () => {
    const buckets = shared(1, 3);
    const take = (name: string, nowMs: number) => buckets.take([charge('1/1m', { name })], nowMs).decision.allowed;
    for (const name of ['a', 'b', 'c']) take(name, 0);
    expect([take('a', 1000), buckets.size]).toEqual([false, 3]);
    take('d', 30_000);
    expect([buckets.size, take('d', 30_000), take('c', 30_000), take('b', 30_000)]).toEqual([3, false, false, false]);
    buckets.forgetFull(60_000);
    expect(buckets.size).toBe(1);
    buckets.remember([charge('1/1m', { name: 'd' })], takeTokens(new Map(), [charge('1/1m', { cost: 2 })], 0), 90_000);
    expect(buckets.size).toBe(0);
  });

  it('[limiter:local-owed] hands what was spent over once, and takes the word of Redis less what was spent since', () => {
    const buckets = shared(2);
    for (let i = 0; i < 3; i++) admits(buckets, '10/1h', 0);
    expect(buckets.names('owed', 0)).toEqual(['s']);
    const lifted = buckets.lift(['s'], 0);
    expect(lifted).toMatchObject([{ name: 's', baseMicro: 10e6, micro: 4e6 }]);
    expect(buckets.names('owed', 0)).toEqual([]);
    expect(admits(buckets, '10/1h', 0)).toBe(true);
    buckets.land(lifted, [7e6], 0);
    expect(buckets.lift(buckets.names('owed', 0), 0)).toMatchObject([{ baseMicro: 7e6, micro: 5e6 }]);
    expect([buckets.names('owed', 0), buckets.names('all', 0)]).toEqual([[], ['s']]);
  });
});
