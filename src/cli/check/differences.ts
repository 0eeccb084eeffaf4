import { isRaw, sameJson } from '../../inject/raw.ts';

/** One way in which an object of a cluster is not what our manifests say. */
export interface Difference {
  /** For people: `matchConditions[no-mirror-pod].expression`. */
  readonly field: string;
  /** JSON Pointer into the object of the cluster; for what was taken away, to where it would be. */
  readonly pointer: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly found: unknown;
  readonly wanted: unknown;
}

interface Place {
  readonly field: string;
  readonly pointer: string;
}

/** What the webhook, or cert-manager in its place, writes by itself. */
const WRITTEN_LATER = ['caBundle'];

/**
 * Every difference between what an apiserver has and what our manifests say, below the place. What an apiserver fills in
 * by itself, an empty selector or list, is none; the members of named lists (`matchConditions`) go by their names.
 */
export function differencesOf(found: unknown, wanted: unknown, { field, pointer }: Place): Difference[] {
  if (same(found, wanted)) return [];
  const at = { field, pointer, found, wanted };
  if (isBlank(wanted)) return [{ ...at, change: 'added' }];
  if (isBlank(found)) return [{ ...at, change: 'removed' }];
  if (isRaw(found) && isRaw(wanted) && !field.endsWith('Selector')) {
    return Object.keys({ ...wanted, ...found })
      .filter((key) => !WRITTEN_LATER.includes(key))
      .flatMap((key) =>
        differencesOf(found[key], wanted[key], { field: field === '' ? key : `${field}.${key}`, pointer: `${pointer}/${escaped(key)}` }),
      );
  }
  const [theirs, ours] = [keyed(found), keyed(wanted)];
  if (theirs === undefined || ours === undefined) return [{ ...at, change: 'changed' }];
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((key) => {
    const index = theirs.get(key)?.index ?? theirs.size;
    // An expression is its own name, and too long for one.
    const name = /^[\w./-]{1,80}$/.test(key) ? `[${key}]` : `[${index}]`;
    return differencesOf(theirs.get(key)?.value, ours.get(key)?.value, { field: `${field}${name}`, pointer: `${pointer}/${index}` });
  });
}

/** As half a sentence: `failurePolicy is "Ignore", not "Fail"`. */
export function renderDifference({ field, change, found, wanted }: Difference): string {
  if (change === 'added') return `${field} was added${isShort(found) ? ` (${JSON.stringify(found)})` : ''}`;
  if (change === 'removed') return `${field} is gone${isShort(wanted) ? ` (${JSON.stringify(wanted)} in this version)` : ''}`;
  return isShort(found) && isShort(wanted)
    ? `${field} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`
    : `${field} is not that of this version`;
}

function isShort(value: unknown): boolean {
  return JSON.stringify(value).length <= 100;
}

function same(a: unknown, b: unknown): boolean {
  return sameJson(a, b) || (isBlank(a) && isBlank(b));
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** A list whose members have names, or expressions in their place; undefined for any other. */
function keyed(list: unknown): Map<string, { readonly index: number; readonly value: unknown }> | undefined {
  if (!Array.isArray(list)) return undefined;
  const keys = list.map((each) => (isRaw(each) ? (each['name'] ?? each['expression']) : undefined));
  if (!keys.every((key) => typeof key === 'string') || new Set(keys).size < keys.length) return undefined;
  return new Map(keys.map((key, index) => [key, { index, value: list[index] }]));
}

/** RFC 6901. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
