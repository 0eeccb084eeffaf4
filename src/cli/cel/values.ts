import { sameJson } from '../../inject/raw.ts';
import { CelError, NoSuchKey } from './tokens.ts';

/** `optional` of CEL: what `.?` and `[?]` give. */
export class Optional {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
  get isPresent(): boolean {
    return this.value !== undefined;
  }
}

/** An object of which an apiserver knows more than we do: what is not among the members is no empty answer. */
export class PartlyKnown {
  readonly members: Readonly<Record<string, unknown>>;
  constructor(members: Readonly<Record<string, unknown>>) {
    this.members = members;
  }
}

export function isMap(value: unknown): value is Record<string, unknown> {
  const isOurs = value instanceof Optional || value instanceof PartlyKnown;
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isOurs;
}

/** `has(a.b)`: whether `b` is in what `a` is, which has to be there itself (cel-spec, "Field Selection"). */
export function hasField(of: unknown, key: string): boolean {
  if (of instanceof Optional) return of.isPresent && hasField(of.value, key);
  return member(of, key) !== undefined;
}

/** Member of a map or item of a list; undefined where it is not there. @throws CelError for anything else. */
function member(of: unknown, key: unknown): unknown {
  if (of instanceof PartlyKnown) {
    if (typeof key === 'string' && Object.hasOwn(of.members, key)) return of.members[key];
    throw new CelError(`${String(key)} is not known here`);
  }
  if (isMap(of)) return typeof key === 'string' && Object.hasOwn(of, key) ? of[key] : undefined;
  if (Array.isArray(of) && typeof key === 'number') return of[key];
  throw new CelError(`no ${String(key)} in ${of === null ? 'null' : typeof of}`);
}

/** `a.b`, `a[b]`, and with `isOptional` `a.?b`, `a[?b]`; of an optional, always an optional. */
export function select(of: unknown, key: unknown, isOptional: boolean): unknown {
  if (of instanceof Optional) return of.isPresent ? new Optional(member(of.value, key)) : of;
  const found = member(of, key);
  if (isOptional) return new Optional(found);
  if (found === undefined) throw new NoSuchKey(key);
  return found;
}

export function same(a: unknown, b: unknown): boolean {
  if (a instanceof Optional && b instanceof Optional) return a.isPresent === b.isPresent && (!a.isPresent || same(a.value, b.value));
  return !(a instanceof Optional) && !(b instanceof Optional) && sameJson(a, b);
}

export function truth(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new CelError('not a truth value');
  return value;
}

/** What `exists`, `filter` and the like go over: a list's items, a map's keys. */
export function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isMap(value)) return Object.keys(value);
  throw new CelError('neither list nor map');
}

export function sizeOf(value: unknown): number {
  return typeof value === 'string' ? [...value].length : itemsOf(value).length;
}

export function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(whole)) return whole.some((each) => same(each, part));
  if (isMap(whole)) return typeof part === 'string' && Object.hasOwn(whole, part);
  throw new CelError('`in` wants a list or a map');
}

export function plus(a: unknown, b: unknown): unknown {
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  throw new CelError('`+` of two kinds');
}

export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new CelError('not comparable');
}
