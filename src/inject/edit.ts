import { applyInPlace, type PatchOp, pointer } from './apply-patch.ts';
import { copyJson, listAt, objectAt, type Path, sameJson, valueAt } from './raw.ts';

/** A copy of an object that is edited, and the patch that does the same to the original. */
export interface Edit {
  /** The object as edited so far. */
  readonly root: unknown;
  readonly patch: readonly PatchOp[];
  /** Sets a member of an object, missing parents included; nothing where the value is already so. */
  set(path: Path, value: unknown): void;
  /** Inserts into a list, which is made where it is missing; an index beyond the end appends. */
  insert(path: Path, index: number, value: unknown): void;
  /** Takes away what stands there, if anything does. */
  remove(path: Path): void;
}

/** Starts an edit; the object given is never changed. */
export function createEdit(object: unknown): Edit {
  const holder = { root: copyJson(object) };
  const patch: PatchOp[] = [];

  function apply(op: PatchOp): void {
    applyInPlace(holder, op);
    patch.push(op);
  }

  // `annotations: null` is legal in a manifest and means that there are none.
  const isAbsent = (path: Path) => (valueAt(holder.root, path) ?? undefined) === undefined;

  function set(path: Path, value: unknown): void {
    if (sameJson(valueAt(holder.root, path), value)) return;
    const depth = path.findIndex((_, index) => isAbsent(path.slice(0, index + 1)));
    if (depth === -1) apply({ op: 'replace', path: pointer(path), value });
    else apply({ op: 'add', path: pointer(path.slice(0, depth + 1)), value: nest(path.slice(depth + 1), value) });
  }

  function insert(path: Path, index: number, value: unknown): void {
    if (isAbsent(path)) {
      set(path, [value]);
      return;
    }
    const { length } = listAt(holder.root, ...path);
    apply({ op: 'add', path: pointer([...path, index >= length ? '-' : index]), value });
  }

  function remove(path: Path): void {
    if (valueAt(holder.root, path) !== undefined) apply({ op: 'remove', path: pointer(path) });
  }

  return {
    get root() {
      return holder.root;
    },
    patch,
    set,
    insert,
    remove,
  };
}

/** Takes items out of a list, and the list that it leaves empty; whether there were any. */
export function removeFrom(edit: Edit, list: Path, isGone: (item: unknown) => boolean): boolean {
  const found = listAt(edit.root, ...list).flatMap((item, index) => (isGone(item) ? [index] : []));
  for (const index of found.toReversed()) edit.remove([...list, index]);
  if (found.length > 0) removeEmpty(edit, list);
  return found.length > 0;
}

/** Takes away a list or map that has nothing in it. */
export function removeEmpty(edit: Edit, path: Path): void {
  const value = valueAt(edit.root, path);
  const isEmpty = Array.isArray(value) ? value.length === 0 : Object.keys(objectAt(edit.root, ...path)).length === 0;
  if (typeof value === 'object' && value !== null && isEmpty) edit.remove(path);
}

function nest(path: Path, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value);
}
