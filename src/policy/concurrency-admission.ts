/** What a pod holds at once of requests without a session (revision 2026-07-28 and later have none). */
export interface ConcurrencyLimits {
  readonly maxStreams: number;
  readonly maxStreamsPerClient: number;
  readonly maxInFlight: number;
  readonly maxInFlightPerClient: number;
}

export type ConcurrencyKind = 'stream' | 'request';

export interface ConcurrencySlot {
  /** Unconditional, idempotent, never throws. */
  release(): void;
}

export type ConcurrencyReserved =
  | { readonly ok: true; readonly slot: ConcurrencySlot }
  | { readonly ok: false; readonly refusal: ConcurrencyRefusal };

export interface ConcurrencyRefusal {
  readonly reason: 'full' | 'client-full';
  /** Nobody knows when a request ends: the least that `Retry-After` can say. */
  readonly waitMs: number;
}

/** The only place that decides whether one more stream or request may be (contract §6 "Sessions", modern era). */
export interface ConcurrencyAdmission {
  /** `client` as it was identified; undefined: anonymous, bound by the totals only. */
  reserve(kind: ConcurrencyKind, client: string | undefined): ConcurrencyReserved;
  /** Held ones stay; a lower limit refuses until enough of them are gone. */
  retune(limits: ConcurrencyLimits): void;
  /** Held now. */
  count(kind: ConcurrencyKind): number;
}

const WAIT_MS = 1000;

/** In memory, of this pod: a crash releases everything. */
export function createConcurrencyAdmission(initial: ConcurrencyLimits): ConcurrencyAdmission {
  let limits = initial;
  const held = { stream: new Held(), request: new Held() };
  const capsOf = (kind: ConcurrencyKind) =>
    kind === 'stream'
      ? { total: limits.maxStreams, perClient: limits.maxStreamsPerClient }
      : { total: limits.maxInFlight, perClient: limits.maxInFlightPerClient };
  return {
    reserve(kind, client) {
      const own = held[kind];
      const { total, perClient } = capsOf(kind);
      if (client !== undefined && own.of(client) >= perClient) return refused('client-full');
      if (own.total >= total) return refused('full');
      return { ok: true, slot: own.take(client) };
    },
    retune(next) {
      limits = next;
    },
    count: (kind) => held[kind].total,
  };
}

const refused = (reason: ConcurrencyRefusal['reason']): ConcurrencyReserved => ({ ok: false, refusal: { reason, waitMs: WAIT_MS } });

class Held {
  total = 0;
  readonly #byClient = new Map<string, number>();

  of(client: string): number {
    return this.#byClient.get(client) ?? 0;
  }

  take(client: string | undefined): ConcurrencySlot {
    this.#add(client, 1);
    let isHeld = true;
    return {
      release: () => {
        if (isHeld) this.#add(client, -1);
        isHeld = false;
      },
    };
  }

  #add(client: string | undefined, change: 1 | -1): void {
    this.total += change;
    if (client === undefined) return;
    const count = this.of(client) + change;
    if (count > 0) this.#byClient.set(client, count);
    else this.#byClient.delete(client);
  }
}
