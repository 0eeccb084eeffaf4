export interface LastKnownOptions {
  readonly maxAgeMs: number;
  /** The one asked for longest ago goes first. */
  readonly maxCount: number;
  /** As JSON; what is longer is not remembered, so that nobody fills the memory with annotations. */
  readonly maxChars: number;
  readonly clock: () => number;
}

/**
 * Answers what was last read where a read fails: an apiserver that starts, or is short of time, asks us for a judgement and
 * keeps us waiting for what we need for it. No answer is older than `maxAgeMs`; that there is none (undefined) is an
 * answer, and the last known is forgotten for it.
 */
export function createLastKnown<T>(
  read: (key: string) => Promise<T | undefined>,
  { maxAgeMs, maxCount, maxChars, clock }: LastKnownOptions,
): (key: string) => Promise<T | undefined> {
  const known = new Map<string, { readonly value: T; readonly readMs: number }>();

  return async function readOrRemember(key) {
    const askedMs = clock();
    try {
      const value = await read(key);
      known.delete(key);
      if (value === undefined || JSON.stringify(value).length > maxChars) return value;
      known.set(key, { value, readMs: askedMs });
      const [oldest] = known.keys();
      if (known.size > maxCount && oldest !== undefined) known.delete(oldest);
      return value;
    } catch (error) {
      const last = known.get(key);
      const ageMs = clock() - (last?.readMs ?? 0);
      if (last !== undefined && ageMs >= 0 && ageMs <= maxAgeMs) return last.value;
      throw error;
    }
  };
}
