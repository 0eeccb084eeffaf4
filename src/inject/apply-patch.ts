import { copyJson } from './raw.ts';

/** One operation of a JSON patch (RFC 6902), of the three kinds that we write. */
export type PatchOp =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** A JSON pointer (RFC 6901 §3: `~` is written `~0`, `/` is written `~1`). */
export function pointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The steps of a JSON pointer; the order of the two replacements is RFC 6901 §4's. */
export function steps(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw new Error(`not a JSON pointer: ${path}`);
  return path
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A patched copy; throws where RFC 6902 calls the operation an error (a target that is not there, an index beyond the end). */
export function applyPatch(target: unknown, patch: readonly PatchOp[]): unknown {
  const holder = { root: copyJson(target) };
  for (const op of patch) applyInPlace(holder, op);
  return holder.root;
}

/** Changes `holder.root` itself. */
export function applyInPlace(holder: { root: unknown }, op: PatchOp): void {
  const path = ['root', ...steps(op.path)];
  const last = path[path.length - 1] as string;
  let parent: unknown = holder;
  for (const step of path.slice(0, -1)) parent = member(parent, step, op.path);
  if (Array.isArray(parent)) applyToList(parent, last, op);
  else if (typeof parent === 'object' && parent !== null) applyToObject(parent as Record<string, unknown>, last, op);
  else throw new Error(`${op.op} ${op.path}: the parent is neither object nor list`);
}

function member(parent: unknown, step: string, path: string): unknown {
  if (Array.isArray(parent)) return parent[index(step, parent.length - 1, path)];
  if (typeof parent === 'object' && parent !== null && Object.hasOwn(parent, step)) return (parent as Record<string, unknown>)[step];
  throw new Error(`${path}: nothing at ${step}`);
}

function index(step: string, max: number, path: string): number {
  // RFC 6901 §4: digits without leading zeros.
  if (!/^(0|[1-9][0-9]*)$/.test(step) || Number(step) > max) throw new Error(`${path}: no index ${step}`);
  return Number(step);
}

function applyToList(list: unknown[], step: string, op: PatchOp): void {
  if (op.op === 'add') list.splice(step === '-' ? list.length : index(step, list.length, op.path), 0, copyJson(op.value));
  else if (op.op === 'remove') list.splice(index(step, list.length - 1, op.path), 1);
  else list[index(step, list.length - 1, op.path)] = copyJson(op.value);
}

function applyToObject(object: Record<string, unknown>, step: string, op: PatchOp): void {
  if (op.op !== 'add' && !Object.hasOwn(object, step)) throw new Error(`${op.op} ${op.path}: nothing there`);
  if (op.op === 'remove') delete object[step];
  else Object.defineProperty(object, step, { value: copyJson(op.value), writable: true, enumerable: true, configurable: true });
}
