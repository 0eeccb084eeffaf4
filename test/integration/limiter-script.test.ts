import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limiterScript } from '../../sidecar/limiter-script.ts';
import { decodeBatch, encodeBatch } from '../../sidecar/store-redis.ts';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import type { Charge, Decision } from '../../src/policy/limiter.ts';
import { type BucketState, takeTokens } from '../../src/policy/token-bucket.ts';
import { ownRedis } from '../support/redis.ts';
import { charge } from '../unit/policy/limits.ts';
import { admittedWithin, anyBucket, anyPause, fasterThan } from '../unit/policy/traces.ts';

const script = limiterScript('argument');
const DAY_MS = 86_400_000;
let server: StartedRedis;
let redis: Redis;

beforeAll(async () => {
  server = await ownRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

async function decide(nowMs: number, ...calls: (readonly Charge[])[]): Promise<readonly Decision[]> {
  const batch = calls.map((charges) => ({ charges }));
  const { keys, args } = encodeBatch(batch, 'b:');
  return decodeBatch(await redis.eval(script.source, keys.length, ...keys, nowMs, ...args), batch);
}
async function stored(name: string): Promise<string | null> {
  return redis.get(`b:${name}`);
}
const rendered = (state: BucketState): string =>
  state.map(({ maxTokens, periodMs, micro, atMs }) => `${maxTokens} ${periodMs} ${micro} ${atMs}`).join(';');

describe('the limiter script', () => {
  it('[limiter:script-is-model] decides, waits and stores exactly as the model, in batches, with changing limits and a clock that jumps', async () => {
    const names = ['a', 'b', 'c'];
    const trace = fc.record({
      limits: fc.array(anyBucket, { minLength: 2, maxLength: 4 }),
      batches: fc.array(
        fc.record({
          pause: fc.oneof({ weight: 9, arbitrary: anyPause }, { weight: 1, arbitrary: fc.constantFrom(-0.001, -0.5, -3) }),
          of: fc.nat(),
          calls: fc.array(
            fc.array(fc.record({ name: fc.nat(), limit: fc.nat(), cost: fc.integer({ min: 1, max: 4 }) }), { minLength: 1, maxLength: 3 }),
            { minLength: 1, maxLength: 5 },
          ),
        }),
        { minLength: 1, maxLength: 25 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(trace, async ({ limits, batches }) => {
        await redis.flushall();
        const states = new Map<string, BucketState>();
        let nowMs = 1.9e12;
        for (const { pause, of, calls } of batches) {
          nowMs += Math.floor(pause * (limits[of % limits.length]?.refillPeriodMs ?? 0));
          const charged = calls.map((call) => {
            const charges = call.map(({ name, limit, cost }) =>
              charge('1/1s', { name: names[name % names.length] ?? '', bucket: limits[limit % limits.length] as Charge['bucket'], cost }),
            );
            return [...new Map(charges.map((one) => [one.name, one])).values()];
          });
          const expected = charged.map((charges) => takeTokens(states, charges, nowMs));
          expect(await decide(nowMs, ...charged)).toEqual(expected);
        }
        for (const [name, state] of states) expect((await stored(name)) ?? '').toBe(rendered(state));
      }),
      { numRuns: 150 },
    );
  });

  it('[limiter:script-is-model] stays exact for a billion tokens per 31 days, whose products no double holds', async () => {
    const huge = (cost: number) => [charge('1000000000/31d', { cost })];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 31 * DAY_MS }), fc.integer({ min: 1, max: 1_000_000_000 }), async (elapsedMs, cost) => {
        await redis.flushall();
        const states = new Map<string, BucketState>();
        for (const [nowMs, taken] of [
          [0, 1_000_000_000],
          [elapsedMs, cost],
          [elapsedMs, 1],
        ] as const) {
          expect(await decide(nowMs, huge(taken))).toEqual([takeTokens(states, huge(taken), nowMs)]);
        }
        expect(await stored('s')).toBe(rendered(states.get('s') ?? []));
      }),
      { numRuns: 300 },
    );
  });

  it('[limiter:rejected-writes-nothing] leaves every key as it was where a call is refused, its expiry too', async () => {
    await redis.flushall();
    const both = [charge('5/1m', { name: 'x' }), charge('1/1m', { name: 'y' })];
    await decide(1e12, both);
    const before = [await stored('x'), await stored('y'), await redis.pexpiretime('b:x'), await redis.dbsize()];
    const [refused] = await decide(1e12 + 1000, [...both, charge('1/1m', { name: 'z' })]);
    expect(refused).toMatchObject({ allowed: false, waitMs: 59_000 });
    expect([await stored('x'), await stored('y'), await redis.pexpiretime('b:x'), await redis.dbsize()]).toEqual(before);
  });

  it('[limiter:slow-refill] refills 1 per 31 days exactly although it is asked every 10 ms', async () => {
    await redis.flushall();
    const slow = [charge('1/31d')];
    await decide(0, slow);
    const asked = await Promise.all(Array.from({ length: 3000 }, (_, i) => decide(10 * (i + 1), slow)));
    expect(asked.every(([decision]) => decision?.allowed === false)).toBe(true);
    expect(await decide(31 * DAY_MS - 1, slow)).toMatchObject([{ allowed: false, waitMs: 1 }]);
    expect(await decide(31 * DAY_MS, slow)).toMatchObject([{ allowed: true }]);
  });

  it('[limiter:two-limits] admits no more than the larger of two limits that replicas alternate, plus one, in any span of time', async () => {
    const steps = fc.array(fc.record({ pause: anyPause, which: fc.nat(1), tries: fc.integer({ min: 1, max: 8 }) }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.tuple(anyBucket, anyBucket), steps, async (pair, trace) => {
        await redis.flushall();
        const [fast] = [...pair].sort(fasterThan);
        const admitted: { atMs: number; tokens: number }[] = [];
        let nowMs = 1e12;
        for (const { pause, which, tries } of trace) {
          nowMs += Math.floor(pause * (fast?.refillPeriodMs ?? 0));
          const call = [charge('1/1s', { bucket: pair[which] ?? pair[0] })];
          const decisions = await decide(nowMs, ...Array.from({ length: tries }, () => call));
          admitted.push({ atMs: nowMs, tokens: decisions.filter(({ allowed }) => allowed).length });
        }
        admittedWithin(admitted, pair);
      }),
      { numRuns: 100 },
    );
  });

  it('[limiter:ttl] keeps a key until its bucket is full, and a minute more', async () => {
    await redis.flushall();
    await decide(1e12, [charge('10/1h')]);
    const leftMs = await redis.pttl('b:s');
    expect(leftMs).toBeGreaterThan(360_000);
    expect(leftMs).toBeLessThanOrEqual(420_000);
  });

  it('decides calls of one batch one after the other', async () => {
    await redis.flushall();
    const call = [charge('2/1m')];
    expect((await decide(1e12, call, call, call)).map(({ allowed }) => allowed)).toEqual([true, true, false]);
  });
});
