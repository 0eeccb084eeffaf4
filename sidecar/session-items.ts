import type { Held } from './held-session.ts';
import type { KeptSlot } from './kept-slot.ts';
import type { Change } from './session-store.ts';

/** What the store is to be told of; made a change only when it is sent, by what is true then. */
export type Item =
  | { readonly held: Held; readonly isCertain: boolean }
  | { readonly slot: KeptSlot }
  | { readonly dropped: string; readonly isReaped: boolean };

export interface Encoded {
  readonly change: Change;
  readonly held?: Held;
  /** What the store then knows: idle since, by our clock. */
  readonly sinceMs?: number | undefined;
}

export interface Encoding {
  readonly nowMs: () => number;
  readonly slots: ReadonlyMap<string, KeptSlot>;
  readonly storedClient: (client: string | undefined) => string;
}

/** What ended or was released meanwhile is left out: that it was dropped stands behind it. */
export function encodeItems(items: readonly Item[], { nowMs, slots, storedClient }: Encoding): Encoded[] {
  const atMs = nowMs();
  const stored = (place: Held | KeptSlot) => ({
    name: place.name,
    client: ('storedClient' in place ? place.storedClient : undefined) ?? storedClient(place.client),
    openedAgoMs: atMs - place.openedMs,
    idleForMs: place.idleSinceMs === undefined ? undefined : atMs - place.idleSinceMs,
  });
  return items.flatMap((item): Encoded[] => {
    if ('dropped' in item) return [{ change: { kind: 'drop', name: item.dropped, isReaped: item.isReaped } }];
    if ('slot' in item) {
      if (slots.get(item.slot.name) !== item.slot) return [];
      return [{ change: { kind: 'put', ...stored(item.slot), isReservation: true, isCertain: true } }];
    }
    const { held, isCertain } = item;
    if (held.isEnded) return [];
    return [{ change: { kind: 'put', ...stored(held), isReservation: false, isCertain }, held, sinceMs: held.idleSinceMs }];
  });
}
