import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sessionKeys } from '../../sidecar/session-places-script.ts';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import type { SessionLimits } from '../../src/policy/session-admission.ts';
import { administer, eventually, ownRedis } from '../support/redis.ts';
import { indexOf, readPlaces } from '../support/session-keys.ts';
import { ask, KEYS, LIMITS, open, pass, slotOf, startReplica, type TestClock, type TestReplica } from '../support/sessions.ts';

let server: StartedRedis;
let clock: TestClock;
let started: TestReplica[] = [];
beforeAll(async () => {
  server = await ownRedis();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  await administer(server.url, (redis) => redis.flushall());
  clock = { nowMs: 1e9 };
});
afterEach(async () => {
  for (const replica of started) await replica.stop();
  started = [];
});

async function start(pod: string, limits: SessionLimits = LIMITS): Promise<TestReplica> {
  const replica = await startReplica({ clock, url: server.url, pod, limits });
  started.push(replica);
  return replica;
}
const stored = async () => (await administer(server.url, (redis) => readPlaces(redis, KEYS))).places;
const find = async ({ admission }: TestReplica, id: string, client?: string) => admission.find(id, client);

describe('replicas that share Redis', () => {
  it('[sessions:shared-cap] hold together what the cap allows, and a client to its own cap over all of them', async () => {
    const [one, two] = [await start('pod-1'), await start('pod-2')];
    await open(one, 'one', 'ann');
    await open(two, 'two', 'ann');
    expect([await ask(one, 'ann'), await ask(two, 'ann')]).toEqual([
      expect.stringMatching(/^client-full/),
      expect.stringMatching(/^client-full/),
    ]);
    await slotOf(one, 'bob');
    expect([await ask(one), await ask(two)]).toEqual([expect.stringMatching(/^full/), expect.stringMatching(/^full/)]);
  });

  it('[sessions:two-limits] never hold more than the larger of two caps that are in force at once', async () => {
    const [small, large] = [await start('pod-1', { ...LIMITS, max: 2 }), await start('pod-2', { ...LIMITS, max: 5 })];
    const given = [];
    for (let i = 0; i < 10; i++) given.push(await (i % 2 ? small : large).admission.reserve(undefined));
    expect(given.filter(({ ok }) => ok).length).toBe(5);
  });

  it('[sessions:elsewhere] know of a session where it is, whose it is, and that it was reaped', async () => {
    const [one, two] = [await start('pod-1'), await start('pod-2')];
    await open(one, 'one', 'ann');
    expect(await find(two, 'one', 'ann')).toEqual({ kind: 'elsewhere', pod: 'pod-1' });
    expect(await find(two, 'one', 'bob')).toEqual({ kind: 'foreign' });
    await pass(clock, 300_000, one, two);
    expect([await find(two, 'one', 'ann'), await find(one, 'one', 'bob')]).toEqual([{ kind: 'ended' }, { kind: 'ended' }]);
  });

  it('[sessions:dead-pod] free the places of a pod that was killed once it is believed dead, and not before', async () => {
    const [one, two] = [await start('pod-1'), await start('pod-2')];
    for (const id of ['one', 'two', 'three']) await open(one, id);
    await one.kill();
    await pass(clock, 7000, two);
    expect(await ask(two)).toMatch(/^full/);
    await pass(clock, 4000, two);
    expect([await ask(two), (await stored()).size]).toEqual(['ok', 0]);
    expect(await find(two, 'one')).toEqual({ kind: 'unknown' });
  });

  it('[sessions:paused-pod] count the sessions of a pod again that was only paused', async () => {
    const [one, two] = [await start('pod-1'), await start('pod-2')];
    const session = await open(one, 'one');
    await pass(clock, 12_000, two);
    expect((await stored()).size).toBe(0);
    await pass(clock, 2000, one, two);
    expect((await stored()).size).toBe(1);
    expect([await session.begin(), one.ended]).toEqual([true, []]);
  });

  it('[sessions:restart] know the sessions of a sidecar again that was killed and started under its name', async () => {
    const one = await start('pod-1');
    await open(one, 'one', 'ann');
    await pass(clock, 60_000, one);
    await open(one, 'two', 'ann');
    await slotOf(one);
    await one.kill();
    const again = await start('pod-1');
    // Its slots are nobody's any more.
    expect([again.admission.count, (await stored()).size, await ask(again, 'ann')]).toEqual([2, 2, expect.stringMatching(/^client-full/)]);
    expect(await find(again, 'one', 'bob')).toEqual({ kind: 'foreign' });
    const found = await find(again, 'one', 'ann');
    expect(found).toMatchObject({ kind: 'resumed' });
    if (found.kind === 'resumed') expect(await found.session.begin()).toBe(true);
    // The other is never asked for again: its place is free when its time is over.
    await pass(clock, 299_000, again);
    expect((await stored()).size).toBe(2);
    await pass(clock, 1000, again);
    expect([(await stored()).size, again.ended, again.admission.count]).toEqual([1, [], 1]);
  });

  it('[sessions:slot-expires] keep the slot of a slow initialize for as long as its replica lives', async () => {
    const [one, two] = [await start('pod-1'), await start('pod-2')];
    for (let i = 0; i < 3; i++) await slotOf(one);
    for (let second = 0; second < 70; second++) {
      await pass(clock, 1000, one, two);
      expect(await ask(two)).toMatch(/^full/);
    }
    await one.kill();
    await pass(clock, 11_000, two);
    expect(await ask(two)).toBe('ok');
  });

  it.each(sessionKeys(undefined))('[sessions:retold] tell all anew when Redis has evicted %s alone', async (key) => {
    const limits = { ...LIMITS, evictIdleMs: 10_000 };
    const [one, two] = [await start('pod-1', limits), await start('pod-2', limits)];
    await open(one, 'evicted', 'ann');
    await pass(clock, 1000, one, two);
    await open(one, 'kept', 'ann');
    await (await open(two, 'other')).begin();
    await pass(clock, 12_000, one, two);
    await slotOf(two);
    await administer(server.url, (redis) => redis.del(KEYS + key));
    await pass(clock, 7000, one, two);
    const kept = await administer(server.url, (redis) => readPlaces(redis, KEYS));
    expect([kept.places.size, kept.index]).toEqual([3, indexOf(kept.places, new Map())]);
    expect(Object.values(kept.counts).sort()).toEqual([1, 2]);
    expect([one.admission.count, two.admission.count, two.ended]).toEqual([1, 1, []]);
    expect(one.ended).toEqual(['evicted evicted']);
    await one.kill();
    await pass(clock, 11_000, two);
    expect((await stored()).size).toBe(2);
  });

  it('[sessions:retold] tell all anew when the key of the client hashes is another', async () => {
    const one = await start('pod-1');
    await open(one, 'one', 'ann');
    const before = one.limiter?.clientHash('ann');
    expect([...(await stored()).values()]).toMatchObject([{ client: before }]);
    await administer(server.url, (redis) => redis.set(`${KEYS}client-key`, 'a key that another replica made'));
    await eventually('the key is taken up', () => one.limiter?.clientHash('ann') !== before);
    await pass(clock, 1000, one);
    expect([...(await stored()).values()]).toMatchObject([{ client: one.limiter?.clientHash('ann') }]);
    expect(await find(one, 'one', 'ann')).toMatchObject({ kind: 'resumed' });
  });

  it('[sessions:evict-elsewhere] evict at another replica what is idle there, which ends it with its next beat', async () => {
    const limits = { ...LIMITS, evictIdleMs: 30_000 };
    const [one, two] = [await start('pod-1', limits), await start('pod-2', limits)];
    const first = await open(one, 'first');
    await pass(clock, 1000, one, two);
    await open(one, 'second');
    await open(one, 'third');
    await pass(clock, 30_000, one, two);
    await open(two, 'new');
    expect([one.ended, two.ended, await ask(two)]).toEqual([[], [], 'ok']);
    await pass(clock, 3000, one, two);
    expect(one.ended).toEqual(['first evicted', 'second evicted']);
    expect([await first.begin(), await find(two, 'first'), (await stored()).size]).toEqual([false, { kind: 'ended' }, 2]);
  });

  it('[sessions:wake] ask before a request goes on in a session that may have been evicted, and keep one that was not', async () => {
    const limits = { ...LIMITS, max: 2, evictIdleMs: 30_000 };
    const [one, two] = [await start('pod-1', limits), await start('pod-2', limits)];
    const [gone, kept] = [await open(one, 'gone'), await open(one, 'kept')];
    await pass(clock, 23_000, one, two);
    // Two beats before it can be evicted, nobody has to be asked.
    expect(kept.begin()).toBe(true);
    kept.finish();
    await pass(clock, 7000, one, two);
    await open(two, 'new');
    const begun = [gone.begin(), gone.begin()];
    expect(begun.every((answer) => answer !== true)).toBe(true);
    expect(await Promise.all(begun)).toEqual([false, false]);
    expect(one.ended).toEqual(['gone evicted']);
    await pass(clock, 20_000, one);
    const asked = [kept.begin(), kept.begin()];
    expect([asked.includes(true), await Promise.all(asked)]).toEqual([false, [true, true]]);
    kept.finish();
    await pass(clock, 60_000, one, two);
    // What is in flight is safe from then on; Redis knows it.
    expect([await ask(two), one.ended.length, (await stored()).size]).toEqual(['ok', 1, 1]);
    expect(two.ended).toEqual(['new evicted']);
    await open(two, 'newer');
    expect([await ask(two), one.ended.length]).toEqual([expect.stringMatching(/^full/), 1]);
  });

  it('[sessions:adopted-twice] leave a session that two of them adopted to the first', async () => {
    const [one, two] = [await start('pod-1'), await start('pod-2')];
    const [a, b] = [await slotOf(one, 'ann'), await slotOf(two, 'ann')];
    a.confirm('same');
    await one.admission.settled();
    b.confirm('same');
    await two.admission.settled();
    expect([one.ended, two.ended, (await stored()).size]).toEqual([[], ['same lost'], 1]);
    expect(await find(two, 'same', 'ann')).toEqual({ kind: 'elsewhere', pod: 'pod-1' });
  });

  it('[sessions:private] keep neither session ids nor names of clients in Redis', async () => {
    const one = await start('pod-1');
    await open(one, 'the-secret-session-id', 'https://issuer ann@example.org');
    await open(one, 'another-id', 'plain-ann');
    await pass(clock, 3000, one);
    const text = await administer(server.url, async (redis) => {
      const kept = [];
      for (const key of await redis.keys('*')) kept.push(key, (await redis.dump(key))?.toString() ?? '');
      return JSON.stringify([kept, await readPlaces(redis, KEYS)]);
    });
    expect(text).toContain('sessions:places');
    expect(text).not.toMatch(/secret-session|another-id|example\.org|plain-ann/);
  });

  it('[sessions:retold] tell a Redis that was emptied all they hold, beyond the cap too', async () => {
    const [one, two] = [await start('pod-1'), await start('pod-2')];
    await open(one, 'one', 'ann');
    const busy = await open(two, 'two', 'ann');
    await busy.begin();
    await administer(server.url, (redis) => redis.flushall());
    await open(two, 'three');
    await open(two, 'four');
    await pass(clock, 6000, one, two);
    await eventually('all is told', async () => (await stored()).size === 4);
    expect([await ask(one), await find(one, 'two', 'ann')]).toEqual([expect.stringMatching(/^full/), { kind: 'elsewhere', pod: 'pod-2' }]);
    expect([one.ended, two.ended]).toEqual([[], []]);
  });
});
