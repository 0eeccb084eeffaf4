export interface SharedReadsOptions {
  readonly maxAgeMs: number;
  readonly clock: () => number;
}

interface Entry<T> {
  readonly found: Promise<T>;
  readonly startedMs: number;
  isAnswered: boolean;
}

/**
 * One read for all who ask the same while it is under way and until it is `maxAgeMs` old. Whoever asks in the second half
 * of that age has the next one made and does not wait for it, so that of those who ask all the time only the first one
 * waits. Failures are shared only while under way, and one ahead of time is nobody's.
 */
export function createSharedReads<T>(read: (key: string) => Promise<T>, { maxAgeMs, clock }: SharedReadsOptions) {
  const entries = new Map<string, Entry<T>>();
  const renewals = new Map<string, Entry<T>>();
  let sweptMs = clock();

  const isYoung = (entry: Entry<T> | undefined, nowMs: number): entry is Entry<T> =>
    entry !== undefined && nowMs - entry.startedMs < maxAgeMs && nowMs >= entry.startedMs;

  function forgetOld(nowMs: number): void {
    if (nowMs - sweptMs < maxAgeMs && nowMs >= sweptMs) return;
    sweptMs = nowMs;
    for (const map of [entries, renewals]) for (const [key, entry] of map) if (!isYoung(entry, nowMs)) map.delete(key);
  }

  function begin(key: string, nowMs: number, place: Map<string, Entry<T>>): Promise<T> {
    const entry: Entry<T> = { found: read(key), startedMs: nowMs, isAnswered: false };
    place.set(key, entry);
    entry.found.then(
      () => {
        entry.isAnswered = true;
        if (renewals.get(key) !== entry) return;
        renewals.delete(key);
        entries.set(key, entry);
      },
      () => {
        if (place.get(key) === entry) place.delete(key);
      },
    );
    return entry.found;
  }

  return function readShared(key: string): Promise<T> {
    const nowMs = clock();
    forgetOld(nowMs);
    const [known, renewal] = [entries.get(key), renewals.get(key)];
    if (!isYoung(known, nowMs)) {
      if (isYoung(renewal, nowMs)) return renewal.found;
      renewals.delete(key);
      return begin(key, nowMs, entries);
    }
    if (known.isAnswered && nowMs - known.startedMs >= maxAgeMs / 2 && !isYoung(renewal, nowMs)) void begin(key, nowMs, renewals);
    return known.found;
  };
}
