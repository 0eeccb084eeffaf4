import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { settleScript } from '../../sidecar/settle-script.ts';
import { Settlement, type SettlementPart } from '../../sidecar/settlement.ts';
import { encodeSettlement } from '../../sidecar/store-redis.ts';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { LocalBuckets } from '../../src/policy/local-buckets.ts';
import { ownRedis } from '../support/redis.ts';
import { charge } from '../unit/policy/limits.ts';

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
beforeEach(async () => void (await redis.flushall()));

const DAY_MS = 86_400_000;
const part = (number: number, spentTokens: number, mostTokens = 10, replicas = 2): SettlementPart => {
  const [baseMicro, nowMs] = [mostTokens * 1e6, performance.now()];
  const micro = baseMicro - spentTokens * replicas * 1e6;
  return { number, replicas, owed: [{ name: 's', maxTokens: 10, periodMs: 31 * DAY_MS, baseMicro, micro, atMs: nowMs }] };
};
/** Whole tokens that the bucket holds since. */
async function settle(given: SettlementPart): Promise<number> {
  const keys = ['settled:x', ...given.owed.map(({ name }) => `b:${name}`)];
  const answer = await redis.eval(settleScript.source, keys.length, ...keys, ...encodeSettlement(given, performance.now()));
  return Math.round((answer as number[])[0] as number) / 1e6;
}

describe('the settling script', () => {
  it('[limiter:settled-once] debits what was spent, once for each number however often it is sent', async () => {
    expect(await settle(part(1, 3))).toBeCloseTo(7, 3);
    expect(await settle(part(1, 3))).toBeCloseTo(7, 3);
    expect(await settle(part(2, 2))).toBeCloseTo(5, 3);
    expect(await settle(part(2, 2))).toBeCloseTo(5, 3);
    expect(await settle(part(3, 8))).toBe(0);
  });

  it('[limiter:settled-empty] takes an empty Redis down to what was left before, and leaves one that kept it as it was', async () => {
    expect(await settle(part(1, 0, 4))).toBeCloseTo(4, 3);
    expect(await settle(part(2, 0, 6))).toBeCloseTo(4, 3);
    expect(await redis.pttl('b:s')).toBeGreaterThan(DAY_MS);
  });

  it('writes nothing where there is nothing to change', async () => {
    expect(await settle(part(1, 0))).toBe(10);
    expect(await redis.keys('b:*')).toEqual([]);
  });
});

describe('a settlement', () => {
  it('[limiter:settled-once] sends a part without an answer again first, under its number, and in parts of 128 buckets', async () => {
    const buckets = new LocalBuckets();
    const spend = (count: number) => {
      for (let i = 0; i < count; i++) buckets.take([charge('10/1h', { name: `c:${i}` })], performance.now());
    };
    const sent: string[] = [];
    let answers = 0;
    const settlement = new Settlement(buckets, async ({ number, owed }) => {
      sent.push(`${number}: ${owed.length}`);
      if (answers-- <= 0) throw new Error('no answer');
      return owed.map(() => 5e6);
    });
    spend(200);
    answers = 1;
    await expect(settlement.settle('owed')).rejects.toThrow('no answer');
    expect(sent).toEqual(['1: 128', '2: 72']);
    spend(1);
    answers = 9;
    await settlement.settle('owed');
    expect(sent.slice(2)).toEqual(['2: 72', '3: 1']);
    await settlement.settle('owed');
    expect(sent).toHaveLength(4);
    await settlement.settle('all');
    expect(sent.slice(4)).toEqual(['4: 128', '5: 72']);
  });
});
