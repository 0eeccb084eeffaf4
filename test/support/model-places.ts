import { RESERVATION_LIFE_MS } from '../../sidecar/kept-slot.ts';
import type { Change, Recorded, SessionStore, StoredPlace, StoreFound, StoreVerdict } from '../../sidecar/session-store.ts';
import { TOMBSTONE_LIFE_MS } from '../../sidecar/tombstones.ts';
import { REPLICA_LIFE_MS } from '../../src/policy/replica-count.ts';
import type { SessionLimits } from '../../src/policy/session-admission.ts';

interface ModelPlace {
  readonly client: string;
  readonly pod: string;
  readonly openedMs: number;
  readonly kind: 'idle' | 'busy' | 'reserved';
  /** Idle since, or reserved until. */
  readonly atMs: number;
}

/** What the session scripts are to do, written down once more as plainly as can be: no index, no count, all looked through. */
export class ModelPlaces {
  readonly places = new Map<string, ModelPlace>();
  readonly pods = new Map<string, number>();
  readonly gone = new Map<string, number>();
  readonly evicted = new Map<string, string>();
  nowMs = 1e12;

  reserve(pod: string, name: string, client: string, limits: SessionLimits): StoreVerdict {
    this.#begin(pod);
    const own = [...this.places].filter(([, place]) => place.client === client);
    const wait = (places: readonly (readonly [string, ModelPlace])[], idleMs: number): number => {
      const freeMs = places.flatMap(([, { kind, atMs, openedMs }]) => {
        if (kind === 'reserved') return [atMs];
        return kind === 'idle' ? [atMs + idleMs, openedMs + limits.maxLifetimeMs] : [];
      });
      return Math.max(0, Math.min(this.nowMs + idleMs, ...freeMs) - this.nowMs);
    };
    if (client !== '' && own.length >= limits.maxPerClient) {
      return { ok: false, refusal: { reason: 'client-full', waitMs: wait(own, limits.idleTimeoutMs) }, evicted: this.#takeEvicted(pod) };
    }
    while (this.places.size >= limits.max) {
      const victim = this.#victim(limits);
      if (victim === undefined) break;
      this.evicted.set(victim, this.places.get(victim)?.pod ?? '');
      this.places.delete(victim);
      this.gone.set(victim, this.nowMs + TOMBSTONE_LIFE_MS);
    }
    if (this.places.size >= limits.max) {
      const idleMs = Math.min(limits.idleTimeoutMs, limits.evictIdleMs ?? limits.idleTimeoutMs);
      return { ok: false, refusal: { reason: 'full', waitMs: wait([...this.places], idleMs) }, evicted: this.#takeEvicted(pod) };
    }
    this.places.set(name, { client, pod, openedMs: this.nowMs, kind: 'reserved', atMs: this.nowMs + RESERVATION_LIFE_MS });
    return { ok: true, evicted: this.#takeEvicted(pod) };
  }

  record(pod: string, changes: readonly Change[]): Recorded {
    this.#begin(pod);
    const gone: string[] = [];
    const lost: string[] = [];
    for (const change of changes) {
      const { name } = change;
      const old = this.places.get(name);
      const isOthers = old !== undefined && old.pod !== pod;
      if (change.kind === 'drop') {
        if (isOthers) continue;
        this.places.delete(name);
        if (change.isReaped) this.gone.set(name, this.nowMs + TOMBSTONE_LIFE_MS);
      } else if (isOthers) lost.push(name);
      else if (!change.isCertain && this.gone.has(name)) gone.push(name);
      else {
        this.gone.delete(name);
        this.places.set(name, this.#placed(pod, change));
      }
    }
    const count = [...this.places.values()].filter((place) => place.pod === pod).length;
    return { count, evicted: this.#takeEvicted(pod), gone, lost };
  }

  find(pod: string, name: string, client: string): StoreFound {
    this.#begin(pod);
    const place = this.places.get(name);
    if (place === undefined) return { kind: this.gone.has(name) ? 'ended' : 'unknown' };
    if (place.client !== client) return { kind: 'foreign' };
    if (place.pod !== pod) return { kind: 'elsewhere', pod: place.pod };
    return {
      kind: 'here',
      openedAgoMs: this.nowMs - place.openedMs,
      idleForMs: place.kind === 'idle' ? this.nowMs - place.atMs : undefined,
    };
  }

  list(pod: string): StoredPlace[] {
    this.#begin(pod);
    return [...this.places]
      .filter(([, place]) => place.pod === pod)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, { client, openedMs, kind, atMs }]) => ({
        name,
        client,
        openedAgoMs: this.nowMs - openedMs,
        idleForMs: kind === 'idle' ? this.nowMs - atMs : undefined,
        isReservation: kind === 'reserved',
      }));
  }

  leave(pod: string): void {
    this.#begin(pod);
    this.#free(pod);
  }

  #placed(pod: string, { client, openedAgoMs, idleForMs, isReservation }: StoredPlace): ModelPlace {
    const openedMs = this.nowMs - Math.round(openedAgoMs);
    if (isReservation) return { client, pod, openedMs, kind: 'reserved', atMs: this.nowMs + RESERVATION_LIFE_MS };
    if (idleForMs === undefined) return { client, pod, openedMs, kind: 'busy', atMs: 0 };
    return { client, pod, openedMs, kind: 'idle', atMs: this.nowMs - Math.round(idleForMs) };
  }

  #victim({ evictIdleMs }: SessionLimits): string | undefined {
    if (evictIdleMs === undefined) return undefined;
    const countOf = (client: string) => [...this.places.values()].filter((place) => place.client === client).length;
    const sorted = [...this.places]
      .filter(([, { kind, atMs }]) => kind === 'idle' && this.nowMs - atMs >= evictIdleMs)
      .map(([name, { client, atMs }]) => ({ name, client: client || '-', count: countOf(client), atMs }))
      .sort(
        (one, other) =>
          other.count - one.count || compare(other.client, one.client) || one.atMs - other.atMs || compare(one.name, other.name),
      );
    return sorted[0]?.name;
  }

  #begin(pod: string): void {
    this.pods.set(pod, this.nowMs);
    for (const [other, atMs] of this.pods) if (this.nowMs - atMs > REPLICA_LIFE_MS) this.#free(other);
    for (const [name, { kind, atMs }] of this.places) if (kind === 'reserved' && atMs <= this.nowMs) this.places.delete(name);
    for (const [name, untilMs] of this.gone) if (untilMs <= this.nowMs) this.gone.delete(name);
  }

  #free(pod: string): void {
    for (const [name, place] of this.places) if (place.pod === pod) this.places.delete(name);
    this.#takeEvicted(pod);
    this.pods.delete(pod);
  }

  #takeEvicted(pod: string): string[] {
    const names = [...this.evicted].filter(([, other]) => other === pod).map(([name]) => name);
    for (const name of names) this.evicted.delete(name);
    return names.sort(compare);
  }
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** A replica's view of the model, as of a store that answers at once. */
export function modelStore(model: ModelPlaces, pod: string): SessionStore {
  return {
    isUp: true,
    replicas: 1,
    clientHash: (client) => `h${client}`,
    onUp: () => undefined,
    reserve: async (name, client, limits) => model.reserve(pod, name, client, limits),
    record: async (changes) => model.record(pod, changes),
    find: async (name, client) => model.find(pod, name, client),
    list: async () => model.list(pod),
    leave: async () => model.leave(pod),
  };
}
