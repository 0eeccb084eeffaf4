import type { KeySource } from '../src/identity/identify-jwt.ts';
import { type KeySet, readKeySet } from '../src/identity/key-set.ts';

export interface JwksTimings {
  /** From one question that was answered to the next. */
  readonly refreshMs: number;
  /** At most one question in this time for keys that are not known. */
  readonly cooldownMs: number;
  /** How long keys serve while the issuer is away. */
  readonly staleMs: number;
  /** Between questions that are not answered: doubled each time, from the first to the last. */
  readonly retryMs: { readonly first: number; readonly last: number };
}

export const JWKS_TIMINGS: JwksTimings = {
  refreshMs: 5 * 60_000,
  cooldownMs: 10_000,
  staleMs: 24 * 3_600_000,
  retryMs: { first: 1_000, last: 30_000 },
};

export interface JwksDeps {
  /** Gets the text of the key set; rejects with a reason for a person. */
  readonly fetch: () => Promise<string>;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
  readonly onKeys: (keys: { readonly size: number; readonly isChanged: boolean }) => void;
  readonly onProblem: (problem: string) => void;
  readonly timings?: JwksTimings;
}

/**
 * The issuer's keys, asked for in the background. A request waits only where its
 * key is not known, and then with all others for the one question under way; while
 * the issuer is away, none does.
 */
export class Jwks implements KeySource {
  readonly #deps: JwksDeps;
  readonly #timings: JwksTimings;
  #keys: KeySet | undefined;
  #text: string | undefined;
  #fetchedMs = 0;
  #problem: string | undefined = 'it was not asked yet';
  #failures = 0;
  #onDemandMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #nextMs = 0;
  #isStopped = false;

  constructor(deps: JwksDeps) {
    this.#deps = deps;
    this.#timings = deps.timings ?? JWKS_TIMINGS;
  }

  /** Asks for the first time; never rejects. */
  start(): Promise<void> {
    return this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get retryAfterSeconds(): number {
    return Math.max(1, Math.ceil((this.#nextMs - this.#deps.nowMs()) / 1000));
  }

  current(): KeySet | undefined {
    return this.#deps.nowMs() - this.#fetchedMs <= this.#timings.staleMs ? this.#keys : undefined;
  }

  async renew(): Promise<KeySet | undefined> {
    // Of an issuer that is away the background asks often enough; nobody waits for it.
    if (this.#failures > 0) return this.current();
    const nowMs = this.#deps.nowMs();
    if (this.#underWay === undefined && nowMs - this.#onDemandMs >= this.#timings.cooldownMs) {
      this.#onDemandMs = nowMs;
      void this.#ask();
    }
    await this.#underWay;
    return this.current();
  }

  #ask(): Promise<void> {
    this.#underWay ??= this.#fetch().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #fetch(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const text = await this.#deps.fetch();
      if (!this.#isStopped) this.#take(text);
    } catch (error) {
      if (!this.#isStopped) this.#fail((error as Error).message);
    }
    if (!this.#isStopped) this.#schedule();
  }

  #take(text: string): void {
    const isChanged = text !== this.#text;
    if (isChanged) {
      const read = readKeySet(text);
      if (!read.ok) {
        this.#fail(read.problem);
        return;
      }
      this.#keys = read.keys;
      this.#text = text;
    }
    this.#fetchedMs = this.#deps.nowMs();
    this.#problem = undefined;
    this.#failures = 0;
    this.#deps.onKeys({ size: this.#keys?.size ?? 0, isChanged });
  }

  #fail(problem: string): void {
    this.#problem = problem;
    this.#failures += 1;
    this.#deps.onProblem(problem);
  }

  #schedule(): void {
    const { refreshMs, retryMs } = this.#timings;
    const waitMs = this.#failures === 0 ? refreshMs : Math.min(retryMs.first * 2 ** (this.#failures - 1), retryMs.last);
    // Up to a tenth less, so that the pods of a rollout do not ask all at once for ever.
    const spreadMs = waitMs * (1 - Math.random() / 10);
    this.#nextMs = this.#deps.nowMs() + spreadMs;
    this.#timer = setTimeout(() => void this.#ask(), spreadMs).unref();
  }
}
