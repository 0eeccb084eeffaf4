import { MOST_TOMBSTONES, TOMBSTONE_LIFE_MS } from '../../sidecar/tombstones.ts';
import { administer } from '../support/redis.ts';
import { until } from '../support/until-true.ts';

/** What is remembered of reaped sessions: it goes with time. */
const TOMBSTONES = /:sessions:gone$/;
const PATIENCE_MS = 60_000;

/** All keys but that of the tombstones; once they are the awaited ones, or at the end of patience. */
export async function lastingKeys(url: string | undefined, awaited?: readonly string[]): Promise<readonly string[]> {
  if (url === undefined) return [];
  return administer(url, async (redis) => {
    let keys: readonly string[] = [];
    const look = async (): Promise<boolean> => {
      keys = (await redis.keys('*')).filter((key) => !TOMBSTONES.test(key)).sort();
      return awaited === undefined || `${keys}` === `${awaited}`;
    };
    await until(look, PATIENCE_MS).catch(() => undefined);
    return keys;
  });
}

/** Whether the tombstones are no more than may be, and go by themselves. */
export async function tombstones(url: string): Promise<{ readonly seen: string; readonly isBounded: boolean }> {
  return administer(url, async (redis) => {
    const key = (await redis.keys('*')).find((each) => TOMBSTONES.test(each));
    if (key === undefined) return { seen: 'none', isBounded: true };
    const [count, lifeMs] = [await redis.zcard(key), await redis.pttl(key)];
    return {
      seen: `${count}, gone in ${Math.ceil(lifeMs / 1000)} s (at most ${MOST_TOMBSTONES}, ${TOMBSTONE_LIFE_MS / 1000} s)`,
      isBounded: count <= MOST_TOMBSTONES && lifeMs > 0 && lifeMs <= TOMBSTONE_LIFE_MS,
    };
  });
}
