import type { Redis } from 'ioredis';

export interface ReadPlace {
  readonly client: string;
  readonly pod: string;
  readonly openedMs: number;
  readonly kind: 'idle' | 'busy' | 'reserved';
  readonly atMs: number;
}

export interface ReadKeys {
  readonly places: Map<string, ReadPlace>;
  /** Sorted. */
  readonly index: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly gone: readonly (readonly [string, number])[];
}

const KINDS = { i: 'idle', b: 'busy', r: 'reserved' } as const;

/** Everything that the session scripts keep under a prefix. */
export async function readPlaces(redis: Redis, prefix: string): Promise<ReadKeys> {
  const key = (name: string) => `${prefix}sessions:${name}`;
  const [stored, index, counts, gone] = await Promise.all([
    redis.hgetall(key('places')),
    redis.zrange(key('index'), '0', '-1'),
    redis.zrange(key('clients'), '0', '-1', 'WITHSCORES'),
    redis.zrange(key('gone'), '0', '-1', 'WITHSCORES'),
  ]);
  const places = Object.entries(stored).map(([name, text]): [string, ReadPlace] => {
    const [client = '', pod = '', opened, kind, at] = text.split(' ');
    return [
      name,
      { client: client === '-' ? '' : client, pod, openedMs: Number(opened), kind: KINDS[kind as keyof typeof KINDS], atMs: Number(at) },
    ];
  });
  return { places: new Map(places), index: [...index].sort(), counts: Object.fromEntries(pairs(counts)), gone: pairs(gone) };
}

/** The index that belongs to such places, made anew, sorted. */
export function indexOf(places: ReadonlyMap<string, ReadPlace>, evicted: ReadonlyMap<string, string>): readonly string[] {
  const stamp = (ms: number) => String(ms).padStart(15, '0');
  const marks = [...places].flatMap(([name, { client, pod, kind, openedMs, atMs }]) => {
    const due = {
      idle: [`i|${stamp(atMs)}|${name}`, `o|${stamp(openedMs)}|${name}`],
      reserved: [`x|${stamp(atMs)}|${name}`],
      busy: [],
    }[kind];
    return [`p|${pod}|${name}`, ...due, ...due.map((mark) => `c|${client || '-'}|${mark}`)];
  });
  return [...marks, ...[...evicted].map(([name, pod]) => `e|${pod}|${name}`)].sort();
}

function pairs(flat: readonly string[]): (readonly [string, number])[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? '', Number(flat[2 * i + 1])] as const);
}
