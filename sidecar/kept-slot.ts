import type { HeldSession, Slot } from '../src/policy/session-admission.ts';
import type { Place } from '../src/policy/session-table.ts';

/** What others see of a slot expires after so long without a beat of its replica, in ms. */
export const RESERVATION_LIFE_MS = 30_000;
/** A slot that is neither confirmed nor released for so long was forgotten, in ms: no server takes longer to open a session. */
export const SLOT_LIFE_MS = 600_000;

/** A place that is kept for a session which the upstream is yet to open. */
export class KeptSlot implements Slot, Place {
  readonly name: string;
  readonly client: string | undefined;
  readonly openedMs: number;
  readonly idleSinceMs = undefined;
  /** Where its replica dies now. */
  readonly expiresMs: number;
  /** Whether Redis was asked for it, and has not said yet. */
  isPending = false;
  readonly #owner: SlotOwner;

  constructor(init: { readonly name: string; readonly client: string | undefined; readonly openedMs: number }, owner: SlotOwner) {
    this.name = init.name;
    this.client = init.client;
    this.openedMs = init.openedMs;
    this.expiresMs = init.openedMs + RESERVATION_LIFE_MS;
    this.#owner = owner;
  }

  confirm(id: string): HeldSession {
    return this.#owner.confirm(this, id);
  }

  release(): void {
    this.#owner.release(this);
  }
}

export interface SlotOwner {
  confirm(slot: KeptSlot, id: string): HeldSession;
  release(slot: KeptSlot): void;
}
