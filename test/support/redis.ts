import { Redis } from 'ioredis';
import { findRedisBinary } from '../../src/build/find-redis.ts';
import { type RedisStart, type StartedRedis, startRedis } from '../../src/build/start-redis.ts';

/** A Redis of the test's own, which it may stop, flush and kill, whatever `REDIS_URL` says. */
export async function ownRedis(start: Omit<RedisStart, 'binary'> = {}): Promise<StartedRedis> {
  return startRedis({ ...start, binary: await findRedisBinary() });
}

/** A client for what the test itself does to Redis: `await administer(url, async (redis) => …)`. */
export async function administer<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  await redis.connect();
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Waits until the condition holds; fails with its description after the deadline. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>, deadlineMs = 10_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
