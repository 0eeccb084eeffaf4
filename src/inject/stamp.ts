import { createHash } from 'node:crypto';
import { PREFIX } from '../lib/prefix.ts';
import { PROPAGATED_KEY, STATUS_KEY } from './names.ts';

/** Equal to package.json's, which a test checks. */
export const VERSION = '0.2.0';

/** The stamp that a pod carries: our version and a hash of the effective configuration (contract §5), and what else is on record. */
export function stamp(effective: Readonly<Record<string, string>>, record: Readonly<Record<string, object>> = {}): string {
  const entries = Object.entries(configured(effective)).sort(([a], [b]) => (a < b ? -1 : 1));
  const kept = Object.entries(record).filter(([, each]) => Object.keys(each).length > 0);
  return JSON.stringify({ version: VERSION, config: hash(JSON.stringify(entries)).slice(0, 16), ...Object.fromEntries(kept) });
}

/** Enough to see that a value is no longer the one we wrote. */
export function shortHash(value: string): string {
  return hash(value).slice(0, 12);
}

/** Annotations of ours that a user writes: without the two that we write. */
export function configured(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).filter(([key]) => key.startsWith(PREFIX) && key !== STATUS_KEY && key !== PROPAGATED_KEY),
  );
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
