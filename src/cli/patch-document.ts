import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, visit, YAMLMap } from 'yaml';
import { applyPatch, type PatchOp, pointer, steps } from '../inject/apply-patch.ts';
import { type Path, sameJson } from '../inject/raw.ts';
import { plainJson } from './manifest.ts';

const MAX_ALIASES = 1000;

/**
 * Applies a patch to the object at the path of a YAML document, and to nothing else in it: comments, order and style
 * of the rest stay. Aliases are written out first, as an edit of one place must not show in another.
 */
export function patchDocument(document: Document.Parsed, at: Path, patch: readonly PatchOp[]): void {
  const prefix = pointer(at);
  const whole = patch.map((op) => ({ ...op, path: prefix + op.path }));
  const expected = applyPatch(plainJson(document), whole);
  expandAliases(document);
  for (const op of whole) applyOne(document, op);
  if (!sameJson(plainJson(document), expected)) throw new Error('the patched document is not the patched object');
}

function applyOne(document: Document.Parsed, op: PatchOp): void {
  const path = steps(op.path);
  const last = path[path.length - 1] ?? '';
  const parent = document.getIn(path.slice(0, -1), true);
  const node = op.op === 'remove' ? undefined : document.createNode(op.value);
  if (isSeq(parent)) {
    const index = last === '-' ? parent.items.length : Number(last);
    parent.items.splice(index, op.op === 'add' ? 0 : 1, ...(node ? [node] : []));
  } else if (isMap(parent)) {
    if (node) parent.set(last, node);
    else parent.delete(last);
  } else throw new Error(`${op.path}: nothing to patch`);
}

function expandAliases(document: Document.Parsed): void {
  let count = 0;
  visit(document, {
    Alias(_, alias) {
      count += 1;
      if (count > MAX_ALIASES) throw new Error(`more than ${MAX_ALIASES} aliases`);
      return alias.resolve(document)?.clone() as Node;
    },
  });
  if (count === 0) return;
  visit(document, {
    Node(_, node) {
      if (!isAlias(node)) delete node.anchor;
    },
    Map(_, map) {
      delete map.anchor;
      foldMerges(map);
    },
  });
}

/** `<<: {a: 1}` → `a: 1`, where the map has no `a` of its own. */
function foldMerges(map: YAMLMap): void {
  const isMerge = (pair: Pair) => isScalar(pair.key) && pair.key.source === '<<';
  const merges = map.items.filter(isMerge);
  map.items = map.items.filter((pair) => !isMerge(pair));
  for (const { value } of merges) {
    for (const source of isSeq(value) ? value.items : [value]) {
      if (!(source instanceof YAMLMap)) continue;
      foldMerges(source);
      for (const pair of source.items) if (!map.has(pair.key)) map.items.push(pair);
    }
  }
}
