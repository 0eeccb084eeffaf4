import { createHash, randomBytes } from 'node:crypto';
import type {
  EndReason,
  Found,
  HeldSession,
  Reserved,
  SessionAdmission,
  SessionAdmissionEvents,
  SessionLimits,
} from '../src/policy/session-admission.ts';
import { SessionTable } from '../src/policy/session-table.ts';
import type { RedisSettings } from '../src/settings/settings.ts';
import { Held, type HeldInit, type SessionOwner } from './held-session.ts';
import { KeptSlot, SLOT_LIFE_MS, type SlotOwner } from './kept-slot.ts';
import type { SessionStore } from './session-store.ts';
import { SessionSync } from './session-sync.ts';
import { Tombstones } from './tombstones.ts';

export interface SessionAdmissionOptions {
  /** namespace/kind/name: session ids are hashed together with it. */
  readonly owner: string;
  readonly limits: SessionLimits;
  readonly events: SessionAdmissionEvents;
  /** A monotonic clock in ms; `performance.now` without it. */
  readonly nowMs?: () => number;
  /** Where all replicas count together; absent: this one counts for itself. */
  readonly store?: SessionStore | undefined;
  /** Asked at each refusal, as it may change while the process runs; `open` without it. */
  readonly onRedisFailure?: () => RedisSettings['onFailure'];
  /** In shadow mode an ended session lives on at its server, so that no other replica is told to refuse it. */
  readonly isShadow?: () => boolean;
}

const SWEEP_PERIOD_MS = 1000;
/** Until Redis is asked again, in ms. */
const UNAVAILABLE_WAIT_MS = 1000;

/** Connects to nothing and sets no timer before `start`. To be stopped before the limiter whose Redis its store uses. */
export function createSessionAdmission(options: SessionAdmissionOptions): SessionAdmission {
  return new Admission(options);
}

/** What decides, in this order: the store of all replicas; this replica's table, within its share while the store is away. */
export class Admission implements SessionAdmission, SessionOwner, SlotOwner {
  readonly #events: SessionAdmissionEvents;
  readonly #owner: string;
  readonly #clock: () => number;
  readonly #store: SessionStore | undefined;
  readonly #sync: SessionSync | undefined;
  readonly #onRedisFailure: () => RedisSettings['onFailure'];
  readonly #isShadow: () => boolean;
  readonly #table = new SessionTable<Held | KeptSlot>();
  readonly #sessions = new Map<string, Held>();
  readonly #slots = new Map<string, KeptSlot>();
  readonly #tombstones = new Tombstones();
  #limits: SessionLimits;
  #pending = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ owner, limits, events, nowMs, store, onRedisFailure, isShadow }: SessionAdmissionOptions) {
    this.#owner = owner;
    this.#limits = limits;
    this.#events = events;
    this.#clock = nowMs ?? (() => performance.now());
    this.#store = store;
    this.#onRedisFailure = onRedisFailure ?? (() => 'open');
    this.#isShadow = isShadow ?? (() => false);
    this.#sync =
      store &&
      new SessionSync(store, {
        nowMs: this.#clock,
        sessions: this.#sessions,
        slots: this.#slots,
        pending: () => this.#pending,
        limits: () => this.#limits,
        isReaped: (name) => this.#tombstones.has(name) && !this.#isShadow(),
        onWarning: (message) => this.#events.onWarning?.(message),
        onGone: (held, reason) => this.#close(held, reason),
        onInherited: (init) => {
          this.#hold(init).recordedSinceMs = init.idleSinceMs;
        },
      });
  }

  get count(): number {
    return this.#sessions.size;
  }

  nowMs(): number {
    return this.#clock();
  }

  retune(limits: SessionLimits): void {
    this.#limits = limits;
  }

  forgive(): void {
    this.#tombstones.clear();
  }

  start(): void {
    this.#timer ??= setInterval(() => this.sweep(), SWEEP_PERIOD_MS).unref();
    this.#sync?.start();
  }

  /**
   * For the orderly end only, when the server of this pod ends too: its places
   * are free at once. A crash calls nothing: the container starts anew beside a
   * server that lives on, and its sessions still have their places. Where only
   * the container is ended in order (a failed liveness probe), its sessions are
   * adopted when their clients come, as unknown ones are.
   */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const held of this.#sessions.values()) held.isEnded = true;
    for (const place of this.#table) this.#table.delete(place);
    this.#sessions.clear();
    this.#slots.clear();
    await this.#sync?.stop();
  }

  /** Resolves once what is under way to the store was answered; whether it then knows all that is here. */
  async settled(): Promise<boolean> {
    return this.#sync?.settled() ?? true;
  }

  async reserve(client: string | undefined): Promise<Reserved> {
    if (this.#sync === undefined) return this.#reserveHere(client, this.#limits);
    if (await this.#sync.canDecide()) {
      const slot = this.#keep(client);
      slot.isPending = true;
      this.#pending++;
      const verdict = await this.#sync.reserve(slot, this.#limits);
      // In one turn with what follows: a slot that is refused is never taken for one that is kept.
      slot.isPending = false;
      this.#pending--;
      if (verdict?.ok) return { ok: true, slot };
      this.#drop(slot);
      if (verdict !== undefined) return { ok: false, refusal: verdict.refusal };
    }
    if (this.#onRedisFailure() === 'closed') return { ok: false, refusal: { reason: 'unavailable', waitMs: UNAVAILABLE_WAIT_MS } };
    return this.#reserveHere(client, this.#share());
  }

  async find(id: string, client: string | undefined): Promise<Found> {
    const name = this.#nameOf(id);
    const local = this.#findHere(name, id, client);
    if (local !== undefined || this.#sync === undefined) return local ?? { kind: 'unknown' };
    const found = await this.#sync.find(name, client);
    // It may have been found twice at once, or come in with a reconciliation meanwhile.
    const since = this.#findHere(name, id, client);
    if (since !== undefined) return since;
    if (found.kind !== 'here') return found;
    const nowMs = this.#clock();
    const init = { id, name, client, openedMs: nowMs - found.openedAgoMs, idleSinceMs: nowMs - (found.idleForMs ?? 0) };
    return { kind: 'resumed', session: this.#hold(init) };
  }

  confirm(slot: KeptSlot, id: string): HeldSession {
    const name = this.#nameOf(id);
    const isKept = this.#drop(slot);
    const known = this.#sessions.get(name);
    if (known !== undefined && known.client === slot.client) {
      if (isKept) this.#sync?.dropped(slot.name, { isReaped: false });
      return known;
    }
    if (known !== undefined) this.#close(known, 'lost');
    this.#tombstones.delete(name);
    const nowMs = this.#clock();
    const held = this.#hold({ id, name, client: slot.client, openedMs: nowMs, idleSinceMs: nowMs });
    this.#sync?.opened(held, slot.name);
    return held;
  }

  release(slot: KeptSlot): void {
    if (this.#drop(slot)) this.#sync?.dropped(slot.name, { isReaped: false });
  }

  end(held: Held): void {
    if (this.#let(held)) this.#sync?.dropped(held.name, { isReaped: false });
  }

  changed(held: Held): void {
    this.#sync?.changed(held);
  }

  mayBeEvicted(held: Held): boolean {
    return this.#sync?.mayBeEvicted(held) ?? false;
  }

  async wake(held: Held): Promise<boolean> {
    await this.#sync?.wake(held);
    return !held.isEnded;
  }

  /** Ends what has been idle or has lived for too long; called by the one timer. */
  sweep(): void {
    const nowMs = this.#clock();
    for (const held of this.#sessions.values()) {
      if (held.idleSinceMs === undefined) continue;
      if (nowMs - held.idleSinceMs >= this.#limits.idleTimeoutMs) this.#close(held, 'idle');
      else if (nowMs - held.openedMs >= this.#limits.maxLifetimeMs) this.#close(held, 'lifetime');
    }
    for (const slot of this.#slots.values()) if (nowMs - slot.openedMs >= SLOT_LIFE_MS) this.release(slot);
    this.#tombstones.sweep(nowMs);
    this.#sync?.tick();
  }

  #findHere(name: string, id: string, client: string | undefined): Found | undefined {
    const held = this.#sessions.get(name);
    if (held === undefined) return this.#tombstones.has(name) ? { kind: 'ended' } : undefined;
    if (held.id !== undefined) return held.client === client ? { kind: 'resumed', session: held } : { kind: 'foreign' };
    // Of the life before a restart: known by hashes only until its client comes back.
    if (held.storedClient !== this.#sync?.storedClient(client)) return { kind: 'foreign' };
    this.#let(held);
    const { openedMs, idleSinceMs, recordedSinceMs } = held;
    const session = this.#hold({ id, name, client, openedMs, idleSinceMs: idleSinceMs ?? this.#clock() });
    session.recordedSinceMs = recordedSinceMs;
    return { kind: 'resumed', session };
  }

  #reserveHere(client: string | undefined, limits: SessionLimits): Reserved {
    for (;;) {
      const verdict = this.#table.judge(client, limits, this.#clock());
      if (verdict.kind === 'refused') return { ok: false, refusal: verdict.refusal };
      if (verdict.kind === 'evict' && verdict.victim instanceof Held) {
        this.#close(verdict.victim, 'evicted');
        continue;
      }
      // Where there is a store, it is told when it can be.
      return { ok: true, slot: this.#keep(client) };
    }
  }

  /** Contract §9.10: what this replica may have without the others, at least one. */
  #share(): SessionLimits {
    const replicas = this.#store?.replicas ?? 1;
    const share = (whole: number): number => Math.max(1, Math.floor(whole / replicas));
    return { ...this.#limits, max: share(this.#limits.max), maxPerClient: share(this.#limits.maxPerClient) };
  }

  #keep(client: string | undefined): KeptSlot {
    const slot = new KeptSlot({ name: `r:${randomBytes(12).toString('base64url')}`, client, openedMs: this.#clock() }, this);
    this.#slots.set(slot.name, slot);
    this.#table.add(slot);
    return slot;
  }

  /** False where it was dropped already. */
  #drop(slot: KeptSlot): boolean {
    this.#table.delete(slot);
    return this.#slots.delete(slot.name);
  }

  #hold(init: HeldInit): Held {
    const held = new Held(init, this);
    this.#sessions.set(held.name, held);
    this.#table.add(held);
    return held;
  }

  /** False where it had ended already. */
  #let(held: Held): boolean {
    if (held.isEnded) return false;
    held.isEnded = true;
    this.#table.delete(held);
    this.#sessions.delete(held.name);
    return true;
  }

  #close(held: Held, reason: EndReason): void {
    if (!this.#let(held)) return;
    if (reason !== 'lost') {
      this.#tombstones.add(held.name, this.#clock());
      this.#sync?.dropped(held.name, { isReaped: !this.#isShadow() });
    }
    if (held.id !== undefined) this.#events.onEnded(held.id, reason);
  }

  /** 128 bits, of which the id cannot be had back. */
  #nameOf(id: string): string {
    return createHash('sha256').update(`${this.#owner}\0${id}`).digest().subarray(0, 16).toString('base64url');
  }
}
