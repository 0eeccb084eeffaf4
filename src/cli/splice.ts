import { type Document, isMap, isNode, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import { sameJson } from '../inject/raw.ts';
import { isFlow, nextLine, pairOf, startOf } from './extent.ts';
import {
  addItems,
  addPairs,
  cutItem,
  cutMembers,
  cutPairs,
  rangeOf,
  refuse,
  replaceMember,
  type Splicing,
  type TextEdit,
  Unspliceable,
} from './splice-edits.ts';
import { type Style, writeForNull, writeInline } from './write-value.ts';

/**
 * The edits of a document's text after which it says `after` instead of `before`: what is added is written where it
 * belongs, what is gone is cut out, and every other byte stays. Undefined where that cannot be, as for a part that an
 * alias shares.
 */
export function spliceText(text: string, document: Document.Parsed, style: Style, before: unknown, after: unknown): TextEdit[] | undefined {
  const splicing: Splicing = { text, style, edits: [] };
  try {
    change(document.contents, before, after, splicing, 0);
  } catch (error) {
    if (error instanceof Unspliceable) return undefined;
    throw error;
  }
  return splicing.edits;
}

/** The text from `start` to `end` with its edits made. */
export function applyEdits(text: string, edits: readonly TextEdit[], start: number, end: number): string {
  let done = '';
  let at = start;
  // Stable: what is added at one place stays in its order.
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    done += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return done + text.slice(at, end);
}

/** `head` is where the first line of a list or map that is written in lines may stand. */
function change(node: unknown, before: unknown, after: unknown, splicing: Splicing, head: number): void {
  if (sameJson(before, after)) return;
  if (!isNode(node) || ('anchor' in node && node.anchor !== undefined)) throw new Unspliceable();
  if (isMap(node) && isObject(before) && isObject(after)) changeMap(node, before, after, splicing);
  else if (isSeq(node) && Array.isArray(before) && Array.isArray(after)) changeList(node, before, after, splicing, head);
  else if (isScalar(node) && isInline(node, splicing) && (typeof after !== 'object' || after === null)) {
    const [start, end] = rangeOf(node);
    splicing.edits.push({ start, end, text: writeInline(after, splicing.style) });
  } else if (isScalar(node) && before === null && typeof after === 'object' && splicing.style.isJson) {
    const [start, end] = rangeOf(node);
    splicing.edits.push({ start, end, text: writeForNull(after, splicing.style) });
  } else throw new Unspliceable();
}

/** Written, and not as a text of several lines. */
function isInline(node: Node, { text }: Splicing): boolean {
  const written = text.slice(...rangeOf(node));
  return written !== '' && !/^[|>]/.test(written);
}

function changeMap(map: YAMLMap, before: Record<string, unknown>, after: Record<string, unknown>, splicing: Splicing): void {
  const { text } = splicing;
  const added = Object.keys(after).filter((key) => !Object.hasOwn(before, key));
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  for (const key of Object.keys(after).filter((each) => Object.hasOwn(before, each))) {
    if (sameJson(before[key], after[key])) continue;
    const pair = pairOf(map, key) ?? refuse();
    change(pair.value, before[key], after[key], splicing, nextLine(startOf(pair) ?? refuse(), text));
  }
  const fresh = Object.fromEntries(added.map((key) => [key, after[key]]));
  const [gone, ...others] = removed;
  if (isFlow(map) && added.length > 0 && gone !== undefined) {
    if (others.length > 0) throw new Unspliceable();
    replaceMember(map, gone, fresh, splicing);
    return;
  }
  cutPairs(map, removed, splicing);
  if (added.length > 0) addPairs(map, fresh, splicing);
}

function changeList(list: YAMLSeq, before: readonly unknown[], after: readonly unknown[], splicing: Splicing, head: number): void {
  // A List's items have no names of their own, and neither come nor go.
  const isPaired = before.length === after.length && before.every((each) => isObject(each) && typeof each['name'] !== 'string');
  let next = 0;
  const added: { readonly index: number; readonly values: unknown[] }[] = [];
  const gone: number[] = [];
  for (const value of after) {
    const match = isPaired ? next : before.findIndex((each, index) => index >= next && isSameItem(each, value));
    if (match === -1) {
      const here = added.find(({ index }) => index === next);
      if (here) here.values.push(value);
      else added.push({ index: next, values: [value] });
      continue;
    }
    for (; next < match; next++) gone.push(next);
    change(list.items[match], before[match], value, splicing, 0);
    next = match + 1;
  }
  for (; next < before.length; next++) gone.push(next);
  if (isFlow(list) && gone.length > 0 && added.length > 0) throw new Unspliceable();
  if (isFlow(list)) cutMembers(list, gone, splicing);
  else for (const index of gone) cutItem(list, index, splicing, head);
  for (const { index, values } of added) addItems(list, index, values, splicing, head);
}

/** Items of Kubernetes' lists go by their names. */
function isSameItem(a: unknown, b: unknown): boolean {
  return isObject(a) && isObject(b) && typeof a['name'] === 'string' ? a['name'] === b['name'] : sameJson(a, b);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
