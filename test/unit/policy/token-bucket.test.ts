import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BucketState, takeTokens } from '../../../src/policy/token-bucket.ts';
import { bucket, charge } from './limits.ts';
import { admittedWithin, anyBucket, anyPause, fasterThan } from './traces.ts';

const take = (states: Map<string, BucketState>, given: string, nowMs: number, cost = 1) =>
  takeTokens(states, [charge(given, { cost })], nowMs);
const DAY_MS = 86_400_000;

describe('takeTokens', () => {
  it('[limiter:ideal-bucket] admits what an ideal bucket of real numbers admits, within one token', () => {
    fc.assert(
      fc.property(anyBucket, fc.array(anyPause, { maxLength: 200 }), (limit, pauses) => {
        const states = new Map<string, BucketState>();
        // Exact: tokens times the period, which grow by maxTokens each millisecond.
        const full = BigInt(limit.maxTokens) * BigInt(limit.refillPeriodMs);
        let ideal = full;
        let surplus = 0;
        let nowMs = 1e12;
        for (const pause of pauses) {
          const pauseMs = Math.floor(pause * limit.refillPeriodMs);
          nowMs += pauseMs;
          ideal += BigInt(pauseMs) * BigInt(limit.maxTokens);
          if (ideal > full) ideal = full;
          if (ideal >= BigInt(limit.refillPeriodMs)) {
            ideal -= BigInt(limit.refillPeriodMs);
            surplus--;
          }
          if (takeTokens(states, [charge('1/1s', { bucket: limit })], nowMs).allowed) surplus++;
          expect(Math.abs(surplus)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('[limiter:exact-wait] tells a wait after which the same call passes, and one millisecond before which it does not', () => {
    const call = fc.record({ limit: anyBucket, pause: anyPause, cost: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 60 }), (calls) => {
        const states = new Map<string, BucketState>();
        let nowMs = 1e12;
        for (const { limit, pause, cost } of calls) {
          nowMs += Math.floor(pause * limit.refillPeriodMs);
          const charges = [charge('1/1s', { bucket: limit, cost })];
          const { allowed, waitMs } = takeTokens(states, charges, nowMs);
          expect(waitMs > 0).toBe(!allowed);
          expect(states.get('s')?.every(({ micro }) => micro >= 0n) ?? true).toBe(true);
          if (allowed || cost > limit.maxTokens) continue;
          expect(takeTokens(new Map(states), charges, nowMs + waitMs - 1).allowed).toBe(false);
          expect(takeTokens(new Map(states), charges, nowMs + waitMs).allowed).toBe(true);
        }
      }),
    );
  });

  it('[limiter:all-or-nothing] takes nothing from any bucket of a refused call', () => {
    const states = new Map<string, BucketState>();
    const both = [charge('5/1m', { name: 'a' }), charge('1/1m', { name: 'b' })];
    takeTokens(states, both, 0);
    const before = structuredClone(states);
    expect(takeTokens(states, both, 10)).toMatchObject({ allowed: false, states: [{ remaining: 4, waitMs: 0 }, { remaining: 0 }] });
    expect(states).toEqual(before);
  });

  it('[limiter:slow-refill] refills 1 per 31 days exactly, however often it is asked meanwhile', () => {
    const states = new Map<string, BucketState>();
    expect(take(states, '1/31d', 0).allowed).toBe(true);
    for (let nowMs = 10; nowMs < 200_000; nowMs += 10) expect(take(states, '1/31d', nowMs).allowed).toBe(false);
    expect(take(states, '1/31d', 31 * DAY_MS - 1)).toMatchObject({ allowed: false, waitMs: 1 });
    expect(take(states, '1/31d', 31 * DAY_MS).allowed).toBe(true);
  });

  it('[limiter:clock-back] gives nothing away and blocks nobody when the clock goes back', () => {
    const states = new Map<string, BucketState>();
    for (let i = 0; i < 10; i++) take(states, '10/1m', 1e12);
    expect(take(states, '10/1m', 1e12 - 500)).toMatchObject({ allowed: false, waitMs: 6500 });
    expect(take(states, '10/1m', 1e12 - DAY_MS)).toMatchObject({ allowed: false, waitMs: 6000 });
    expect(take(states, '10/1m', 1e12 - DAY_MS + 6000).allowed).toBe(true);
  });

  it('[limiter:share-kept] keeps the spent share when a limit changes', () => {
    const states = new Map<string, BucketState>();
    for (let i = 0; i < 5; i++) take(states, '10/1m', 0);
    expect(take(new Map(states), '100/1m', 0).states[0]?.remaining).toBe(49);
    expect(take(new Map(states), '2/1h', 0).states[0]?.remaining).toBe(0);
    expect(take(new Map(states), '2/1h', 60_000).states[0]?.remaining).toBe(1);
  });

  it('[limiter:raise-helps-at-once] does not hold a raised limit to the slow refill of the old one', () => {
    const states = new Map<string, BucketState>();
    take(states, '1/31d', 0);
    expect(take(states, '60/1m', 1000).allowed).toBe(true);
  });

  it('[limiter:two-limits] admits no more than the larger of two alternating limits, plus one, in any span of time', () => {
    fc.assert(
      fc.property(
        fc.tuple(anyBucket, anyBucket),
        fc.array(fc.record({ pause: anyPause, which: fc.nat(1), tries: fc.integer({ min: 1, max: 8 }) }), { maxLength: 60 }),
        (pair, steps) => {
          const states = new Map<string, BucketState>();
          const [fast] = [...pair].sort(fasterThan);
          const admitted: { atMs: number; tokens: number }[] = [];
          let nowMs = 1e12;
          for (const { pause, which, tries } of steps) {
            nowMs += Math.floor(pause * (fast?.refillPeriodMs ?? 0));
            let tokens = 0;
            for (let i = 0; i < tries; i++) {
              if (takeTokens(states, [charge('1/1s', { bucket: pair[which] ?? pair[0] })], nowMs).allowed) tokens++;
            }
            admitted.push({ atMs: nowMs, tokens });
          }
          admittedWithin(admitted, pair);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('[limiter:cost-too-large] refuses a call that costs more than the bucket holds, with a finite wait', () => {
    expect(take(new Map(), '2/1m', 0, 3)).toEqual({
      allowed: false,
      waitMs: bucket('2/1m').refillPeriodMs,
      states: [{ remaining: 2, waitMs: 60_000 }],
    });
  });
});
