import fc from 'fast-check';
import { expect } from 'vitest';
import type { Bucket } from '../../../src/settings/settings.ts';

/** From 1 per 31 days to a billion a second. */
export const anyBucket: fc.Arbitrary<Bucket> = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) }, fc.integer({ min: 1, max: 1_000_000_000 })),
    fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 31 * 86_400 })),
  )
  .map(([maxTokens, seconds]) => ({ maxTokens, refillPeriod: `${seconds}s`, refillPeriodMs: seconds * 1000 }));

/** A time between calls in periods of the bucket: nothing, a little, about a token's worth, or long. */
export const anyPause = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 0.001, noNaN: true }),
  fc.double({ min: 0, max: 0.2, noNaN: true }),
  fc.double({ min: 0, max: 2, noNaN: true }),
);

export const fasterThan = (a: Bucket, b: Bucket): number => a.refillPeriodMs / a.maxTokens - b.refillPeriodMs / b.maxTokens;

/** Holds every span of a trace against the larger limit: the larger size, and the faster refill. */
export function admittedWithin(admitted: readonly { atMs: number; tokens: number }[], pair: readonly Bucket[]): void {
  const size = Math.max(...pair.map(({ maxTokens }) => maxTokens));
  const perMs = Math.max(...pair.map(({ maxTokens, refillPeriodMs }) => maxTokens / refillPeriodMs));
  admitted.forEach((first, from) => {
    let sum = 0;
    for (const { atMs, tokens } of admitted.slice(from)) {
      sum += tokens;
      expect(sum).toBeLessThanOrEqual(size + (atMs - first.atMs) * perMs + 1);
    }
  });
}
