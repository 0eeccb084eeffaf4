import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionKeys } from '../../sidecar/session-places-script.ts';
import type { Change } from '../../sidecar/session-store.ts';
import type { SharedRedis } from '../../sidecar/shared-redis.ts';
import { RedisSessionStore } from '../../sidecar/store-redis-sessions.ts';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { ModelPlaces, modelStore } from '../support/model-places.ts';
import { ownRedis } from '../support/redis.ts';
import { indexOf, readPlaces } from '../support/session-keys.ts';

let server: StartedRedis;
let redis: Redis;
let shared: SharedRedis;

beforeAll(async () => {
  server = await ownRedis();
  redis = new Redis(server.url);
  shared = {
    isUp: true,
    replicas: 1,
    clientHash: (client) => `h${client}`,
    onUp: () => undefined,
    run: (script, keys, args) => redis.eval(script.source, keys.length, ...keys, ...args),
  };
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const clients = ['', 'h1', 'h2', 'h3'];
const pods = ['pod-1', 'pod-2', 'web.0'];
const anyMs = fc.constantFrom(0, 1, 1000, 9_999, 10_000, 10_001, 60_000);
const anyPut = fc.record({
  kind: fc.constant('put' as const),
  name: fc.constantFrom(...names),
  client: fc.constantFrom(...clients),
  openedAgoMs: anyMs,
  idleForMs: fc.option(anyMs, { nil: undefined }),
  isReservation: fc.boolean(),
  isCertain: fc.boolean(),
});
const anyDrop = fc.record({ kind: fc.constant('drop' as const), name: fc.constantFrom(...names), isReaped: fc.boolean() });
const anyLimits = fc.record({
  max: fc.integer({ min: 1, max: 6 }),
  maxPerClient: fc.integer({ min: 1, max: 3 }),
  idleTimeoutMs: fc.constantFrom(20_000, 300_000),
  maxLifetimeMs: fc.constantFrom(50_000, 86_400_000),
  evictIdleMs: fc.constantFrom(undefined, 10_000, 1000),
});
const anyStep = fc.record({
  pod: fc.constantFrom(...pods),
  pauseMs: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(0, 1, 1000, 3000) },
    { weight: 1, arbitrary: fc.constantFrom(11_000, 30_000, 3_600_000) },
  ),
  call: fc.oneof(
    fc.record({
      kind: fc.constant('reserve' as const),
      name: fc.constantFrom('r:1', 'r:2', 'r:3'),
      client: fc.constantFrom(...clients),
      limits: anyLimits,
    }),
    fc.record({ kind: fc.constant('record' as const), changes: fc.array(fc.oneof(anyPut, anyDrop), { maxLength: 6, size: 'max' }) }),
    fc.record({ kind: fc.constant('find' as const), name: fc.constantFrom(...names), client: fc.constantFrom(...clients) }),
    fc.record({ kind: fc.constantFrom('list' as const, 'leave' as const) }),
  ),
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

async function perform(store: RedisSessionStore | ReturnType<typeof modelStore>, call: Step['call']): Promise<unknown> {
  if (call.kind === 'reserve') return store.reserve(call.name, call.client, call.limits as never);
  if (call.kind === 'record') return store.record(call.changes as readonly Change[]);
  if (call.kind === 'find') return store.find(call.name, call.client);
  return call.kind === 'list' ? store.list() : store.leave();
}

describe('the session scripts', () => {
  it('[sessions:script-is-model] [sessions:no-drift] answer and keep what the model does, with an index and counts that agree with the places', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 40, size: 'max' }), async (steps) => {
        await redis.flushall();
        const model = new ModelPlaces();
        for (const { pod, pauseMs, call } of steps) {
          model.nowMs += pauseMs;
          const store = new RedisSessionStore({ redis: shared, pod, nowMs: () => model.nowMs });
          expect(await perform(store, call)).toEqual(await perform(modelStore(model, pod), call));
          const kept = await readPlaces(redis, '');
          expect(kept.places).toEqual(model.places);
          expect(kept.index).toEqual(indexOf(kept.places, model.evicted));
          expect(kept.counts).toEqual(Object.fromEntries(countsOf(model)));
          expect(new Map(kept.gone.map(([name, score]) => [name, score]))).toEqual(model.gone);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('[sessions:nothing-left] leave no key behind when the last place is free and the last replica gone', async () => {
    await redis.flushall();
    const store = new RedisSessionStore({ redis: shared, pod: 'pod-1', nowMs: () => 1e12 });
    await store.reserve('r:1', 'h1', { max: 5, maxPerClient: 5, idleTimeoutMs: 1000, maxLifetimeMs: 1000 });
    const session = { kind: 'put', name: 'a', client: 'h1', openedAgoMs: 0, idleForMs: 0, isReservation: false, isCertain: true } as const;
    await store.record([session, { kind: 'drop', name: 'r:1', isReaped: false }]);
    expect((await redis.keys('*')).sort()).toEqual(
      sessionKeys(undefined)
        .filter((key) => !key.endsWith('gone'))
        .sort(),
    );
    for (const key of await redis.keys('*')) expect(await redis.pttl(key)).toBeGreaterThan(0);
    await store.record([{ kind: 'drop', name: 'a', isReaped: false }]);
    expect(await redis.keys('*')).toEqual(['sessions:pods']);
    await store.leave();
    expect(await redis.dbsize()).toBe(0);
  });

  it('[sessions:pages] lists, frees and gives back more places than one call takes', async () => {
    await redis.flushall();
    let nowMs = 1e12;
    const store = new RedisSessionStore({ redis: shared, pod: 'pod-1', nowMs: () => nowMs });
    const put = { kind: 'put', client: '', openedAgoMs: 0, idleForMs: 0, isReservation: false, isCertain: true } as const;
    const fill = async () => store.record(Array.from({ length: 1201 }, (_, i) => ({ ...put, name: `n${i}` })));
    expect(await fill()).toMatchObject({ count: 1201 });
    expect(new Set((await store.list()).map(({ name }) => name)).size).toBe(1201);
    await store.leave();
    expect(await redis.dbsize()).toBe(0);
    await fill();
    nowMs += 10_001;
    const other = new RedisSessionStore({ redis: shared, pod: 'pod-2', nowMs: () => nowMs });
    // What is left of a dead pod is nobody's.
    expect(await other.find('n999', '')).toEqual({ kind: 'unknown' });
    expect(await other.record([{ ...put, name: 'n999' }])).toEqual({ count: 1, evicted: [], gone: [], lost: [] });
    await other.record([{ kind: 'drop', name: 'n999', isReaped: false }]);
    for (let i = 0; i < 3; i++) await other.record([]);
    expect(await redis.keys('*')).toEqual(['sessions:pods']);
  });
});

function countsOf({ places }: ModelPlaces): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { client } of places.values()) counts.set(client || '-', (counts.get(client || '-') ?? 0) + 1);
  return counts;
}
