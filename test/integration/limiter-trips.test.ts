import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Limiter } from '../../sidecar/limiter.ts';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { watchedLimiter } from '../support/limiter.ts';
import { administer, ownRedis } from '../support/redis.ts';
import { charge } from '../unit/policy/limits.ts';

/** Calls that one script takes at most. */
const BATCH = 128;
let server: StartedRedis;
let limiter: Limiter;

beforeAll(async () => {
  server = await ownRedis();
  limiter = watchedLimiter({ url: server.url, commandDeadlineMs: 20_000 }).limiter;
  expect(await limiter.start()).toEqual({ ready: true });
});
afterAll(async () => {
  await limiter.stop();
  await server.stop();
});

/** What Redis counted of some commands, as clients or scripts gave them. */
async function counted(): Promise<Record<'evalsha' | 'eval' | 'failed' | 'beats' | 'buckets', number>> {
  const info = await administer(server.url, (redis) => redis.info('commandstats'));
  const of = (command: string, what: string): number =>
    Number(new RegExp(`^cmdstat_${command}:.*\\b${what}=(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return {
    evalsha: of('evalsha', 'calls'),
    eval: of('eval', 'calls'),
    failed: of('evalsha', 'failed_calls'),
    beats: of('zadd', 'calls'),
    buckets: of('get', 'calls') - of('zadd', 'calls'),
  };
}
/** Trips to Redis that the work took, those of heartbeats aside, and how many buckets were read in all. */
async function trips(work: () => Promise<unknown>) {
  const before = await counted();
  await work();
  const after = await counted();
  const {
    evalsha,
    eval: evals,
    failed,
    beats,
    buckets,
  } = Object.fromEntries(Object.entries(after).map(([key, value]) => [key, value - before[key as keyof typeof before]])) as typeof after;
  return { trips: evalsha + evals - beats, second: evals + failed, buckets };
}
const decide = (): Promise<unknown> => limiter.decide([charge('100000/1h'), charge('100000/1h', { name: 't:eA' })], 'closed');
const together = (calls: number) => () => Promise.all(Array.from({ length: calls }, decide));

describe('trips to Redis', () => {
  it('[limiter:one-trip] are one for each decision that comes alone, the first one too', async () => {
    const one = await trips(decide);
    expect(one).toEqual({ trips: 1, second: 0, buckets: 2 });
    const many = await trips(async () => {
      for (let i = 0; i < 40; i++) await decide();
    });
    expect(many).toEqual({ trips: 40, second: 0, buckets: 80 });
  });

  it('[limiter:one-call-a-tick] are one for all decisions that wait in a turn of the event loop, and read each bucket once', async () => {
    expect(await trips(together(BATCH))).toEqual({ trips: 1, second: 0, buckets: 2 });
    expect(await trips(together(4 * BATCH))).toEqual({ trips: 4, second: 0, buckets: 8 });
  });

  it('[limiter:one-trip] are two for the decision at which Redis has forgotten the script', async () => {
    await administer(server.url, (redis) => redis.script('FLUSH'));
    expect(await trips(decide)).toMatchObject({ trips: 2, second: 2 });
    expect(await trips(decide)).toMatchObject({ trips: 1, second: 0 });
  });
});
