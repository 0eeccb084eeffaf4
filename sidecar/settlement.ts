import type { LocalBuckets, Owed } from '../src/policy/local-buckets.ts';

/** What one replica debits in Redis by one script call. */
export interface SettlementPart {
  /** Grows: a part that is sent again carries the number that it had, and is debited once. */
  readonly number: number;
  readonly owed: readonly Owed[];
  /** Among how many replicas the limits were shared when it was spent. */
  readonly replicas: number;
}

/** Sends a part to Redis; resolves to the micro-tokens that its buckets hold since. Rejects where Redis cannot say. */
export type SendPart = (part: SettlementPart) => Promise<readonly number[]>;

/** Buckets in one script: Redis does nothing else meanwhile. */
const PART_SIZE = 128;

/**
 * Brings into Redis what was spent by local buckets, so that the time that
 * refilled both is not given twice. A part without an answer is kept, and sent
 * again first.
 */
export class Settlement {
  readonly #buckets: LocalBuckets;
  readonly #send: SendPart;
  #sent = 0;
  #unanswered: SettlementPart | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(buckets: LocalBuckets, send: SendPart) {
    this.#buckets = buckets;
    this.#send = send;
  }

  /**
   * `all` also tells a Redis that may have restarted empty how full each bucket
   * can be at most. Rejects where Redis fails; what is then still owed waits
   * for the next time.
   */
  settle(which: 'all' | 'owed'): Promise<void> {
    const settled = this.#running.then(() => this.#settle(which));
    this.#running = settled.catch(() => undefined);
    return settled;
  }

  async #settle(which: 'all' | 'owed'): Promise<void> {
    if (this.#unanswered !== undefined) await this.#deliver(this.#unanswered);
    await this.#settleNames(this.#buckets.names(which, performance.now()));
    // Calls went on meanwhile.
    await this.#settleNames(this.#buckets.names('owed', performance.now()));
  }

  async #settleNames(names: readonly string[]): Promise<void> {
    for (let from = 0; from < names.length; from += PART_SIZE) {
      const owed = this.#buckets.lift(names.slice(from, from + PART_SIZE), performance.now());
      if (owed.length > 0) await this.#deliver({ number: ++this.#sent, owed, replicas: this.#buckets.replicas });
    }
  }

  async #deliver(part: SettlementPart): Promise<void> {
    this.#unanswered = part;
    const sentMs = performance.now();
    const levels = await this.#send(part);
    this.#unanswered = undefined;
    this.#buckets.land(part.owed, levels, sentMs);
  }
}
