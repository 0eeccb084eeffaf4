import type { Bucket } from '../settings/settings.ts';
import { chargeState, MICRO_PER_TOKEN } from './charge-state.ts';
import type { Charge, Decision } from './limiter.ts';

/**
 * What the limiter's Lua script must do, in big integers and without a store:
 * tests hold the two against each other.
 *
 * A bucket has one entry for each limit that replicas held it to lately, the
 * last used first. A call is judged by its replica's own entry and debited from
 * all of them, so that no mixture of limits admits more than the largest size
 * and the fastest refill among them (contract §9.9).
 */
export interface Entry {
  readonly maxTokens: number;
  readonly periodMs: number;
  readonly micro: bigint;
  /** The time at which `micro` was true. */
  readonly atMs: number;
}
export type BucketState = readonly Entry[];

/** Limits of one bucket that are remembered at a time: old, new, and one edit in between. */
export const KEPT_ENTRIES = 3;
/** A clock that went back less than this is waited for; one that went back further is believed. */
export const CLOCK_SLACK_MS = 1000;

interface View {
  readonly micro: bigint;
  readonly availableAtMs: number;
  readonly atMs: number;
}

/** Judges one call and, where it is admitted, takes from all of its buckets in `states`. */
export function takeTokens(states: Map<string, BucketState>, charges: readonly Charge[], nowMs: number): Decision {
  for (const { name } of charges)
    states.set(
      name,
      (states.get(name) ?? []).map((entry) => believed(entry, nowMs)),
    );
  const views = charges.map((charge) => view(states.get(charge.name) ?? [], charge, nowMs));
  const waits = views.map(({ availableAtMs }) => Math.max(0, availableAtMs - nowMs));
  const waitMs = Math.max(0, ...waits);
  if (waitMs > 0) {
    return { allowed: false, waitMs, states: charges.map(({ bucket }, i) => chargeState(bucket, Number(views[i]?.micro), waits[i] ?? 0)) };
  }
  charges.forEach((charge, i) => {
    states.set(charge.name, debited(states.get(charge.name) ?? [], charge, views[i] as View, nowMs));
  });
  return {
    allowed: true,
    waitMs: 0,
    states: charges.map(({ name, bucket }) => chargeState(bucket, Number(states.get(name)?.[0]?.micro), 0)),
  };
}

const believed = (entry: Entry, nowMs: number): Entry => (entry.atMs - nowMs > CLOCK_SLACK_MS ? { ...entry, atMs: nowMs } : entry);

function view(state: BucketState, { bucket, cost }: Charge, nowMs: number): View {
  const needed = BigInt(cost) * BigInt(MICRO_PER_TOKEN);
  const latest = state[0];
  const own = state.find((entry) => isOf(entry, bucket));
  const seen = own ?? seeded(latest, bucket, nowMs);
  const micro = grown(seen, nowMs);
  const atMs = Math.max(nowMs, seen.atMs);
  // No waiting helps a call that costs more than the bucket holds; admission refuses such limits.
  if (cost > bucket.maxTokens) return { micro, availableAtMs: nowMs + bucket.refillPeriodMs, atMs };
  if (own !== undefined || latest === undefined) return { micro, availableAtMs: reachedAt(seen, needed), atMs };
  const to = BigInt(bucket.maxTokens);
  const neededShare = (needed * BigInt(latest.maxTokens) + to - 1n) / to;
  const availableAtMs = Math.min(reachedAt(seen, needed), reachedAt(latest, neededShare));
  const share = rescaled(grown(latest, nowMs), latest.maxTokens, bucket.maxTokens);
  return { micro: maximum(share, micro), availableAtMs, atMs };
}

/** A limit that this bucket has not seen starts with the share that is left under the one in use; from then on it refills at whichever of both is faster. */
function seeded(latest: Entry | undefined, { maxTokens, refillPeriodMs }: Bucket, nowMs: number): Entry {
  if (latest === undefined) return { maxTokens, periodMs: refillPeriodMs, micro: fullMicro(maxTokens), atMs: nowMs };
  return { maxTokens, periodMs: refillPeriodMs, micro: rescaled(latest.micro, latest.maxTokens, maxTokens), atMs: latest.atMs };
}

function debited(state: BucketState, { bucket, cost }: Charge, { micro, atMs }: View, nowMs: number): BucketState {
  const taken = BigInt(cost) * BigInt(MICRO_PER_TOKEN);
  const others = state
    .filter((entry) => !isOf(entry, bucket))
    .map((entry) => {
      const left = grown(entry, nowMs) - taken;
      return { ...entry, micro: left > 0n ? left : 0n, atMs: Math.max(nowMs, entry.atMs) };
    });
  return [{ maxTokens: bucket.maxTokens, periodMs: bucket.refillPeriodMs, micro: micro - taken, atMs }, ...others].slice(0, KEPT_ENTRIES);
}

function maximum(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}
const fullMicro = (maxTokens: number): bigint => BigInt(maxTokens) * BigInt(MICRO_PER_TOKEN);
const isOf = (entry: Entry, bucket: Bucket): boolean => entry.maxTokens === bucket.maxTokens && entry.periodMs === bucket.refillPeriodMs;
const rescaled = (micro: bigint, from: number, to: number): bigint => (micro * BigInt(to)) / BigInt(from);

/** Micro-tokens at a time, rounded down: what is not whole yet is not given. */
function grown({ maxTokens, periodMs, micro, atMs }: Entry, nowMs: number): bigint {
  const full = fullMicro(maxTokens);
  const elapsed = BigInt(Math.max(0, nowMs - atMs));
  const now = micro + (elapsed * full) / BigInt(periodMs);
  return now < full ? now : full;
}

/** The first millisecond at which the entry holds `needed`; the past where it did. */
function reachedAt({ maxTokens, periodMs, micro, atMs }: Entry, needed: bigint): number {
  if (micro >= needed) return Number.NEGATIVE_INFINITY;
  const full = fullMicro(maxTokens);
  return atMs + Number(((needed - micro) * BigInt(periodMs) + full - 1n) / full);
}
