import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { brief, type WatchedLimiter, watchedLimiter } from '../support/limiter.ts';
import { administer, ownRedis } from '../support/redis.ts';
import { charge } from '../unit/policy/limits.ts';

let server: StartedRedis;
let replicas: WatchedLimiter[];

beforeAll(async () => {
  server = await ownRedis();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  await administer(server.url, (redis) => redis.flushall());
  // What is tested here is the counting: on a busy machine a decision may take longer than in service it may.
  const options = { url: server.url, commandDeadlineMs: 20_000 };
  replicas = [watchedLimiter(options), watchedLimiter(options)];
  for (const { limiter } of replicas) expect(await limiter.start()).toEqual({ ready: true });
  return () => Promise.all(replicas.map(({ limiter }) => limiter.stop()));
});

async function decideAll(calls: number, ...charges: ReturnType<typeof charge>[]): Promise<Record<string, number>> {
  const outcomes = await Promise.all(Array.from({ length: calls }, (_, i) => replicas[i % 2]?.limiter.decide(charges, 'open')));
  return Object.groupBy(outcomes, (outcome) => (outcome ? brief(outcome) : '')) as never;
}
const counts = (groups: Record<string, unknown>) => Object.fromEntries(Object.entries(groups).map(([k, v]) => [k, (v as []).length]));

describe('the limiter', () => {
  it('[limiter:one-bucket] lets exactly the limit pass of 40 concurrent calls to two replicas', async () => {
    expect(counts(await decideAll(40, charge('7/1h')))).toEqual({ allowed: 7, refused: 33 });
  });

  it('[limiter:one-bucket] counts as exactly when more calls wait than one script call takes', async () => {
    expect(counts(await decideAll(600, charge('200/1h'), charge('300/1h', { name: 'c:x' })))).toEqual({ allowed: 200, refused: 400 });
  });

  it('[limiter:noscript] goes on when Redis forgets script and data in the middle', async () => {
    expect(counts(await decideAll(4, charge('3/1h')))).toEqual({ allowed: 3, refused: 1 });
    await administer(server.url, async (redis) => {
      await redis.flushall();
      await redis.script('FLUSH');
    });
    expect(counts(await decideAll(4, charge('3/1h')))).toEqual({ allowed: 3, refused: 1 });
  });

  it('[limiter:redis-clock] lets a refused call pass after the wait that it was told', async () => {
    const call = [charge('2/1s')];
    const { limiter } = replicas[0] as WatchedLimiter;
    await limiter.decide(call, 'open');
    await limiter.decide(call, 'open');
    const refused = await limiter.decide(call, 'open');
    if (refused.kind !== 'decided') throw new Error(refused.reason);
    expect(refused.decision).toMatchObject({ allowed: false, states: [{ remaining: 0 }] });
    expect(refused.decision.waitMs).toBeLessThanOrEqual(500);
    await new Promise((resolve) => setTimeout(resolve, refused.decision.waitMs + 2));
    expect(brief(await limiter.decide(call, 'open'))).toBe('allowed');
  });

  it('[limiter:owner-slot] keeps the buckets of an owner in one hash slot, apart from those of another', async () => {
    const other = watchedLimiter({ ...server, owner: 'test/Deployment/o{th}er' });
    await other.limiter.start();
    await decideAll(2, charge('1/1h'), charge('1/1h', { name: 't:eA' }));
    expect(brief(await other.limiter.decide([charge('1/1h')], 'open'))).toBe('allowed');
    await other.limiter.stop();
    const keys = await administer(server.url, (redis) => redis.keys('*'));
    expect(keys.sort()).toEqual([
      'mcp-sluice:{test/Deployment/o%7Bth%7Der}:b:s',
      'mcp-sluice:{test/Deployment/o%7Bth%7Der}:client-key',
      'mcp-sluice:{test/Deployment/o%7Bth%7Der}:replicas',
      'mcp-sluice:{test/Deployment/server}:b:s',
      'mcp-sluice:{test/Deployment/server}:b:t:eA',
      'mcp-sluice:{test/Deployment/server}:client-key',
      'mcp-sluice:{test/Deployment/server}:replicas',
    ]);
  });

  it('[limiter:client-hash] gives a client one hash in all replicas of an owner, another elsewhere, and never its name', async () => {
    const [a, b] = replicas.map(({ limiter }) => limiter.clientHash('alice'));
    expect(a).toBe(b);
    expect(a).toMatch(/^[\w-]{22}$/);
    const other = watchedLimiter({ ...server, owner: 'test/Deployment/other' });
    await other.limiter.start();
    expect(other.limiter.clientHash('alice')).not.toBe(a);
    await other.limiter.stop();
  });

  it('[limiter:foreign-value] survives a value in its key that is not its own', async () => {
    await administer(server.url, (redis) => redis.set('mcp-sluice:{test/Deployment/server}:b:s', 'nonsense'));
    expect(counts(await decideAll(3, charge('2/1h')))).toEqual({ allowed: 2, refused: 1 });
  });
});
