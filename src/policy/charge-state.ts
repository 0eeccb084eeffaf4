import type { Bucket } from '../settings/settings.ts';
import type { ChargeState } from './limiter.ts';

/** Buckets are counted in millionths of a token, so that a refill of 1 per 31 days is exact in whole numbers. */
export const MICRO_PER_TOKEN = 1_000_000;

/** What a bucket's micro-tokens after a decision mean to a caller. */
export function chargeState(bucket: Bucket, micro: number, waitMs: number): ChargeState {
  const remaining = Math.floor(micro / MICRO_PER_TOKEN);
  if (remaining >= bucket.maxTokens) return { remaining, waitMs };
  const lackingShare = (MICRO_PER_TOKEN - (micro % MICRO_PER_TOKEN)) / MICRO_PER_TOKEN;
  return { remaining, waitMs, nextMs: Math.ceil((lackingShare * bucket.refillPeriodMs) / bucket.maxTokens) };
}
