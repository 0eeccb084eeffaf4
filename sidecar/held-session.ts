import type { HeldSession } from '../src/policy/session-admission.ts';
import type { Place } from '../src/policy/session-table.ts';

export interface SessionOwner {
  nowMs(): number;
  /** Whether another replica may have evicted it by what it knows of it. */
  mayBeEvicted(held: Held): boolean;
  /** Asks; false where it has ended. Never rejects. */
  wake(held: Held): Promise<boolean>;
  /** It became busy or idle. */
  changed(held: Held): void;
  end(held: Held): void;
}

export interface HeldInit {
  /** Undefined: of this replica's life before a restart, and not seen since; then nobody knows its id. */
  readonly id: string | undefined;
  /** What it is stored under: a hash of its id. */
  readonly name: string;
  readonly client: string | undefined;
  readonly openedMs: number;
  readonly idleSinceMs: number;
  /** What Redis knows it by, where that is not to be made of `client`. */
  readonly storedClient?: string;
}

/** A session of this replica. Its clock stands still while something of it is in flight. */
export class Held implements HeldSession, Place {
  readonly id: string | undefined;
  readonly name: string;
  readonly client: string | undefined;
  readonly storedClient: string | undefined;
  readonly openedMs: number;
  readonly #owner: SessionOwner;
  idleSinceMs: number | undefined;
  /** Since when Redis takes it for idle, by our clock; undefined: for busy, or it does not know it yet. */
  recordedSinceMs: number | undefined;
  isEnded = false;
  #inFlight = 0;
  #waking: Promise<boolean> | undefined;

  constructor(init: HeldInit, owner: SessionOwner) {
    this.id = init.id;
    this.name = init.name;
    this.client = init.client;
    this.storedClient = init.storedClient;
    this.openedMs = init.openedMs;
    this.idleSinceMs = init.idleSinceMs;
    this.#owner = owner;
  }

  /** Something of it is on its way to the upstream; not while it is still being asked whether it may be. */
  get isInUse(): boolean {
    return this.#inFlight > 0 && this.#waking === undefined && !this.isEnded;
  }

  begin(): true | Promise<boolean> {
    if (this.isEnded) return Promise.resolve(false);
    if (this.#waking !== undefined) return this.#waking.then((isAlive) => isAlive && this.begin());
    this.#inFlight++;
    if (this.#inFlight > 1) return true;
    const mustAsk = this.#owner.mayBeEvicted(this);
    this.idleSinceMs = undefined;
    if (mustAsk) return this.#wake();
    this.#owner.changed(this);
    return true;
  }

  finish(): void {
    if (this.#inFlight === 0) return;
    this.#inFlight--;
    if (this.#inFlight > 0) return;
    this.idleSinceMs = this.#owner.nowMs();
    if (!this.isEnded) this.#owner.changed(this);
  }

  end(): void {
    this.#owner.end(this);
  }

  /** In flight meanwhile, so that no sweep takes it away. */
  #wake(): Promise<boolean> {
    this.#waking = this.#owner.wake(this).finally(() => {
      this.#waking = undefined;
    });
    return this.#waking;
  }
}
