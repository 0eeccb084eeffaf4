import type { Charge, Decision, LimiterStore } from '../src/policy/limiter.ts';
import type { LocalBuckets } from '../src/policy/local-buckets.ts';
import type { RedisSettings } from '../src/settings/settings.ts';
import type { Breaker } from './breaker.ts';
import { type RedisFailureKind, redisFailure } from './redis-failure.ts';

export type OnFailure = RedisSettings['onFailure'];

/** What became of a call. Redis being away is a value: the pipeline has an answer for it. */
export type Outcome =
  | { readonly kind: 'decided'; readonly decision: Decision }
  /** Redis could not tell, and this replica's share of the limits decided (`on-redis-failure: local`). */
  | { readonly kind: 'decided-locally'; readonly decision: Decision; readonly reason: string }
  /** Redis could not tell, and the call passes (`on-redis-failure: open`). */
  | { readonly kind: 'failed-open'; readonly reason: string }
  /** Redis could not tell, and the call is refused with 503 (`on-redis-failure: closed`). */
  | { readonly kind: 'failed-closed'; readonly reason: string };

export interface LimiterEvents {
  /** Redis decided, after so many milliseconds. */
  onDecision?(latencyMs: number): void;
  /** One failure of Redis: of a decision, a probe or the connection. */
  onError?(kind: RedisFailureKind, message: string): void;
  onState?(state: 'up' | 'down', reason?: string): void;
  onFailOpen?(): void;
  onFailClosed?(): void;
  /** A local bucket decided; `excessTokens` were given beyond this replica's share, as a call takes whole ones. */
  onLocal?(excessTokens: number): void;
  /** How many replicas share the limits. */
  onReplicas?(count: number): void;
  /** At most once in ten seconds. */
  onWarning?(message: string): void;
}

const WARNING_PERIOD_MS = 10_000;

/** Asks the store unless the breaker is open, and never rejects. The store itself keeps the deadline. */
export class GuardedStore {
  readonly #store: LimiterStore;
  readonly #breaker: Breaker;
  readonly #local: LocalBuckets;
  readonly #events: LimiterEvents;
  readonly #reason: () => string;
  #undecided = 0;
  #excessTokens = 0;
  #lastWarningMs = Number.NEGATIVE_INFINITY;

  constructor(parts: { store: LimiterStore; breaker: Breaker; local: LocalBuckets; events: LimiterEvents; reason: () => string }) {
    this.#store = parts.store;
    this.#breaker = parts.breaker;
    this.#local = parts.local;
    this.#events = parts.events;
    this.#reason = parts.reason;
  }

  async decide(charges: readonly Charge[], onFailure: OnFailure): Promise<Outcome> {
    if (!this.#breaker.isUp) return this.#undecidedOutcome(charges, this.#reason(), onFailure);
    const { epoch } = this.#breaker;
    const startMs = performance.now();
    try {
      const decision = await this.#store.take(charges);
      this.#events.onDecision?.(performance.now() - startMs);
      if (onFailure === 'local') this.#local.remember(charges, decision, startMs);
      return { kind: 'decided', decision };
    } catch (error) {
      const failure = redisFailure(error);
      // A lost connection may be back at once; an error or a silence deserves a pause.
      if (failure.kind === 'connection') this.#breaker.lose(failure);
      else this.#breaker.fail(failure, epoch);
      return this.#undecidedOutcome(charges, failure.message, onFailure);
    }
  }

  #undecidedOutcome(charges: readonly Charge[], reason: string, onFailure: OnFailure): Outcome {
    this.#undecided++;
    if (onFailure === 'local') {
      const { decision, excessTokens } = this.#local.take(charges, performance.now());
      this.#excessTokens += excessTokens;
      this.#events.onLocal?.(excessTokens);
      this.#warn(reason, onFailure);
      return { kind: 'decided-locally', decision, reason };
    }
    if (onFailure === 'open') this.#events.onFailOpen?.();
    else this.#events.onFailClosed?.();
    this.#warn(reason, onFailure);
    return { kind: onFailure === 'open' ? 'failed-open' : 'failed-closed', reason };
  }

  #warn(reason: string, onFailure: OnFailure): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastWarningMs < WARNING_PERIOD_MS) return;
    const calls = this.#undecided === 1 ? 'a call was' : `${this.#undecided} calls were`;
    const fate = { open: 'let pass without a limit', local: this.#localFate(), closed: 'refused with 503' }[onFailure];
    this.#events.onWarning?.(`Redis cannot decide on limits (${reason}): ${calls} ${fate}, as on-redis-failure is "${onFailure}"`);
    this.#lastWarningMs = nowMs;
    this.#undecided = 0;
    this.#excessTokens = 0;
  }

  #localFate(): string {
    const { replicas } = this.#local;
    const share =
      replicas === 1 ? 'held to the limit by this replica alone' : `held to this replica's share (1 of ${replicas}) of the limit`;
    // Contract §9.9: less than one token counts as one, and the excess is reported.
    return this.#excessTokens === 0 ? share : `${share}, and ${this.#excessTokens.toFixed(2)} tokens were given beyond it`;
  }
}
