import type { SessionLimits } from '../src/policy/session-admission.ts';
import { RedisFailure } from './redis-failure.ts';
import { sessionKeys } from './session-places-script.ts';
import { type SessionScripts, sessionScripts } from './session-script.ts';
import type { Change, Recorded, SessionStore, StoredPlace, StoreFound, StoreVerdict } from './session-store.ts';
import type { SharedRedis } from './shared-redis.ts';

export interface RedisSessionOptions {
  readonly redis: SharedRedis;
  /** Names this replica among all of its owner, also after a restart. */
  readonly pod: string;
  /** The remote entry whose sessions they are; absent: the pod's own server's. */
  readonly entry?: string | undefined;
  /** For tests only: the time that scripts go by, instead of Redis's clock. */
  readonly nowMs?: () => number;
}

const LISTED_AT_ONCE = 500;

/** The places of all replicas in Redis: one atomic script a call, by Redis's clock. */
export class RedisSessionStore implements SessionStore {
  readonly #redis: SharedRedis;
  readonly #pod: string;
  readonly #keys: readonly string[];
  readonly #nowMs: (() => number) | undefined;
  readonly #scripts: SessionScripts;

  constructor({ redis, pod, entry, nowMs }: RedisSessionOptions) {
    this.#redis = redis;
    // It stands between separators of the scripts.
    this.#pod = pod.replace(/[^\w.-]/gu, '_');
    this.#keys = sessionKeys(entry);
    this.#nowMs = nowMs;
    this.#scripts = sessionScripts(nowMs === undefined ? 'redis' : 'argument');
  }

  get isUp(): boolean {
    return this.#redis.isUp;
  }

  get replicas(): number {
    return this.#redis.replicas;
  }

  clientHash(client: string): string {
    return this.#redis.clientHash(client);
  }

  onUp(listener: () => void): void {
    this.#redis.onUp(listener);
  }

  async reserve(name: string, client: string, limits: SessionLimits): Promise<StoreVerdict> {
    const { max, maxPerClient, idleTimeoutMs, maxLifetimeMs, evictIdleMs = 0 } = limits;
    const args = [name, written(client), max, maxPerClient, idleTimeoutMs, maxLifetimeMs, evictIdleMs];
    const [isFree, isOwnCap, waitMs, evicted] = asList(await this.#run('reserve', args));
    if (!isWhole(isFree) || !isWhole(isOwnCap) || !isWhole(waitMs) || !isNames(evicted)) throw unreadable();
    if (isFree === 1) return { ok: true, evicted };
    return { ok: false, refusal: { reason: isOwnCap === 1 ? 'client-full' : 'full', waitMs }, evicted };
  }

  async record(changes: readonly Change[]): Promise<Recorded> {
    const [count, evicted, gone, lost] = asList(await this.#run('record', changes.flatMap(encodeChange)));
    if (!isWhole(count) || !isNames(evicted) || !isNames(gone) || !isNames(lost)) throw unreadable();
    return { count, evicted, gone, lost };
  }

  async find(name: string, client: string): Promise<StoreFound> {
    const [kind, first, second] = asList(await this.#run('find', [name, written(client)]));
    if (kind === 'unknown' || kind === 'ended' || kind === 'foreign') return { kind };
    if (kind === 'elsewhere' && typeof first === 'string') return { kind, pod: first };
    if (kind !== 'here' || !isWhole(first) || !isWhole(second)) throw unreadable();
    return { kind, openedAgoMs: first, idleForMs: second < 0 ? undefined : second };
  }

  async list(): Promise<readonly StoredPlace[]> {
    const found: StoredPlace[] = [];
    for (;;) {
      const part = decodePlaces(asList(await this.#run('list', [found.at(-1)?.name ?? '', LISTED_AT_ONCE])));
      found.push(...part);
      if (part.length < LISTED_AT_ONCE) return found;
    }
  }

  async leave(): Promise<void> {
    while ((await this.#run('leave', [])) === 0);
  }

  #run(name: keyof SessionScripts, args: readonly (string | number)[]): Promise<unknown> {
    const clock = this.#nowMs === undefined ? [] : [Math.round(this.#nowMs())];
    return this.#redis.run(this.#scripts[name], this.#keys, [...clock, this.#pod, ...args]);
  }
}

function encodeChange(change: Change): (string | number)[] {
  if (change.kind === 'drop') return ['d', change.name, change.isReaped ? 1 : 0];
  const { name, client, openedAgoMs, idleForMs, isReservation, isCertain } = change;
  const kind = isReservation ? 'r' : idleForMs === undefined ? 'b' : 'i';
  return ['p', name, written(client), Math.round(openedAgoMs), kind, Math.round(idleForMs ?? 0), isCertain ? 1 : 0];
}

function decodePlaces(values: readonly unknown[]): StoredPlace[] {
  const found: StoredPlace[] = [];
  for (let at = 0; at < values.length; at += 5) {
    const [name, client, openedAgoMs, kind, idleForMs] = values.slice(at, at + 5);
    if (typeof name !== 'string' || typeof client !== 'string' || !isWhole(openedAgoMs) || !isWhole(idleForMs)) throw unreadable();
    const isIdle = kind === 'i';
    found.push({
      name,
      client: client === ANONYMOUS ? '' : client,
      openedAgoMs,
      idleForMs: isIdle ? idleForMs : undefined,
      isReservation: kind === 'r',
    });
  }
  return found;
}

/** No hash: those have 22 characters. */
const ANONYMOUS = '-';
const written = (client: string): string => (client === '' ? ANONYMOUS : client);

const asList = (answer: unknown): readonly unknown[] => {
  if (!Array.isArray(answer)) throw unreadable();
  return answer;
};
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isNames = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((name) => typeof name === 'string');
const unreadable = (): RedisFailure => new RedisFailure('other', 'Redis answered the sessions in a form that it does not have');
