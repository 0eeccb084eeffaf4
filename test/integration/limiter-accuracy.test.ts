import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { passedOf, startFleet } from '../support/fleet.ts';
import { ownRedis } from '../support/redis.ts';
import { bucket, charge } from '../unit/policy/limits.ts';

const LIMIT = '10/5s';
const REPLICAS = 3;
/** A minute of it, through whole sidecars, is in sidecar-fleet.test.ts. */
const DURATION_MS = 10_000;

/** mulberry32: numbers in [0, 1) that a seed repeats. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A bucket of real numbers. */
class Ideal {
  admitted = 0;
  readonly #limit = bucket(LIMIT);
  #tokens = this.#limit.maxTokens;
  #atMs: number | undefined;

  burst(calls: number, nowMs: number): void {
    const { maxTokens, refillPeriodMs } = this.#limit;
    this.#tokens = Math.min(maxTokens, this.#tokens + ((nowMs - (this.#atMs ?? nowMs)) * maxTokens) / refillPeriodMs);
    this.#atMs = nowMs;
    const taken = Math.min(calls, Math.floor(this.#tokens + 1e-9));
    this.#tokens -= taken;
    this.admitted += taken;
  }
}

describe('three sidecars and one bucket', () => {
  it(
    '[limiter:accurate] admit of random bursts what an ideal bucket does, within one token',
    async () => {
      const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
      console.info(`seed ${seed} (SEED=${seed} repeats it)`);
      const random = randomOf(seed);
      const server = await ownRedis();
      const redis = new Redis(server.url);
      // What is tested here is the counting: on a busy machine a decision may take longer than in service it may.
      const fleet = await startFleet(REPLICAS, { url: server.url, commandDeadlineMs: 20_000 });
      const clockMs = async (): Promise<number> => {
        const [seconds, micros] = await redis.time();
        return Number(seconds) * 1000 + Number(micros) / 1000;
      };
      // Redis decided somewhere between the two times that are read around a burst.
      const [early, late] = [new Ideal(), new Ideal()];
      const { maxTokens, refillPeriodMs } = bucket(LIMIT);
      let [admitted, calls, bursts, widestMs, worst] = [0, 0, 0, 0, 0];
      const endMs = performance.now() + DURATION_MS;
      while (performance.now() < endMs) {
        const sizes = fleet.limiters.map(() => Math.floor(random() * 8));
        const size = sizes.reduce((sum, each) => sum + each, 0);
        const beforeMs = await clockMs();
        const outcomes = await Promise.all(
          fleet.limiters.flatMap((limiter, i) => Array.from({ length: sizes[i] ?? 0 }, () => limiter.decide([charge(LIMIT)], 'closed'))),
        );
        const afterMs = await clockMs();
        early.burst(size, beforeMs);
        late.burst(size, afterMs);
        admitted += passedOf(outcomes);
        calls += size;
        bursts++;
        widestMs = Math.max(widestMs, afterMs - beforeMs);
        const unsure = (widestMs * maxTokens) / refillPeriodMs;
        const [least, most] = [Math.min(early.admitted, late.admitted), Math.max(early.admitted, late.admitted)];
        worst = Math.max(worst, least - admitted, admitted - most);
        expect(admitted).toBeLessThanOrEqual(most + 1 + unsure);
        expect(admitted).toBeGreaterThanOrEqual(least - 1 - unsure);
        // Now and then long enough for a full bucket.
        await new Promise((resolve) => setTimeout(resolve, random() < 0.1 ? 6000 * random() : 800 * random()));
      }
      console.info(
        `${calls} calls in ${bursts} bursts: ${admitted} admitted, ideal ${early.admitted} to ${late.admitted}, ` +
          `never further than ${worst} from it; a burst took ${widestMs.toFixed(0)} ms at most`,
      );
      expect(fleet.outages).toBe(0);
      expect(calls).toBeGreaterThan(admitted);
      await fleet.stop();
      redis.disconnect();
      await server.stop();
    },
    2 * DURATION_MS,
  );
});
