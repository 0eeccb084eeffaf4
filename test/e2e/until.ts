import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** Default 60 s. */
  readonly timeoutMs?: number;
  /** Between two looks; default 300 ms. */
  readonly everyMs?: number;
}

/** Looks until there is an answer other than undefined or false; at the end of patience tells what the last look saw. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>, options: UntilOptions = {}): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const end = Date.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    await sleep(options.everyMs ?? 300);
  } while (Date.now() < end);
  throw new Error(`waited ${timeoutMs} ms for ${what}; the last look: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
}
