import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';

/** A key that still works and will not for ever. */
export interface Retirement {
  /** The first minor version without it: `0.3`. */
  readonly in: string;
  /** What to do: half a sentence, such as "use rate-limit". */
  readonly instead: string;
}

/**
 * A warning for each given key that retires. Two versions of the webhook run side by side during an upgrade, and pods
 * outlive both: so a key goes in two steps, a minor version apart (test/compatibility holds what each version had).
 */
export function warnOfRetirement<K extends string>(
  given: Iterable<K>,
  rows: Readonly<Record<K, { readonly retires?: Retirement }>>,
): Issue[] {
  return [...given].flatMap((key) => {
    const { retires } = rows[key];
    if (retires === undefined) return [];
    return [
      { code: 'RETIRING_KEY', path: [key], message: `version ${retires.in} does not know ${PREFIX}${key} any more; ${retires.instead}` },
    ];
  });
}
