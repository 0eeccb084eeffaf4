import type { SessionLimits, SessionRefusal } from './session-admission.ts';

/** A place within the cap: a session's, or one that is kept for a session which the upstream is yet to open. */
export interface Place {
  /** Undefined: anonymous. All of them count as one where clients are compared, so that leaving out a name escapes nothing. */
  readonly client: string | undefined;
  readonly openedMs: number;
  /** Undefined while a request or stream of it is in flight, and for what is no session yet. */
  readonly idleSinceMs: number | undefined;
  /** Of what is no session yet: when its place is free at the latest. */
  readonly expiresMs?: number | undefined;
}

export type Verdict<P> =
  | { readonly kind: 'free' }
  /** Full, but this session may be closed first; then judge again. */
  | { readonly kind: 'evict'; readonly victim: P }
  | { readonly kind: 'refused'; readonly refusal: SessionRefusal };

/**
 * The places of one replica, and whether there is one more: all that decides
 * without Redis, and within this replica's share while Redis is away. What the
 * scripts of session-script.ts in sidecar/ decide over all replicas is the same.
 *
 * Counts are kept, never summed. Only a full house is looked through, about
 * 10 ms for 100,000 places.
 */
export class SessionTable<P extends Place> {
  readonly #places = new Set<P>();
  readonly #counts = new Map<string | undefined, number>();

  get size(): number {
    return this.#places.size;
  }

  countOf(client: string | undefined): number {
    return this.#counts.get(client) ?? 0;
  }

  add(place: P): void {
    if (this.#places.has(place)) return;
    this.#places.add(place);
    this.#counts.set(place.client, this.countOf(place.client) + 1);
  }

  delete(place: P): void {
    if (!this.#places.delete(place)) return;
    const left = this.countOf(place.client) - 1;
    if (left > 0) this.#counts.set(place.client, left);
    else this.#counts.delete(place.client);
  }

  [Symbol.iterator](): IterableIterator<P> {
    return this.#places.values();
  }

  /** The client's own cap comes first: another's session does not have to go for a client that may not have one more. */
  judge(client: string | undefined, limits: SessionLimits, nowMs: number): Verdict<P> {
    if (client !== undefined && this.countOf(client) >= limits.maxPerClient) {
      return {
        kind: 'refused',
        refusal: { reason: 'client-full', waitMs: this.#waitMs({ ...limits, evictIdleMs: undefined }, nowMs, client) },
      };
    }
    if (this.size < limits.max) return { kind: 'free' };
    const victim = this.#longestIdle(limits, nowMs);
    if (victim !== undefined) return { kind: 'evict', victim };
    return { kind: 'refused', refusal: { reason: 'full', waitMs: this.#waitMs(limits, nowMs) } };
  }

  /** The client with most places gives its longest idle first; where it has none idle for long enough, the next client. */
  #longestIdle({ evictIdleMs }: SessionLimits, nowMs: number): P | undefined {
    if (evictIdleMs === undefined) return undefined;
    let found: P | undefined;
    for (const place of this.#places) {
      const since = place.idleSinceMs;
      if (since === undefined || nowMs - since < evictIdleMs) continue;
      if (found === undefined || this.#givesBefore(place, found)) found = place;
    }
    return found;
  }

  #givesBefore(one: P, other: P): boolean {
    const more = this.countOf(one.client) - this.countOf(other.client);
    if (more !== 0) return more > 0;
    if (one.client !== other.client) return (one.client ?? '') > (other.client ?? '');
    return (one.idleSinceMs ?? 0) < (other.idleSinceMs ?? 0);
  }

  #waitMs(limits: WaitLimits, nowMs: number, client?: string): number {
    const idleMs = Math.min(limits.idleTimeoutMs, limits.evictIdleMs ?? limits.idleTimeoutMs);
    let freeMs = nowMs + idleMs;
    for (const { client: holder, openedMs, idleSinceMs, expiresMs } of this.#places) {
      if (client !== undefined && holder !== client) continue;
      if (expiresMs !== undefined) freeMs = Math.min(freeMs, expiresMs);
      else if (idleSinceMs !== undefined) freeMs = Math.min(freeMs, idleSinceMs + idleMs, openedMs + limits.maxLifetimeMs);
    }
    return Math.max(0, freeMs - nowMs);
  }
}

type WaitLimits = Omit<SessionLimits, 'evictIdleMs'> & { readonly evictIdleMs?: number | undefined };
