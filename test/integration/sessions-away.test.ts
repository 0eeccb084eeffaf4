import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OnFailure } from '../../sidecar/guarded-store.ts';
import { createLimiter } from '../../sidecar/limiter.ts';
import { Admission } from '../../sidecar/session-admission.ts';
import { RedisSessionStore } from '../../sidecar/store-redis-sessions.ts';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import type { SessionLimits } from '../../src/policy/session-admission.ts';
import { administer, eventually, ownRedis } from '../support/redis.ts';
import { readPlaces } from '../support/session-keys.ts';
import { ask, KEYS, LIMITS, open, pass, slotOf, startReplica, type TestClock, type TestReplica } from '../support/sessions.ts';
import { charge } from '../unit/policy/limits.ts';

const limits: SessionLimits = { ...LIMITS, max: 7, maxPerClient: 5 };
let clock: TestClock;
let server: StartedRedis;
let cleanups: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  clock = { nowMs: 1e9 };
  server = await ownRedis();
  cleanups = [() => server.stop()];
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function start(pod: string, onFailure: OnFailure = 'open'): Promise<TestReplica> {
  const replica = await startReplica({ clock, url: server.url, pod, limits, onFailure });
  cleanups.push(() => replica.stop());
  return replica;
}
const isUp = ({ limiter }: TestReplica) => limiter?.redis.isUp === true;
async function endRedis(...replicas: readonly TestReplica[]): Promise<void> {
  process.kill(server.pid ?? 0, 'SIGKILL');
  await eventually('it is known', () => replicas.every((replica) => !isUp(replica)));
}
/** An empty one, at the same place. */
async function startRedisAnew(...replicas: readonly TestReplica[]): Promise<void> {
  server = await ownRedis({ port: server.port });
  const again = server;
  cleanups.unshift(() => again.stop());
  for (const replica of replicas) await eventually('all is told', async () => isUp(replica) && (await replica.admission.settled()));
}
const stored = async () => (await administer(server.url, (redis) => readPlaces(redis, KEYS))).places;
/** Opens until there is no more. */
async function fill(replica: TestReplica, client?: string): Promise<number> {
  for (let count = 0; ; count++) {
    const reserved = await replica.admission.reserve(client);
    if (!reserved.ok) return count;
    reserved.slot.confirm(`${client}-${count}-${clock.nowMs}-${Math.random()}`);
  }
}

describe('sessions while Redis is away', () => {
  it.each(['open', 'local'] as const)('[sessions:away] take new ones within this replica’s share of both caps (%s)', async (onFailure) => {
    const one = await start('pod-1', onFailure);
    const two = await start('pod-2', onFailure);
    await eventually('each knows of the other', () => [one, two].every(({ limiter }) => limiter?.redis.replicas === 2));
    await endRedis(one, two);
    expect([await fill(one, 'ann'), await fill(one), await fill(two)]).toEqual([2, 1, 3]);
    expect([await ask(one, 'ann'), await ask(one)]).toEqual(['client-full 300000', 'full 300000']);
  });

  it('[sessions:away-closed] take no new ones where that is wanted, and go on with those that are known', async () => {
    const one = await start('pod-1', 'closed');
    const session = await open(one, 'one', 'ann');
    await endRedis(one);
    expect(await ask(one)).toBe('unavailable 1000');
    expect([session.begin(), (await one.admission.find('one', 'ann')).kind]).toEqual([true, 'resumed']);
    expect(await one.admission.find('elsewhere', 'ann')).toEqual({ kind: 'unknown' });
    session.finish();
    await pass(clock, 300_000, one);
    expect([one.ended, (await one.admission.find('one', 'ann')).kind]).toEqual([['one idle'], 'ended']);
  });

  it('[sessions:back] tell Redis all that they hold when it is back, though it is empty and that is more than the cap', async () => {
    const [one, two] = [await start('pod-1'), await start('pod-2')];
    const [ending, busy] = [await open(one, 'ending'), await open(one, 'busy')];
    for (let i = 0; i < 4; i++) await open(two, `two-${i}`);
    await slotOf(two);
    await endRedis(one, two);
    ending.end();
    await busy.begin();
    await open(one, 'new', 'ann');
    await startRedisAnew(one, two);
    expect((await stored()).size).toBe(7);
    expect([await ask(one), await ask(two)]).toEqual([expect.stringMatching(/^full/), expect.stringMatching(/^full/)]);
    expect([(await two.admission.find('new', 'ann')).kind, (await two.admission.find('ending', undefined)).kind]).toEqual([
      'elsewhere',
      'unknown',
    ]);
    expect([one.ended, two.ended]).toEqual([[], []]);
  });

  it('[sessions:hung] cost one deadline where Redis hangs, lose no place by it, and none is kept twice', async () => {
    const one = await startReplica({ clock, url: server.url, limits, commandDeadlineMs: 300 });
    cleanups.push(() => one.stop());
    process.kill(server.pid ?? 0, 'SIGSTOP');
    const slots = await Promise.all(Array.from({ length: 7 }, () => slotOf(one)));
    expect(isUp(one)).toBe(false);
    expect(await ask(one)).toMatch(/^full/);
    slots[0]?.release();
    process.kill(server.pid ?? 0, 'SIGCONT');
    // What it was asked before it hung, it does now: nobody wants those places.
    await eventually('it is told', async () => isUp(one) && (await one.admission.settled()) && (await stored()).size === 6);
    for (const slot of slots) slot.release();
    await eventually('nothing is left', async () => {
      await pass(clock, 1000, one);
      return (await stored()).size === 0;
    });
    expect(await fill(one)).toBe(7);
  });

  it('[sessions:rights] leave the limits alone where Redis does not let us keep sessions, and count them for themselves', async () => {
    const own = await ownRedis();
    const rights = ['eval', 'evalsha', 'get', 'set', 'time', 'zadd', 'zcard', 'zremrangebyscore', 'pexpire'].map((name) => `+${name}`);
    await administer(own.url, (admin) => admin.call('ACL', 'SETUSER', 'admin', 'on', '>word', '~*', '&*', '+@all'));
    const asAdmin = `redis://admin:word@127.0.0.1:${own.port}`;
    const setUser = (...rules: string[]) => administer(asAdmin, (admin) => admin.call('ACL', 'SETUSER', 'default', ...rules));
    await setUser('reset', 'on', 'nopass', '~*', ...rights);
    const limiter = createLimiter({ url: own.url, owner: 'o', commandDeadlineMs: 20_000 });
    await limiter.start();
    const store = new RedisSessionStore({ redis: limiter.redis, pod: 'pod-1' });
    const warnings: string[] = [];
    const events = { onEnded: () => undefined, onWarning: (message: string) => void warnings.push(message) };
    const admission = new Admission({ owner: 'o', limits: { ...limits, max: 1 }, events, store });
    cleanups.push(
      () => own.stop(),
      () => limiter.stop(),
      () => admission.stop(),
    );
    admission.start();
    expect(await admission.settled()).toBe(false);
    expect([await admission.reserve('ann'), await admission.reserve('bob')]).toMatchObject([{ ok: true }, { ok: false }]);
    expect(warnings).toEqual([expect.stringMatching(/can't run this command.*this replica counts its own/)]);
    expect(await limiter.decide([charge('5/1h')], 'closed')).toMatchObject({ kind: 'decided' });
    // What sessions need beyond the limits.
    const more = [
      'del',
      'hget',
      'hset',
      'hdel',
      'hlen',
      'zrem',
      'zscore',
      'zincrby',
      'zrevrange',
      'zrangebylex',
      'zlexcount',
      'zrangebyscore',
    ];
    const all = [...more, 'zremrangebyrank'].map((name) => `+${name}`);
    await setUser(...all);
    await eventually('it is told', () => admission.settled());
    expect(await admission.reserve('cid')).toMatchObject({ ok: false, refusal: { reason: 'full' } });
  });
});
