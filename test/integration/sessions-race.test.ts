import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { administer, ownRedis } from '../support/redis.ts';
import { readPlaces } from '../support/session-keys.ts';
import { KEYS, LIMITS, startReplica, type TestReplica } from '../support/sessions.ts';

const limits = { ...LIMITS, max: 100, maxPerClient: 10 };
const CALLS = 500;
let server: StartedRedis;
beforeAll(async () => {
  server = await ownRedis();
});
afterAll(async () => server.stop());

describe.each([
  { store: 'memory', replicas: 1 },
  { store: 'Redis', replicas: 3 },
])('500 concurrent reservations in $store with $replicas of us', ({ store, replicas: count }) => {
  it('[sessions:race] get exactly 100 places, after the end of all sessions exactly none is left, and nothing beside them', async () => {
    const url = store === 'Redis' ? server.url : undefined;
    const replicas: TestReplica[] = [];
    for (let i = 0; i < count; i++) replicas.push(await startReplica({ url, limits, pod: `pod-${i}` }));
    const keys = () => administer(server.url, (redis) => redis.keys('*'));
    const before = await keys();

    for (let round = 0; round < 3; round++) {
      // Anonymous, named, and more of each name than it may have.
      const client = (i: number) => (i % 3 === 0 ? undefined : `client-${i % 20}`);
      const calls = Array.from({ length: CALLS }, async (_, i) => {
        const reserved = await replicas[i % count]?.admission.reserve(client(i));
        return reserved?.ok ? { slot: reserved.slot, i } : undefined;
      });
      const given = (await Promise.all(calls)).filter((each) => each !== undefined);
      expect(given.length).toBe(100);
      const byClient = Object.values(Object.groupBy(given, ({ i }) => client(i) ?? ''));
      const named = byClient.filter((group) => client(group?.[0]?.i ?? 0) !== undefined);
      expect(Math.max(...named.map((group) => group?.length ?? 0))).toBeLessThanOrEqual(10);
      const sessions = given.map(({ slot, i }) => slot.confirm(`session-${round}-${i}`));
      expect(replicas.reduce((sum, { admission }) => sum + admission.count, 0)).toBe(100);
      for (const { admission } of replicas)
        expect(await admission.reserve(undefined)).toMatchObject({ ok: false, refusal: { reason: 'full' } });
      // An id that ends while the next are asked for.
      for (const session of sessions) session.end();
      for (const { admission } of replicas) expect(await admission.settled()).toBe(true);
    }

    expect(replicas.map(({ admission }) => admission.count)).toEqual(replicas.map(() => 0));
    if (store === 'Redis')
      expect(await administer(server.url, (redis) => readPlaces(redis, KEYS))).toMatchObject({ index: [], counts: {} });
    expect((await keys()).sort()).toEqual(before.sort());
    for (const replica of replicas) await replica.stop();
    expect((await keys()).filter((key) => key.includes('sessions:'))).toEqual([]);
  });

  it('[sessions:race] never get more than the cap while others end, and all that it allows afterwards', async () => {
    const url = store === 'Redis' ? server.url : undefined;
    const replicas: TestReplica[] = [];
    for (let i = 0; i < count; i++) replicas.push(await startReplica({ url, limits, pod: `pod-${i}` }));
    let live = 0;
    let most = 0;
    const work = async (worker: number): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        const reserved = await replicas[worker % count]?.admission.reserve(undefined);
        if (!reserved?.ok) continue;
        most = Math.max(most, ++live);
        await new Promise((resolve) => setImmediate(resolve));
        // Counted as gone before its place is: another can have that at once.
        live--;
        if (i % 3 === 0) reserved.slot.release();
        else reserved.slot.confirm(`${worker}-${i}`).end();
      }
    };
    await Promise.all(Array.from({ length: CALLS }, (_, worker) => work(worker)));
    expect(most).toBeLessThanOrEqual(100);
    expect(most).toBeGreaterThan(0);
    for (const { admission } of replicas) expect(await admission.settled()).toBe(true);
    const again = await Promise.all(Array.from({ length: CALLS }, (_, i) => replicas[i % count]?.admission.reserve(undefined)));
    expect(again.filter((each) => each?.ok).length).toBe(100);
    for (const replica of replicas) await replica.stop();
  });
});
