// The same of both stores: memory, and Redis with time passed in.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { administer, ownRedis } from '../support/redis.ts';
import { ask, LIMITS, open, pass, slotOf, startReplica, type TestClock, type TestReplica } from '../support/sessions.ts';

let server: StartedRedis;
beforeAll(async () => {
  server = await ownRedis();
});
afterAll(async () => server.stop());

describe.each(['memory', 'Redis'])('session admission in %s', (kind) => {
  let clock: TestClock;
  let replica: TestReplica;
  beforeEach(async () => {
    await administer(server.url, (redis) => redis.flushall());
    clock = { nowMs: 1e9 };
    replica = await startReplica({ clock, url: kind === 'Redis' ? server.url : undefined });
  });
  afterEach(async () => replica.stop());
  const find = async (id: string, client?: string) => (await replica.admission.find(id, client)).kind;

  it('[sessions:cap] has as many places as the cap, and gives one back however a slot ends', async () => {
    const slots = [await slotOf(replica), await slotOf(replica), await slotOf(replica)];
    expect(await ask(replica)).toMatch(/^full /);
    slots[0]?.release();
    expect(await ask(replica)).toBe('ok');
    const session = slots[1]?.confirm('one');
    slots[2]?.confirm('two');
    expect(await ask(replica)).toBe('ok');
    session?.end();
    expect([await ask(replica), replica.admission.count]).toEqual(['ok', 1]);
    expect(replica.ended).toEqual([]);
  });

  it('[sessions:idempotent] releases, confirms and ends a second time without effect', async () => {
    const slot = await slotOf(replica, 'ann');
    const session = slot.confirm('one');
    slot.release();
    expect(slot.confirm('one')).toBe(session);
    expect(replica.admission.count).toBe(1);
    const other = await slotOf(replica, 'ann');
    other.release();
    other.release();
    session.end();
    session.end();
    await open(replica, 'two');
    await open(replica, 'three');
    await slotOf(replica);
    expect(await ask(replica)).toMatch(/^full/);
  });

  it('[sessions:client-cap] holds a client to its own cap, no other, and nobody without a name', async () => {
    await open(replica, 'one', 'ann');
    await open(replica, 'two', 'ann');
    expect(await ask(replica, 'ann')).toMatch(/^client-full /);
    expect([await ask(replica, 'bob'), await ask(replica)]).toEqual(['ok', 'ok']);
  });

  it('[sessions:idle] counts idleness from the end of the last request, and not during one', async () => {
    const session = await open(replica, 'one');
    await pass(clock, 299_000, replica);
    expect([await session.begin(), await session.begin()]).toEqual([true, true]);
    await pass(clock, 400_000, replica);
    session.finish();
    await pass(clock, 400_000, replica);
    session.finish();
    await pass(clock, 299_000, replica);
    expect(replica.ended).toEqual([]);
    await pass(clock, 1000, replica);
    expect(replica.ended).toEqual(['one idle']);
    expect([await find('one'), await session.begin(), replica.admission.count]).toEqual(['ended', false, 0]);
  });

  it('[sessions:lifetime] ends a session that is too old once nothing of it is in flight', async () => {
    replica.admission.retune({ ...LIMITS, maxLifetimeMs: 10_000 });
    const session = await open(replica, 'one');
    await session.begin();
    await pass(clock, 12_000, replica);
    expect(replica.ended).toEqual([]);
    session.finish();
    await pass(clock, 1000, replica);
    expect(replica.ended).toEqual(['one lifetime']);
  });

  it('[sessions:evict] closes, where the house is full, the longest idle of the client with most, and none in flight', async () => {
    replica.admission.retune({ ...LIMITS, max: 4, maxPerClient: 3, evictIdleMs: 30_000 });
    await open(replica, 'bob-1', 'bob');
    const busy = await open(replica, 'ann-1', 'ann');
    await pass(clock, 10_000, replica);
    await open(replica, 'ann-2', 'ann');
    await pass(clock, 1000, replica);
    await open(replica, 'ann-3', 'ann');
    await busy.begin();
    await pass(clock, 28_000, replica);
    expect(await ask(replica)).toBe('ok');
    // Ann has most, but what of hers is not in flight is not idle for long enough yet: Bob's goes.
    expect(replica.ended).toEqual(['bob-1 evicted']);
    await open(replica, 'bob-2', 'bob');
    expect(await ask(replica)).toBe('full 1000');
    await pass(clock, 1000, replica);
    expect([await ask(replica), replica.ended.at(-1)]).toEqual(['ok', 'ann-2 evicted']);
    expect([await find('ann-2', 'ann'), replica.ended.length]).toEqual(['ended', 2]);
  });

  it('[sessions:wait] says when the earliest place can fall free, of the client or of the house', async () => {
    await open(replica, 'one', 'ann');
    await pass(clock, 60_000, replica);
    const second = await open(replica, 'two', 'ann');
    await pass(clock, 10_000, replica);
    await open(replica, 'three', 'bob');
    expect([await ask(replica, 'ann'), await ask(replica, 'bob')]).toEqual(['client-full 230000', 'full 230000']);
    replica.admission.retune({ ...LIMITS, maxLifetimeMs: 90_000 });
    expect(await ask(replica)).toBe('full 20000');
    replica.admission.retune({ ...LIMITS, evictIdleMs: 100_000 });
    expect([await ask(replica), await ask(replica, 'ann')]).toEqual(['full 30000', 'client-full 230000']);
    replica.admission.retune(LIMITS);
    await second.begin();
    await pass(clock, 229_000, replica);
    expect([await ask(replica), replica.ended]).toEqual(['full 1000', []]);
    await pass(clock, 1000, replica);
    expect([await ask(replica), replica.ended]).toEqual(['ok', ['one idle']]);
  });

  it('[sessions:owned] answers everyone but the client that opened it as if it had never been', async () => {
    const session = await open(replica, 'one', 'ann');
    expect([await find('one', 'bob'), await find('one'), await find('none', 'ann')]).toEqual(['foreign', 'foreign', 'unknown']);
    expect(await replica.admission.find('one', 'ann')).toEqual({ kind: 'resumed', session });
  });

  it('[sessions:retune] keeps what is there where the cap is lowered, and takes no more', async () => {
    const first = await open(replica, 'one');
    await open(replica, 'two');
    await open(replica, 'three');
    replica.admission.retune({ ...LIMITS, max: 2 });
    expect(await ask(replica)).toMatch(/^full/);
    first.end();
    expect(await ask(replica)).toMatch(/^full/);
    replica.admission.retune(LIMITS);
    expect(await ask(replica)).toBe('ok');
  });

  it('[sessions:slot-expires] frees a slot that was forgotten, and counts a session that is confirmed all the same', async () => {
    const forgotten = await slotOf(replica);
    const sessions = [await open(replica, 'one'), await open(replica, 'two')];
    for (const session of sessions) await session.begin();
    await pass(clock, 599_000, replica);
    expect(await ask(replica)).toMatch(/^full/);
    await pass(clock, 1000, replica);
    const third = await open(replica, 'three');
    forgotten.confirm('late');
    expect([await ask(replica), replica.admission.count, await find('late')]).toEqual([expect.stringMatching(/^full/), 4, 'resumed']);
    third.end();
    expect(await ask(replica)).toMatch(/^full/);
    sessions[0]?.end();
    expect(await ask(replica)).toBe('ok');
  });

  it('[sessions:same-id] takes an id that the upstream gives twice for one session, and for the new one where the client is another', async () => {
    const first = await open(replica, 'one', 'ann');
    expect(await open(replica, 'one', 'ann')).toBe(first);
    const second = await open(replica, 'one', 'bob');
    expect([await first.begin(), await second.begin(), replica.admission.count]).toEqual([false, true, 1]);
    expect(replica.ended).toEqual(['one lost']);
    await open(replica, 'two');
    await open(replica, 'three');
    expect(await ask(replica)).toMatch(/^full/);
  });

  it('[sessions:stop] gives everything back when it stops, and leaves nothing running', async () => {
    const session = await open(replica, 'one', 'ann');
    await slotOf(replica);
    await replica.admission.stop();
    expect([replica.admission.count, await session.begin()]).toEqual([0, false]);
    expect(await administer(server.url, (redis) => redis.keys('*sessions:*'))).toEqual([]);
  });
});
