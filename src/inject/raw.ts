/**
 * Reading JSON of which we know only a part. Nothing is converted to a typed model: a model drops
 * the fields that it doesn't know (a stale client once deleted `restartPolicy: Always` that way).
 */
export type Raw = Readonly<Record<string, unknown>>;
export type Path = readonly (string | number)[];

/** True for an object of JSON, which a list is not. */
export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; anything else reads as an empty one. */
export function objectAt(root: unknown, ...path: Path): Raw {
  const value = valueAt(root, path);
  return isRaw(value) ? value : {};
}

/** The value as a list; anything else reads as an empty one. */
export function listAt(root: unknown, ...path: Path): readonly unknown[] {
  const value = valueAt(root, path);
  return Array.isArray(value) ? value : [];
}

/** The value as text, `''` where there is none. */
export function textAt(root: unknown, ...path: Path): string {
  const value = valueAt(root, path);
  return typeof value === 'string' ? value : '';
}

/** What stands at the path, `undefined` where a step leads nowhere. */
export function valueAt(root: unknown, path: Path): unknown {
  let here = root;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}

/** Only the entries with text as their value: annotations, labels. */
export function textsAt(root: unknown, ...path: Path): Record<string, string> {
  const texts = Object.entries(objectAt(root, ...path)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}

/** Equal as JSON: the order of keys means nothing, that of lists does. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((value, index) => sameJson(value, b[index]));
  }
  if (!isRaw(a) || !isRaw(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}

/** A copy that shares nothing with what it was made from; `structuredClone` takes some ten times as long for the same. */
export function copyJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => copyJson(each)) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    // Set like any other key it would be the prototype of the copy.
    if (key === '__proto__')
      Object.defineProperty(copy, key, { value: copyJson(member), writable: true, enumerable: true, configurable: true });
    else copy[key] = copyJson(member);
  }
  return copy as T;
}
