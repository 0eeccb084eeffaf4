/** So many calls in a row that found no connection. */
const FAILURES_TO_OPEN = 5;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** The right to try; it must be settled once, by what became of it. */
export interface Trial {
  /** The remote answered, whatever it said. */
  succeed(): void;
  /** No connection could be made. */
  fail(): void;
  /** Nothing was learnt: the client left first. */
  abandon(): void;
}

export interface EntryBreakerDeps {
  readonly nowMs: () => number;
  readonly onChange: (isOpen: boolean) => void;
}

/**
 * Keeps calls from waiting for a remote that cannot be connected to. Driven by the calls themselves: nobody wants an
 * entry probed that no one asks. After each pause one call tries; the pause doubles up to half a minute.
 */
export class EntryBreaker {
  readonly #deps: EntryBreakerDeps;
  #failures = 0;
  #pauseMs = 0;
  #openUntilMs = 0;
  #isTrying = false;
  /** Counts the times it was closed: a trial of an earlier time says nothing about this one. */
  #epoch = 0;

  constructor(deps: EntryBreakerDeps) {
    this.#deps = deps;
  }

  get isOpen(): boolean {
    return this.#pauseMs > 0;
  }

  /** The right to try, or how long there is none. */
  admit(): Trial | { readonly waitMs: number } {
    if (this.isOpen) {
      const waitMs = this.#openUntilMs - this.#deps.nowMs();
      // A clock set back must not keep it open for longer than a pause.
      if (waitMs > 0 && waitMs <= this.#pauseMs) return { waitMs };
      if (this.#isTrying) return { waitMs: FIRST_PAUSE_MS };
      this.#isTrying = true;
      return this.#trial(true);
    }
    return this.#trial(false);
  }

  /** Something changed that may have been the cause: a new bundle. */
  reset(): void {
    const wasOpen = this.isOpen;
    this.#failures = 0;
    this.#pauseMs = 0;
    this.#isTrying = false;
    this.#epoch += 1;
    if (wasOpen) this.#deps.onChange(false);
  }

  #trial(isProbe: boolean): Trial {
    const epoch = this.#epoch;
    let isSettled = false;
    const settle = (act: () => void) => () => {
      if (isSettled) return;
      isSettled = true;
      if (epoch !== this.#epoch) return;
      if (isProbe) this.#isTrying = false;
      act();
    };
    return {
      succeed: settle(() => {
        if (this.isOpen) this.reset();
        this.#failures = 0;
      }),
      fail: settle(() => this.#countFailure(isProbe)),
      abandon: settle(() => undefined),
    };
  }

  #countFailure(isProbe: boolean): void {
    this.#failures += 1;
    // Those that were under way when it opened have nothing to add.
    if (this.isOpen ? !isProbe : this.#failures < FAILURES_TO_OPEN) return;
    const wasOpen = this.isOpen;
    this.#pauseMs = wasOpen ? Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    this.#openUntilMs = this.#deps.nowMs() + this.#pauseMs;
    if (!wasOpen) this.#deps.onChange(true);
  }
}
