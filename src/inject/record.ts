import { PREFIX } from '../lib/prefix.ts';
import type { Facts } from './facts.ts';
import { listAt, textAt, textsAt } from './raw.ts';
import { configured, readStamp, shortHash } from './stamp.ts';

/**
 * What injection wrote under names that are not ours, kept in the stamp: nobody but `explain` and `uninject` reads it, and
 * what it says of a value counts only while the value's hash is still the recorded one.
 */
export interface Additions {
  /** Key without our prefix → level that gave it (`namespace` or `cluster`), a space, hash of the value. */
  readonly inherited: Readonly<Record<string, string>>;
  /** Variables that `bind-env` set in the app. */
  readonly env: readonly string[];
  /** Container of the app → names of the entries whose variables it was given, with spaces between them. */
  readonly entryEnv: Readonly<Record<string, string>>;
  /** Secrets that were appended to `imagePullSecrets`. */
  readonly pullSecrets: readonly string[];
}

/** The record in a pod's or template's annotations; empty where there is none or it cannot be read. */
export function readAdditions(annotations: Readonly<Record<string, string>>): Additions {
  const status = readStamp(annotations);
  const names = (list: string) => listAt(status, list).filter((name): name is string => typeof name === 'string');
  return {
    inherited: textsAt(status, 'inherited'),
    env: names('env'),
    entryEnv: textsAt(status, 'entryEnv'),
    pullSecrets: names('pullSecrets'),
  };
}

/** The level that a recorded key was inherited from, while its value is the recorded one. */
export function levelOf(key: string, value: string, { inherited }: Additions): 'namespace' | 'cluster' | undefined {
  const name = key.slice(PREFIX.length);
  const [level, hash] = (Object.hasOwn(inherited, name) ? (inherited[name] ?? '') : '').split(' ');
  return (level === 'namespace' || level === 'cluster') && hash === shortHash(value) ? level : undefined;
}

/** What is inherited now, and what an earlier injection wrote down as inherited. */
export function inheritedNow(
  own: Readonly<Record<string, string>>,
  effective: Readonly<Record<string, string>>,
  { namespace }: Pick<Facts, 'namespace'>,
): Additions['inherited'] {
  const before = readAdditions(own);
  const found = Object.entries(configured(effective)).flatMap(([key, value]) => {
    const given = namespace.annotations[key] === value ? 'namespace' : 'cluster';
    const level = Object.hasOwn(own, key) ? levelOf(key, value, before) : given;
    return level === undefined ? [] : [[key.slice(PREFIX.length), `${level} ${shortHash(value)}`] as const];
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of the named entries that injection adds to a list, those that it adds now or added earlier. */
export function addedNow(list: readonly unknown[], wanted: readonly string[], before: readonly string[]): readonly string[] {
  const present = list.map((entry) => textAt(entry, 'name'));
  return wanted.filter((name) => !present.includes(name) || before.includes(name));
}
