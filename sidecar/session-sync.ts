import type { EndReason, SessionLimits } from '../src/policy/session-admission.ts';
import type { Held, HeldInit } from './held-session.ts';
import type { KeptSlot } from './kept-slot.ts';
import { redisFailure, within } from './redis-failure.ts';
import type { Item } from './session-items.ts';
import { SessionOutbox } from './session-outbox.ts';
import type { SessionStore, StoredPlace, StoreFound, StoreVerdict } from './session-store.ts';

/** Three fit into the life of a replica that has fallen silent. */
const BEAT_PERIOD_MS = 3000;
/** Also what is counted right may be another's: all is told anew so often, the less often the more there is. */
const RETELL_PERIOD_MS = 60_000;
const RETELL_MS_PER_SESSION = 6;
/** What a new session waits at most for what is being told. */
const PATIENCE_MS = 100;
const WARNING_PERIOD_MS = 10_000;

export interface SyncDeps {
  readonly nowMs: () => number;
  /** This replica's, by name. */
  readonly sessions: ReadonlyMap<string, Held>;
  readonly slots: ReadonlyMap<string, KeptSlot>;
  /** Slots of which the store has not said yet whether they are kept. */
  readonly pending: () => number;
  readonly limits: () => SessionLimits;
  readonly isReaped: (name: string) => boolean;
  /** It ended elsewhere. */
  readonly onGone: (held: Held, reason: EndReason) => void;
  readonly onWarning: (message: string) => void;
  /** The store has it from this replica's life before a restart. */
  readonly onInherited: (init: HeldInit) => void;
}

/**
 * Keeps the store equal to what this replica holds. Changes are sent as they
 * come, the clocks of sessions with a beat. Whatever fails, is lost or does not
 * add up leads to one thing: all is told anew.
 */
export class SessionSync {
  readonly #store: SessionStore;
  readonly #deps: SyncDeps;
  readonly #outbox: SessionOutbox;
  /** Became busy or idle since the last beat. */
  readonly #dirty = new Set<Held>();
  #telling: Promise<void> | undefined;
  /** Whether the store knows all since it was last reachable: then it decides. */
  #isTold = false;
  /** Whether nothing failed since; otherwise it is told anew. */
  #isInStep = false;
  #isStopped = true;
  #hasInherited = false;
  #failures = 0;
  #lastBeatMs = Number.NEGATIVE_INFINITY;
  #toldMs = Number.NEGATIVE_INFINITY;
  #warnedMs = Number.NEGATIVE_INFINITY;
  /** Of the key of the client hashes: with another one all is stored under other names. */
  #keyMark = '';

  constructor(store: SessionStore, deps: SyncDeps) {
    this.#store = store;
    this.#deps = deps;
    this.#outbox = new SessionOutbox(store, {
      nowMs: deps.nowMs,
      sessions: deps.sessions,
      slots: deps.slots,
      storedClient: (client) => this.storedClient(client),
      pending: deps.pending,
      onGone: deps.onGone,
      onFailure: (error) => this.#fail(error),
      onDrift: () => {
        this.#isInStep = false;
      },
    });
    store.onUp(() => {
      this.#isTold = false;
      // What is being told was in part told to the connection before.
      this.#failures++;
      void Promise.resolve(this.#telling).then(() => this.#tell());
    });
  }

  start(): void {
    this.#isStopped = false;
    this.#outbox.open();
    this.#tell();
  }

  /** Gives the places back, behind all that was sent before. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#isTold = false;
    this.#outbox.close();
    this.#dirty.clear();
    await this.#store.leave().catch(() => undefined);
  }

  storedClient(client: string | undefined): string {
    return client === undefined ? '' : this.#store.clientHash(client);
  }

  /** Whether the store counts what this replica holds, so that it can decide. Never rejects. */
  async canDecide(): Promise<boolean> {
    if (!this.#isTold && this.#telling !== undefined) await within(this.#telling, PATIENCE_MS).catch(() => undefined);
    return this.#isTold && this.#store.isUp;
  }

  /** Waits for what is under way; whether the store then knows all. */
  async settled(): Promise<boolean> {
    while (this.#telling !== undefined || this.#outbox.sending !== undefined) await (this.#telling ?? this.#outbox.sending);
    return this.#isTold && this.#isInStep;
  }

  /** Undefined where the store cannot say; then the slot is not kept there. Never rejects. */
  async reserve(slot: KeptSlot, limits: SessionLimits): Promise<StoreVerdict | undefined> {
    this.#outbox.hurry();
    try {
      const verdict = await this.#store.reserve(slot.name, this.storedClient(slot.client), limits);
      this.#outbox.end(verdict.evicted);
      return verdict;
    } catch (error) {
      this.#fail(error);
      // It may have done it all the same.
      this.dropped(slot.name, { isReaped: false });
      return undefined;
    }
  }

  async find(name: string, client: string | undefined): Promise<StoreFound> {
    if (!this.#store.isUp || this.#isStopped) return { kind: 'unknown' };
    try {
      return await this.#store.find(name, this.storedClient(client));
    } catch {
      return { kind: 'unknown' };
    }
  }

  /** First the session, then its slot's end: between them there is one place too many rather than one too few. */
  opened(held: Held, slotName: string): void {
    this.#send({ held, isCertain: true }, { dropped: slotName, isReaped: false });
  }

  dropped(name: string, { isReaped }: { readonly isReaped: boolean }): void {
    this.#send({ dropped: name, isReaped });
  }

  changed(held: Held): void {
    if (this.#store.isUp) this.#dirty.add(held);
  }

  /**
   * A full house elsewhere closes a session by what the store knows of it, which
   * is up to a beat old. Two beats before that can be, this replica asks.
   */
  mayBeEvicted({ recordedSinceMs }: Held): boolean {
    const { evictIdleMs } = this.#deps.limits();
    if (evictIdleMs === undefined || recordedSinceMs === undefined) return false;
    return this.#deps.nowMs() - recordedSinceMs >= evictIdleMs - 2 * BEAT_PERIOD_MS;
  }

  /** Says that it is busy, and ends it where it was evicted. Known sessions go on while the store is away. */
  async wake(held: Held): Promise<void> {
    if (this.#isStopped || !this.#store.isUp) return;
    await this.#outbox.record([{ held, isCertain: false }]);
  }

  /** Once a second. */
  tick(): void {
    if (this.#isStopped || !this.#store.isUp) return;
    if (this.#keyMark !== this.#store.clientHash('')) this.#isInStep = false;
    const retellMs = Math.max(RETELL_PERIOD_MS, this.#deps.sessions.size * RETELL_MS_PER_SESSION);
    if (!this.#isTold || !this.#isInStep || this.#deps.nowMs() - this.#toldMs >= retellMs) this.#tell();
    else if (this.#deps.nowMs() - this.#lastBeatMs >= BEAT_PERIOD_MS) this.#beat();
  }

  #beat(): void {
    this.#lastBeatMs = this.#deps.nowMs();
    for (const held of this.#dirty) this.#outbox.add({ held, isCertain: false });
    this.#dirty.clear();
    for (const slot of this.#slotsKept()) this.#outbox.add({ slot });
    void this.#outbox.send({ isBeat: true });
  }

  #send(...items: Item[]): void {
    if (this.#isStopped) return;
    if (!this.#store.isUp) {
      this.#isInStep = false;
      return;
    }
    for (const item of items) this.#outbox.add(item);
    void this.#outbox.send();
  }

  #slotsKept(): KeptSlot[] {
    return [...this.#deps.slots.values()].filter(({ isPending }) => !isPending);
  }

  #tell(): void {
    if (this.#isStopped || !this.#store.isUp || this.#telling !== undefined) return;
    this.#telling = this.#tellAll().finally(() => {
      this.#telling = undefined;
    });
  }

  async #tellAll(): Promise<void> {
    const failures = this.#failures;
    const keyMark = this.#store.clientHash('');
    // All of it is told now; what ended long ago is not to be kept for a Redis that does not come back.
    this.#dirty.clear();
    try {
      const stored = await this.#store.list();
      if (!this.#hasInherited) this.#inherit(stored);
      this.#hasInherited = true;
      for (const { name } of stored) {
        if (!this.#deps.sessions.has(name) && !this.#deps.slots.has(name)) {
          this.#outbox.add({ dropped: name, isReaped: this.#deps.isReaped(name) });
        }
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    for (const held of this.#deps.sessions.values()) this.#outbox.add({ held, isCertain: held.isInUse });
    for (const slot of this.#slotsKept()) this.#outbox.add({ slot });
    this.#lastBeatMs = this.#deps.nowMs();
    await this.#outbox.send({ isBeat: true });
    if (this.#failures !== failures || this.#isStopped) return;
    this.#keyMark = keyMark;
    this.#isTold = true;
    this.#isInStep = true;
    this.#toldMs = this.#deps.nowMs();
  }

  /** After a restart of this process under its old name: its sessions still have their places, and go on when their clients come. */
  #inherit(stored: readonly StoredPlace[]): void {
    const nowMs = this.#deps.nowMs();
    for (const { name, client, openedAgoMs, idleForMs, isReservation } of stored) {
      if (isReservation || this.#deps.sessions.has(name) || this.#deps.isReaped(name)) continue;
      this.#deps.onInherited({
        id: undefined,
        name,
        client: client === '' ? undefined : `hash ${client}`,
        storedClient: client,
        openedMs: nowMs - openedAgoMs,
        idleSinceMs: nowMs - (idleForMs ?? 0),
      });
    }
  }

  #fail(error: unknown): void {
    this.#failures++;
    this.#isInStep = false;
    this.#outbox.clear();
    const nowMs = this.#deps.nowMs();
    // That it is away, the limiter says.
    if (!this.#store.isUp || this.#isStopped || nowMs - this.#warnedMs < WARNING_PERIOD_MS) return;
    this.#warnedMs = nowMs;
    this.#deps.onWarning(`Redis cannot count sessions (${redisFailure(error).message}): this replica counts its own`);
  }
}
