import { createHash } from 'node:crypto';
import { PREFIX } from '../lib/prefix.ts';
import { RETUNABLE } from '../settings/retune.ts';
import { PROPAGATED_KEY, STATUS_KEY } from './names.ts';
import { objectAt, type Raw, textAt } from './raw.ts';

/** Equal to package.json's, which a test checks. */
export const VERSION = '0.2.0';

/** Of an effective configuration. */
export interface Hashes {
  /** All of it (contract §5). */
  readonly config: string;
  /** What cannot change on a running pod. */
  readonly fixed: string;
}

/** The stamp that a pod carries: our version and the hashes of its effective configuration, and what else is on record. */
export function stamp(effective: Readonly<Record<string, string>>, record: Readonly<Record<string, object>> = {}): string {
  const kept = Object.entries(record).filter(([, each]) => Object.keys(each).length > 0);
  return JSON.stringify({ version: VERSION, ...configHashes(effective), ...Object.fromEntries(kept) });
}

/** Of the annotations of ours among these. */
export function configHashes(annotations: Readonly<Record<string, string>>): Hashes {
  const all = Object.entries(configured(annotations)).sort(([a], [b]) => (a < b ? -1 : 1));
  const fixed = all.filter(([key]) => !RETUNABLE.includes(key.slice(PREFIX.length)));
  return { config: hash(JSON.stringify(all)).slice(0, 16), fixed: hash(JSON.stringify(fixed)).slice(0, 16) };
}

/** Those in the stamp among a pod's annotations; undefined where they are not there. */
export function readHashes(annotations: Readonly<Record<string, string>>): Hashes | undefined {
  const stamped = readStamp(annotations);
  const [config, fixed] = [textAt(stamped, 'config'), textAt(stamped, 'fixed')];
  return config === '' || fixed === '' ? undefined : { config, fixed };
}

/** The stamp among a pod's annotations, which anybody may have written; empty where there is none or it cannot be read. */
export function readStamp(annotations: Readonly<Record<string, string>>): Raw {
  try {
    return objectAt(JSON.parse(annotations[STATUS_KEY] ?? '{}'));
  } catch {
    return {};
  }
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
