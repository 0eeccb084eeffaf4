/** How long the breaker stays open between probes, in ms; a fifth more or less, so that replicas do not come together. */
const BREAKER_PERIOD_MS = 1000;

export interface BreakerEvents {
  onUp(): void;
  /** Called for each change to down, and for each probe that failed. */
  onDown(reason: unknown): void;
}

/**
 * Remembers whether a service is up, so that no request waits for one that is
 * not. Down at first and after each failure; then a probe in the background,
 * once a period, brings it up again.
 */
export class Breaker {
  readonly #probe: () => Promise<void>;
  readonly #events: BreakerEvents;
  #isUp = false;
  #isStopped = false;
  #upSinceMs = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Counts the times it came up: a failure of an earlier time says nothing about this one. */
  #epoch = 0;

  constructor(probe: () => Promise<void>, events: BreakerEvents) {
    this.#probe = probe;
    this.#events = events;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Probes at once. */
  start(): void {
    this.#isStopped = false;
    this.#schedule(0);
  }

  stop(): void {
    this.#isStopped = true;
    this.#isUp = false;
    clearTimeout(this.#timer);
  }

  /** A request of this epoch failed: nobody waits until a probe succeeds. */
  fail(reason: unknown, epoch: number): void {
    if (this.#lower(reason, epoch)) this.#schedule(BREAKER_PERIOD_MS * (0.8 + 0.4 * Math.random()));
  }

  /** The connection was lost while idle or in use: as `fail`, but worth a probe at once if it had held for a while. */
  lose(reason: unknown): void {
    const held = performance.now() - this.#upSinceMs >= BREAKER_PERIOD_MS;
    if (this.#lower(reason, this.#epoch)) this.#schedule(held ? 0 : BREAKER_PERIOD_MS);
  }

  #lower(reason: unknown, epoch: number): boolean {
    if (!this.#isUp || epoch !== this.#epoch) return false;
    this.#isUp = false;
    this.#events.onDown(reason);
    return true;
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#try(), delayMs).unref();
  }

  async #try(): Promise<void> {
    try {
      await this.#probe();
    } catch (error) {
      if (this.#isStopped) return;
      this.#events.onDown(error);
      this.#schedule(BREAKER_PERIOD_MS * (0.8 + 0.4 * Math.random()));
      return;
    }
    if (this.#isStopped) return;
    this.#isUp = true;
    this.#epoch++;
    this.#upSinceMs = performance.now();
    this.#events.onUp();
  }
}
