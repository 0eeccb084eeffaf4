import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml';
import type { Path } from '../inject/raw.ts';
import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';

interface Located {
  /** In the file, from 1. */
  readonly line: number;
  /** Without line and column where those of the file say it all. */
  readonly issue: Issue;
}

/** Finds the line of the file that an issue is about; `templates` are the places of pod templates in the object. */
export function locate(issue: Issue, document: Document.Parsed, lines: LineCounter, at: Path, template: Path | undefined): Located {
  const lineOf = (offset: number | undefined) => lines.linePos(offset ?? 0).line;
  const inObject = deepest(document, [...at, ...issue.path], at.length + 1);
  if (inObject !== undefined) return { line: lineOf(inObject), issue };
  const places = [...(template ? [template] : []), []].map((place) => [...at, ...place, 'metadata', 'annotations']);
  const find = (key: string) => places.map((place) => pairAt(document, place, PREFIX + key)).find((pair) => pair !== undefined);
  const pair = find(String(issue.path[0]));
  // About a key that is not there, such as a port: what asks for it is `inject`.
  if (!pair) return { line: lineOf(startOf(find('inject')?.key) ?? deepest(document, [...(places[0] ?? [])], 1)), issue };
  const value = isScalar(pair.value) ? pair.value : undefined;
  const start = lineOf(startOf(value));
  if (issue.line !== undefined && value?.type === 'BLOCK_LITERAL') return { line: start + issue.line, issue: withoutPosition(issue) };
  return { line: issue.line === 1 ? start : lineOf(startOf(pair.key)), issue };
}

function withoutPosition({ line: _line, column: _column, ...rest }: Issue): Issue {
  return rest;
}

function pairAt(document: Document.Parsed, path: Path, key: string): Pair | undefined {
  const map = follow(document, document.getIn(path, true));
  return isMap(map) ? map.items.find((pair) => isScalar(pair.key) && pair.key.value === key) : undefined;
}

/** Where the last step of the path that exists begins; nothing where fewer than `least` do. */
function deepest(document: Document.Parsed, path: Path, least: number): number | undefined {
  let node: unknown = document.contents;
  let found: number | undefined;
  for (const [index, step] of path.entries()) {
    const parent = follow(document, node);
    const pair = isMap(parent) ? parent.items.find((each) => isScalar(each.key) && each.key.value === step) : undefined;
    node = isSeq(parent) ? parent.items[Number(step)] : pair?.value;
    const start = startOf(isSeq(parent) ? node : pair?.key);
    if (start === undefined) return index < least ? undefined : found;
    found = start;
  }
  return found;
}

function follow(document: Document.Parsed, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
