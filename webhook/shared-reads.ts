export interface SharedReadsOptions {
  readonly maxAgeMs: number;
  readonly clock: () => number;
}

/** One read for all who ask the same while it is under way and until it is `maxAgeMs` old; failures are shared only while under way. */
export function createSharedReads<T>(read: (key: string) => Promise<T>, { maxAgeMs, clock }: SharedReadsOptions) {
  const entries = new Map<string, { readonly found: Promise<T>; readonly startedMs: number }>();

  function forgetOld(nowMs: number): void {
    // In the order of insertion, so the first young one ends the search.
    for (const [key, { startedMs }] of entries) {
      if (nowMs - startedMs < maxAgeMs && nowMs >= startedMs) return;
      entries.delete(key);
    }
  }

  return function readShared(key: string): Promise<T> {
    const nowMs = clock();
    forgetOld(nowMs);
    const known = entries.get(key);
    if (known) return known.found;
    const found = read(key);
    const entry = { found, startedMs: nowMs };
    entries.set(key, entry);
    found.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    return found;
  };
}
