import type { Bucket } from '../settings/settings.ts';
import { MICRO_PER_TOKEN } from './charge-state.ts';
import type { Charge, ChargeState, Decision } from './limiter.ts';
import { grown, type LocalEntry, rescaled, waitMs } from './local-entry.ts';

/** What was spent here while Redis was away, to be debited there. */
export interface Owed extends LocalEntry {
  readonly name: string;
}

export interface LocalDecision {
  readonly decision: Decision;
  /** Tokens beyond this replica's share, which were given because a call takes whole ones. */
  readonly excessTokens: number;
}

const MOST_BUCKETS = 10_000;

/**
 * The buckets of `on-redis-failure: local`: this replica's share of each.
 *
 * A bucket is kept as Redis last told it, in micro-tokens of the whole limit,
 * and each call weighs here as many times its cost as there are replicas. That
 * is a bucket of `limit ÷ replicas` which starts with the share of what was
 * left. Where the share is less than the call takes, a full bucket lets the
 * call pass and goes into debt, so that the refill stays that of the share:
 * "below one token counts as one" (contract §9.9) once, not once a period.
 *
 * The least recently used go first when there are too many. A full bucket is
 * the same as none, and is forgotten.
 */
export class LocalBuckets {
  readonly #entries = new Map<string, LocalEntry>();
  readonly #most: number;
  /** How many replicas share each limit. Changes only while nothing is owed. */
  replicas = 1;

  constructor(mostBuckets = MOST_BUCKETS) {
    this.#most = mostBuckets;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Judges one call by this replica's shares, and takes from all of its buckets or from none. */
  take(charges: readonly Charge[], nowMs: number): LocalDecision {
    const entries = charges.map((charge) => this.#entryOf(charge, nowMs));
    const waits = charges.map((charge, i) => this.#waitOf(charge, entries[i] as LocalEntry, nowMs));
    const longestMs = Math.max(0, ...waits);
    if (longestMs > 0) {
      const states = charges.map((_, i) => this.#stateOf(entries[i] as LocalEntry, waits[i] ?? 0, nowMs));
      return { decision: { allowed: false, waitMs: longestMs, states }, excessTokens: 0 };
    }
    let debtMicro = 0;
    const states = charges.map(({ name, cost }, i) => {
      const seen = grown(entries[i] as LocalEntry, nowMs);
      const left = { ...seen, micro: seen.micro - cost * this.replicas * MICRO_PER_TOKEN };
      debtMicro += Math.max(0, -left.micro);
      this.#put(name, left);
      return this.#stateOf(left, 0, nowMs);
    });
    return { decision: { allowed: true, waitMs: 0, states }, excessTokens: debtMicro / this.replicas / MICRO_PER_TOKEN };
  }

  /** Notes what Redis decided on a call that was sent at this time. */
  remember(charges: readonly Charge[], { states }: Decision, sentMs: number): void {
    charges.forEach(({ name, bucket }, i) => {
      const state = states[i];
      if (state !== undefined) this.#replace(name, entry(bucket, microOf(bucket, state), sentMs));
    });
  }

  /** The buckets that are not full; `owed`: only those from which calls took here what Redis does not know of. */
  names(which: 'all' | 'owed', nowMs: number): readonly string[] {
    this.forgetFull(nowMs);
    const all = [...this.#entries];
    return all.filter(([, { micro, baseMicro }]) => which === 'all' || baseMicro - micro >= 1).map(([name]) => name);
  }

  /** Hands over what these owe: from now on it is the receiver's. */
  lift(names: readonly string[], nowMs: number): readonly Owed[] {
    return names.flatMap((name) => {
      const found = this.#entries.get(name);
      if (found === undefined) return [];
      const now = grown(found, nowMs);
      this.#entries.set(name, { ...now, baseMicro: now.micro });
      return [{ name, ...now }];
    });
  }

  /** Redis has debited what was lifted, and this is what its buckets hold since. */
  land(lifted: readonly Owed[], levels: readonly number[], sentMs: number): void {
    lifted.forEach(({ name, maxTokens, periodMs }, i) => {
      const micro = levels[i];
      if (micro !== undefined && this.#entries.has(name))
        this.#replace(name, { maxTokens, periodMs, micro, baseMicro: micro, atMs: sentMs });
    });
  }

  /** Drops the buckets that have filled up. */
  forgetFull(nowMs: number): void {
    for (const [name, found] of this.#entries) if (isFull(grown(found, nowMs))) this.#entries.delete(name);
  }

  /** What is known of a bucket under this limit; a limit that changed keeps the spent share. */
  #entryOf({ name, bucket }: Charge, nowMs: number): LocalEntry {
    const found = this.#entries.get(name);
    if (found === undefined) return entry(bucket, bucket.maxTokens * MICRO_PER_TOKEN, nowMs);
    const own = rescaled(found, bucket, nowMs);
    // From now on it refills by the new limit, also where this call is refused.
    if (own !== found) this.#entries.set(name, own);
    return own;
  }

  /** Takes Redis's word for a bucket, less what was spent here that Redis does not know of. */
  #replace(name: string, told: LocalEntry): void {
    const known = this.#entries.get(name);
    let left = told;
    if (known !== undefined) {
      const before = grown(known, told.atMs);
      const unknownMicro = ((before.baseMicro - before.micro) * told.maxTokens) / before.maxTokens;
      left = { ...told, micro: told.micro - unknownMicro };
    }
    if (isFull(left)) this.#entries.delete(name);
    else this.#put(name, left);
  }

  #put(name: string, left: LocalEntry): void {
    this.#entries.delete(name);
    this.#entries.set(name, left);
    if (this.#entries.size <= this.#most) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  #waitOf({ bucket, cost }: Charge, found: LocalEntry, nowMs: number): number {
    // No waiting helps a call that costs more than the whole limit; admission refuses such limits.
    if (cost > bucket.maxTokens) return bucket.refillPeriodMs;
    return waitMs(found, Math.min(cost * this.replicas, bucket.maxTokens) * MICRO_PER_TOKEN, nowMs);
  }

  #stateOf(found: LocalEntry, wait: number, nowMs: number): ChargeState {
    const now = grown(found, nowMs);
    const tokenMicro = this.replicas * MICRO_PER_TOKEN;
    const remaining = Math.max(0, Math.floor(now.micro / tokenMicro));
    if (isFull(now)) return { remaining, waitMs: wait };
    const next = Math.min((remaining + 1) * tokenMicro, found.maxTokens * MICRO_PER_TOKEN);
    return { remaining, waitMs: wait, nextMs: waitMs(found, next, nowMs) };
  }
}

const entry = ({ maxTokens, refillPeriodMs }: Bucket, micro: number, atMs: number): LocalEntry => ({
  maxTokens,
  periodMs: refillPeriodMs,
  micro,
  baseMicro: micro,
  atMs,
});

const isFull = ({ maxTokens, micro }: LocalEntry): boolean => micro >= maxTokens * MICRO_PER_TOKEN;

/** The micro-tokens behind a state, which tells whole tokens and the time to the next one; rounded down. */
function microOf({ maxTokens, refillPeriodMs }: Bucket, { remaining, nextMs }: ChargeState): number {
  const whole = remaining * MICRO_PER_TOKEN;
  if (nextMs === undefined) return whole;
  const lacking = Math.ceil((nextMs * maxTokens * MICRO_PER_TOKEN) / refillPeriodMs);
  return whole + Math.max(0, MICRO_PER_TOKEN - lacking);
}
