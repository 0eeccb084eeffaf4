import { isMap, isScalar, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import { columnOf, contentEnd, isFlow, nextLine, pairOf, startOf } from './extent.ts';
import { layoutOf, writeJsonMember } from './json-layout.ts';
import { isMarked, type Style, stoodForNull, writeInline, writeLines, writeMember } from './write-value.ts';

/** Replaces the text between two positions. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What the functions below have in common. */
export interface Splicing {
  /** The whole file, which positions in the document count in; its last line is ended. */
  readonly text: string;
  readonly style: Style;
  readonly edits: TextEdit[];
}

/** The text cannot be edited so that nothing else changes. */
export class Unspliceable extends Error {}

/** Writes new members at the end of a map, in its own style. */
export function addPairs(map: YAMLMap, added: Record<string, unknown>, splicing: Splicing): void {
  const { style, text } = splicing;
  if (isFlow(map)) {
    const members = Object.entries(added).map(([key, value]) => writeMember(key, value, style));
    addMembers(map, map.items.length, members, splicing);
    return;
  }
  const column = columnOf(startOf(map.items[0]) ?? refuse(), text) ?? refuse();
  add(nextLine(contentEnd(map, text) ?? refuse(), text), writeLines(added, column, '', style), splicing);
}

/** Writes new members where one of a map in brackets stood; in JSON they look as it did. */
export function replaceMember(map: YAMLMap, key: string, added: Record<string, unknown>, { edits, text, style }: Splicing): void {
  const pair = pairOf(map, key) ?? refuse();
  const [start, end] = [startOf(pair) ?? refuse(), contentEnd(pair, text) ?? refuse()];
  const [margin = ''] = /^[^\S\n]*/.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1, start)) ?? [];
  const layout = layoutOf(text.slice(start, end), text);
  const members = Object.entries(added).map(([name, value]) =>
    style.isJson ? writeJsonMember(name, value, layout, margin) : writeMember(name, value, style),
  );
  edits.push({ start, end, text: members.join(', ') });
}

/** Cuts members out of a map; a list or map that was empty before we filled it is empty again. */
export function cutPairs(map: YAMLMap, keys: readonly string[], splicing: Splicing): void {
  const { text } = splicing;
  const gone: number[] = [];
  for (const key of keys) {
    const pair = pairOf(map, key) ?? refuse();
    if (emptyAgain(pair.value, splicing)) continue;
    if (isFlow(map)) {
      gone.push(map.items.indexOf(pair));
      continue;
    }
    const start = startOf(pair) ?? refuse();
    const column = columnOf(start, text) ?? refuse();
    // The dash of a list's item stands before its first pair.
    if (text.slice(start - column, start).trim() !== '') throw new Unspliceable();
    cut(start - column, nextLine(contentEnd(pair, text) ?? refuse(), text), splicing);
  }
  cutMembers(map, gone, splicing);
}

/** What was empty in brackets before we filled it is empty in brackets again. */
function emptyAgain(value: unknown, splicing: Splicing): boolean {
  const { text } = splicing;
  if (isFlow(value) && stoodForNull(text.slice(...rangeOf(value)))) {
    const [start, end] = rangeOf(value);
    splicing.edits.push({ start, end, text: 'null' });
    return true;
  }
  if (isMap(value) && value.items.some((each) => wasEmpty(each.value, text))) {
    cutPairs(
      value,
      value.items.map(({ key }) => String(isScalar(key) ? key.value : refuse())),
      splicing,
    );
    return true;
  }
  if (!wasEmpty(value, text)) return false;
  const { items } = value as YAMLMap | YAMLSeq;
  cut(startOf(items[0]) ?? refuse(), contentEnd(items.at(-1), text) ?? refuse(), splicing);
  return true;
}

function wasEmpty(node: unknown, text: string): boolean {
  return isFlow(node) && !isMarked(text.slice(...rangeOf(node)));
}

/** Writes new items before the item at the index. */
export function addItems(list: YAMLSeq, index: number, values: readonly unknown[], splicing: Splicing, head: number): void {
  const { style, text } = splicing;
  if (isFlow(list)) {
    const members = values.map((value) => writeInline(value, style));
    addMembers(list, index, members, splicing);
    return;
  }
  const column = columnOf(list.range?.[0] ?? refuse(), text) ?? refuse();
  const position = index === 0 ? firstLine(list, splicing, head) : nextLine(contentEnd(list.items[index - 1], text) ?? refuse(), text);
  add(position, values.map((value) => writeLines(value, column, '- ', style)).join(''), splicing);
}

/** Cuts an item out of a list that is written in lines. */
export function cutItem(list: YAMLSeq, index: number, splicing: Splicing, head: number): void {
  const { text } = splicing;
  const start = index === 0 ? firstLine(list, splicing, head) : nextLine(contentEnd(list.items[index - 1], text) ?? refuse(), text);
  cut(start, nextLine(contentEnd(list.items[index], text) ?? refuse(), text), splicing);
}

/** Right below the list's key, before any comment on its first item. */
function firstLine(list: YAMLSeq, { text }: Splicing, head: number): number {
  const dash = list.range?.[0] ?? refuse();
  return head > 0 && head <= dash ? head : nextLine(Math.max(0, text.lastIndexOf('\n', dash)), text);
}

function addMembers(collection: YAMLMap | YAMLSeq, index: number, members: readonly string[], splicing: Splicing): void {
  const { text, style } = splicing;
  const first = collection.items[0];
  if (first === undefined) {
    const inside = rangeOf(collection)[0] + 1;
    add(inside, members.join(', '), splicing);
    return;
  }
  const start = startOf(first) ?? refuse();
  const column = columnOf(start, text);
  const separator = column === undefined ? ', ' : `,${style.newline}${' '.repeat(column)}`;
  const position = index === 0 ? start : (contentEnd(collection.items[index - 1], text) ?? refuse());
  const joined = index === 0 ? members.map((member) => member + separator) : members.map((member) => separator + member);
  add(position, joined.join(''), splicing);
}

/** Each run of neighbours goes with one of the commas beside it. */
export function cutMembers(collection: YAMLMap | YAMLSeq, gone: readonly number[], splicing: Splicing): void {
  const { items } = collection;
  const end = (index: number) => contentEnd(items[index], splicing.text) ?? refuse();
  for (const first of gone.filter((index) => !gone.includes(index - 1))) {
    let last = first;
    while (gone.includes(last + 1)) last += 1;
    if (first > 0) cut(end(first - 1), end(last), splicing);
    else cut(startOf(items[0]) ?? refuse(), startOf(items[last + 1]) ?? end(last), splicing);
  }
}

function add(position: number, text: string, { edits }: Splicing): void {
  edits.push({ start: position, end: position, text });
}

function cut(start: number, end: number, { edits }: Splicing): void {
  edits.push({ start, end, text: '' });
}

export function rangeOf(node: unknown): readonly [number, number] {
  const range = (node as Node | null)?.range;
  return range ? [range[0], range[1]] : refuse();
}

export function refuse(): never {
  throw new Unspliceable();
}
