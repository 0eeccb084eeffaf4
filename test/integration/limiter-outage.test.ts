/**
 * How much is let through beyond the limit by three sidecars with
 * `on-redis-failure: local` while their Redis dies, hangs, answers late, or
 * restarts empty.
 *
 * M tokens, r = M ÷ period, N replicas, calls of cost c, K outages. In T:
 *
 *   admitted ≤ M + r·T + K · (stale + max(0, N·c − M))
 *
 * stale = Σ (what a replica last heard to be left − what was left) ÷ N: nothing
 * where all asked lately, M·(N−1) ÷ N where one had emptied a bucket that the
 * others never saw. A Redis that restarted empty learns what was left from who
 * comes back first, and so admits what that one last heard too much, if others
 * heard less. Where only k of N lose Redis, they spend k ÷ N of what was left
 * beside it, and as much of the refill; it is debited when they are back.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, type StartedRedis } from '../../src/build/start-redis.ts';
import { type Fleet, passed, startFleet } from '../support/fleet.ts';
import { watchedLimiter } from '../support/limiter.ts';
import { administer, eventually, ownRedis } from '../support/redis.ts';
import { startSlowProxy } from '../support/slow-proxy.ts';
import { bucket, charge } from '../unit/policy/limits.ts';

const N = 3;
/** For deaths, which are seen at once: a busy machine is not taken for a hanging Redis. */
const PATIENT_MS = 10_000;
let cleanups: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  cleanups = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function redis(port?: number): Promise<StartedRedis> {
  const server = await ownRedis(port === undefined ? {} : { port });
  cleanups.push(() => server.stop());
  return server;
}
async function fleet(url: string, commandDeadlineMs = PATIENT_MS): Promise<Fleet> {
  const started = await startFleet(N, { url, commandDeadlineMs });
  cleanups.push(() => started.stop());
  return started;
}
async function kill(server: StartedRedis, all: Fleet): Promise<void> {
  process.kill(server.pid ?? 0, 'SIGKILL');
  await eventually('all have lost Redis', () => all.up === 0);
}
const allUp = (all: Fleet): Promise<void> => eventually('all have Redis again', () => all.up === N);

/** Counts what passes from now on, and how much the formula allows. */
function measure(all: Fleet, limit: string) {
  const { maxTokens, refillPeriodMs } = bucket(limit);
  const startMs = performance.now();
  let total = 0;
  return {
    charges: [charge(limit)],
    async call(timesEach: number): Promise<number> {
      const now = passed(await all.call([charge(limit)], timesEach));
      total += now;
      return now;
    },
    /** Prints what was measured. */
    holds(what: string, excess: number, atLeast: number): void {
      const most = maxTokens + ((performance.now() - startMs) * maxTokens) / refillPeriodMs + excess;
      console.info(`${what}: ${total} admitted of ${maxTokens}, bound ${most.toFixed(2)}, outages ${all.outages} of ${N} replicas`);
      expect(total).toBeLessThanOrEqual(most);
      expect(total).toBeGreaterThanOrEqual(atLeast);
    },
  };
}
/** Three that call by turns: the one that called first lacks the last two calls, the second one. */
const STALE_BY_TURNS = (2 + 1 + 0) / N;
const STALEST = N - 1;

describe('three replicas and local buckets', () => {
  it('[limiter:local-dies] share what was left when Redis dies, and give nothing twice when an empty one takes its place', async () => {
    const server = await redis();
    const all = await fleet(server.url);
    const measured = measure(all, '30/1h');
    expect(await measured.call(5)).toBe(15);
    await kill(server, all);
    await measured.call(20);
    measured.holds('dead', STALE_BY_TURNS, 30 - N);
    await redis(server.port);
    await allUp(all);
    await measured.call(20);
    measured.holds('restarted empty', STALE_BY_TURNS + STALEST, 30 - N);
  });

  it('[limiter:local-restarts-empty] tell a Redis that restarted empty what they knew of it, also where nobody called meanwhile', async () => {
    let server = await redis();
    const all = await fleet(server.url);
    const measured = measure(all, '40/1h');
    for (let cycle = 0; cycle < 3; cycle++) {
      await measured.call(4);
      await kill(server, all);
      server = await redis(server.port);
      await allUp(all);
    }
    await measured.call(12);
    measured.holds('three times empty', 3 * (STALE_BY_TURNS + STALEST), 40 - 1);
  });

  it('[limiter:local-hangs] share what was left while Redis hangs, and settle with it when it goes on', async () => {
    const server = await redis();
    const all = await fleet(server.url, 500);
    const measured = measure(all, '60/1h');
    expect(await measured.call(5)).toBe(15);
    process.kill(server.pid ?? 0, 'SIGSTOP');
    cleanups.push(async () => void process.kill(server.pid ?? 0, 'SIGCONT'));
    const local = await measured.call(5);
    expect(local).toBe(15);
    expect(all.up).toBe(0);
    process.kill(server.pid ?? 0, 'SIGCONT');
    await allUp(all);
    await measured.call(30);
    // What waited in the socket of a hung Redis may have been debited as well: one call of each.
    measured.holds('hung', STALE_BY_TURNS, 60 - 2 * N - N);
  });

  it('[limiter:local-slow] share what was left while Redis answers late, and settle with it when it is quick again', async () => {
    const server = await redis();
    const proxy = await startSlowProxy(server.port);
    cleanups.push(() => proxy.close());
    const all = await fleet(proxy.url, 400);
    const measured = measure(all, '60/1h');
    expect(await measured.call(5)).toBe(15);
    proxy.delayMs = 900;
    expect(await measured.call(5)).toBe(15);
    expect(all.up).toBe(0);
    const probesMs = 2500;
    await new Promise((resolve) => setTimeout(resolve, probesMs));
    expect(all.up).toBe(0);
    expect(await measured.call(5)).toBe(15);
    proxy.delayMs = 0;
    await allUp(all);
    await measured.call(30);
    measured.holds('slow', STALE_BY_TURNS, 60 - 2 * N - N);
  });

  it('[limiter:local-partial] debit what one of them spent that was cut off alone, when it is back', async () => {
    const server = await redis();
    const proxy = await startSlowProxy(server.port);
    cleanups.push(() => proxy.close());
    const others = await startFleet(2, { url: server.url, commandDeadlineMs: PATIENT_MS });
    const lonely = await startFleet(1, { url: proxy.url, commandDeadlineMs: 400 });
    cleanups.push(
      () => others.stop(),
      () => lonely.stop(),
    );
    await eventually('all three know of each other', () => lonely.believed === N && others.believed === N);
    const charges = [charge('30/1h')];
    const before = passed(await others.call(charges, 2)) + passed(await lonely.call(charges, 2));
    proxy.delayMs = 900;
    const alone = passed(await lonely.call(charges, 30));
    // Its share of the 24 that were left.
    expect([before, alone]).toEqual([6, 8]);
    proxy.delayMs = 0;
    await eventually('it has Redis again', () => lonely.up === 1);
    const after = passed(await others.call(charges, 30));
    console.info(`cut off alone: ${before} + ${alone} + ${after} admitted of 30`);
    expect(before + alone + after).toBeLessThanOrEqual(30);
    expect(before + alone + after).toBeGreaterThanOrEqual(29);
  });

  it('[limiter:local-unaware] let pass no more than the shares of those who never saw the bucket', async () => {
    const server = await redis();
    const all = await fleet(server.url);
    const measured = measure(all, '30/1h');
    let first = 0;
    for (let i = 0; i < 40; i++) {
      const outcome = await all.limiters[0]?.decide(measured.charges, 'local');
      if (outcome?.kind === 'decided' && outcome.decision.allowed) first++;
    }
    expect(first).toBe(30);
    await kill(server, all);
    await measured.call(40);
    measured.holds('unaware, after 30 by one', -30 + (30 * (N - 1)) / N, 0);
  });

  it('[limiter:local-excess] count less than one token each as one, and report by how much that is too much', async () => {
    const server = await redis();
    const all = await fleet(server.url);
    await kill(server, all);
    const measured = measure(all, '2/1h');
    await measured.call(5);
    measured.holds('below one token', N - 2, N);
    expect(all.excessTokens).toBeCloseTo(N - 2, 6);
    expect(all.warnings[0]).toMatch(/share \(1 of 3\) of the limit, and 0\.33 tokens were given beyond it, as on-redis-failure is "local"/);
  });
});

describe('local buckets of one replica', () => {
  it('[limiter:local-alone] hold the whole limit where Redis was never seen', async () => {
    const { limiter } = watchedLimiter({ url: `redis://127.0.0.1:${await freePort()}` });
    cleanups.push(() => limiter.stop());
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push(await limiter.decide([charge('2/1h')], 'local'));
    expect(outcomes).toMatchObject([
      { kind: 'decided-locally', decision: { allowed: true, states: [{ remaining: 1 }] } },
      { kind: 'decided-locally', decision: { allowed: true } },
      { kind: 'decided-locally', decision: { allowed: false, waitMs: expect.any(Number) } },
    ]);
  });

  it('[limiter:replicas-in-redis] are one of as many as have lately said in Redis that they live', async () => {
    const server = await redis();
    await administer(server.url, async (admin) => {
      const [seconds] = await admin.time();
      const key = 'mcp-sluice:{test/Deployment/fleet}:replicas';
      const nowMs = Number(seconds) * 1000;
      await admin.zadd(key, nowMs - 11_000, 'silent', nowMs + 3_600_000, 'of a clock that went back', nowMs + 1000, 'lively');
    });
    const alone = await startFleet(1, { url: server.url });
    cleanups.push(() => alone.stop());
    expect(alone.believed).toBe(2);
  });
});
