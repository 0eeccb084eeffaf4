import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';

/** Where the text of a node ends, without the blank lines and comments after it, which the parser counts in. */
export function contentEnd(node: unknown, text: string): number | undefined {
  if (isPair(node)) return contentEnd(node.value, text) ?? endOf(node.key);
  if (isScalar(node)) return scalarEnd(node, text);
  if (isAlias(node)) return endOf(node);
  if (!isCollection(node)) return undefined;
  return isFlow(node) ? endOf(node) : contentEnd(node.items.at(-1), text);
}

/** A block scalar ends with its last line; `+` in its header makes the empty lines after it a part of it. */
function scalarEnd(node: Node, text: string): number | undefined {
  const [start, end] = node.range ?? [0, 0];
  if (start === end) return undefined;
  const written = text.slice(start, end);
  if (!/^[|>]/.test(written)) return end;
  if (/^[|>][0-9]?\+/.test(written)) return end;
  return start + written.trimEnd().length;
}

function endOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[1];
}

/** Where a pair or item begins; undefined for one that was never written. */
export function startOf(node: unknown): number | undefined {
  return (isPair(node) ? (node.key as Node | null) : (node as Node | null))?.range?.[0];
}

/** `{…}` and `[…]`, not lines. */
export function isFlow(node: unknown): boolean {
  return (isMap(node) || isSeq(node)) && node.flow === true;
}

/** The start of the line that follows the one of the position; a position at the start of a line is that already. */
export function nextLine(position: number, text: string): number {
  if (position > 0 && text[position - 1] === '\n') return position;
  const end = text.indexOf('\n', position);
  return end === -1 ? text.length : end + 1;
}

/** Columns before the position, or undefined where more than spaces and the dashes of lists stand there. */
export function columnOf(position: number, text: string): number | undefined {
  const before = text.slice(text.lastIndexOf('\n', position - 1) + 1, position);
  return /^[ -]*$/.test(before) ? before.length : undefined;
}

/** The pair of a map by its key, as written and not merged into it. */
export function pairOf(map: unknown, key: string): Pair | undefined {
  return isMap(map) ? map.items.find((pair) => isScalar(pair.key) && pair.key.value === key) : undefined;
}
