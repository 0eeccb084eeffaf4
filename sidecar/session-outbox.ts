import type { EndReason } from '../src/policy/session-admission.ts';
import type { Held } from './held-session.ts';
import type { KeptSlot } from './kept-slot.ts';
import { encodeItems, type Item } from './session-items.ts';
import type { Recorded, SessionStore } from './session-store.ts';

/** Changes in one script: Redis does nothing else meanwhile. */
const BATCH_LIMIT = 256;

export interface OutboxDeps {
  readonly nowMs: () => number;
  /** This replica's, by name. */
  readonly sessions: ReadonlyMap<string, Held>;
  readonly slots: ReadonlyMap<string, KeptSlot>;
  readonly storedClient: (client: string | undefined) => string;
  /** Slots of which the store has not said yet whether they are kept. */
  readonly pending: () => number;
  /** It ended elsewhere. */
  readonly onGone: (held: Held, reason: EndReason) => void;
  readonly onFailure: (error: unknown) => void;
  /** The store has more or fewer places of ours than we do. */
  readonly onDrift: () => void;
}

/** Sends changes to the store in the order in which they were made, and does what its answers say. */
export class SessionOutbox {
  readonly #store: SessionStore;
  readonly #deps: OutboxDeps;
  #queue: Item[] = [];
  #sending: Promise<void> | undefined;
  #isClosed = false;

  constructor(store: SessionStore, deps: OutboxDeps) {
    this.#store = store;
    this.#deps = deps;
  }

  /** What is being sent; undefined where nothing is. */
  get sending(): Promise<void> | undefined {
    return this.#sending;
  }

  open(): void {
    this.#isClosed = false;
  }

  close(): void {
    this.#isClosed = true;
    this.#queue = [];
  }

  clear(): void {
    this.#queue = [];
  }

  /** Goes with the next that is sent. */
  add(item: Item): void {
    this.#queue.push(item);
  }

  /**
   * Sends what is there, one batch after the other: what comes up meanwhile goes
   * with the next, and a thousand ends at once do not outlast the deadline.
   * `isBeat`: also where nothing is there. Never rejects.
   */
  send({ isBeat = false } = {}): Promise<void> {
    if (this.#sending === undefined && (isBeat || this.#queue.length > 0)) this.#sending = this.#sendAll();
    return this.#sending ?? Promise.resolve();
  }

  /** Sends what waits, at most a batch, ahead of its turn: a place that was given back a moment ago counts for who asks now. */
  hurry(): void {
    if (this.#queue.length > 0) void this.record(this.#queue.splice(0, BATCH_LIMIT));
  }

  /** Never rejects. */
  async record(items: readonly Item[]): Promise<void> {
    if (this.#isClosed) return;
    const sent = encodeItems(items, this.#deps);
    // Order is kept on the way: the store has then seen all but what still waits here.
    const expected = this.#queue.length === 0 ? this.#counted() : undefined;
    let recorded: Recorded;
    try {
      recorded = await this.#store.record(sent.map(({ change }) => change));
    } catch (error) {
      this.#deps.onFailure(error);
      return;
    }
    for (const { held, sinceMs } of sent) if (held !== undefined) held.recordedSinceMs = sinceMs;
    const { count, evicted, gone, lost } = recorded;
    this.end([...evicted, ...gone]);
    for (const name of lost) this.#close(name, 'lost');
    const seen = count + evicted.length + gone.length + lost.length;
    if (expected !== undefined && (seen < expected.least || seen > expected.most)) this.#deps.onDrift();
  }

  /** They were evicted. One that is in flight here stays, although it then is one too many: what the store knew of it was too old. */
  end(names: readonly string[]): void {
    for (const name of names) {
      const held = this.#deps.sessions.get(name);
      if (held?.isInUse) this.add({ held, isCertain: true });
      else this.#close(name, 'evicted');
    }
    void this.send();
  }

  async #sendAll(): Promise<void> {
    do await this.record(this.#queue.splice(0, BATCH_LIMIT));
    while (this.#queue.length > 0);
    // In the same turn as it saw the queue empty: what is added from now on starts another.
    this.#sending = undefined;
  }

  #close(name: string, reason: EndReason): void {
    const held = this.#deps.sessions.get(name);
    if (held !== undefined) this.#deps.onGone(held, reason);
  }

  #counted(): { readonly least: number; readonly most: number } {
    const most = this.#deps.sessions.size + this.#deps.slots.size;
    return { least: most - this.#deps.pending(), most };
  }
}
