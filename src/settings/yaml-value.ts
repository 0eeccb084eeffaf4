import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Scalar, type YAMLParseError } from 'yaml';
import type { Issue } from '../lib/issue.ts';
import { byteLength } from '../lib/names.ts';
import { quote } from '../lib/quote.ts';

/**
 * The most that one YAML value may hold. The sidecar reads it too, and 64 KiB
 * (some 2500 tools) is what its memory limit bears.
 */
export const LARGEST_YAML_BYTES = 64 * 1024;

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A value with the places that it was read from. */
export interface Placed {
  readonly value: unknown;
  readonly at: Position;
  /** Of a map: where each key stands, and what it holds. */
  readonly fields?: ReadonlyMap<string, { readonly at: Position; readonly placed: Placed }>;
  readonly items?: readonly Placed[];
}

interface Reading {
  readonly lines: LineCounter;
  readonly faults: Issue[];
}

type Path = readonly (string | number)[];

function positionOf(reading: Reading, node: Node): Position {
  const { line, col } = reading.lines.linePos(node.range?.[0] ?? 0);
  return { line, column: col };
}

function refuse(reading: Reading, code: string, message: string, path: Path, at: Position): void {
  // A bomb of aliases is told once.
  if (message === NO_ALIASES && reading.faults.some((fault) => fault.message === NO_ALIASES)) return;
  reading.faults.push({ code, message, path, ...at });
}

/** A key is the text that the user wrote: `404`, `null` and `1e3` are tools' names like others. */
function keyText(key: Scalar): string {
  return key.type === 'PLAIN' && key.source !== undefined ? key.source : String(key.value ?? '');
}

function placeMap(
  reading: Reading,
  node: Node & { readonly items: readonly { key: unknown; value: unknown }[] },
  path: Path,
  at: Position,
): Placed {
  const fields = new Map<string, { at: Position; placed: Placed }>();
  for (const { key, value } of node.items) {
    if (!isScalar(key)) {
      const keyAt = isAlias(key) || isMap(key) || isSeq(key) ? positionOf(reading, key) : at;
      refuse(reading, 'BAD_YAML', isAlias(key) ? NO_ALIASES : 'a key has to be a word, not a list or a map', path, keyAt);
      continue;
    }
    const name = keyText(key);
    const keyAt = positionOf(reading, key);
    checkProperties(reading, key, [...path, name], keyAt);
    const former = fields.get(name);
    if (key.type === 'PLAIN' && name === '<<') {
      refuse(reading, 'BAD_YAML', 'merge keys ("<<") are not accepted; write the fields out', path, keyAt);
    } else if (former !== undefined) {
      const message = `given twice, first on line ${former.at.line}; keep one of them`;
      refuse(reading, 'DUPLICATE_KEY', message, [...path, name], keyAt);
    } else {
      fields.set(name, { at: keyAt, placed: place(reading, value as Node | null, [...path, name], keyAt) });
    }
  }
  // fromEntries defines own properties: a tool may be called `__proto__`.
  return { value: Object.fromEntries([...fields].map(([name, { placed }]) => [name, placed.value])), at, fields };
}

/** No setting is nested deeper than eight levels; a recursion has to end before the stack does. */
const DEEPEST = 32;
const TOO_DEEP = `nested deeper than ${DEEPEST} levels`;

const NO_ALIASES = 'anchors and aliases ("&", "*") are not accepted; write the value out';

/** Anchors and tags, on whatever node: a tag could name a type (`!!binary`, `!!js/function`) that is no setting. */
function checkProperties(reading: Reading, node: Node, path: Path, at: Position): void {
  if ('anchor' in node && node.anchor !== undefined) refuse(reading, 'BAD_YAML', NO_ALIASES, path, at);
  if (node.tag !== undefined) refuse(reading, 'BAD_YAML', `tags (${quote(node.tag)}) are not accepted; quote what is to be text`, path, at);
}

function place(reading: Reading, node: Node | null, path: Path, near: Position): Placed {
  if (node === null || node === undefined) return { value: null, at: near };
  const at = positionOf(reading, node);
  if (isAlias(node)) {
    refuse(reading, 'BAD_YAML', NO_ALIASES, path, at);
    return { value: null, at };
  }
  checkProperties(reading, node, path, at);
  if (path.length >= DEEPEST) {
    refuse(reading, 'BAD_YAML', TOO_DEEP, path.slice(0, 1), at);
    return { value: null, at };
  }
  if (isMap(node)) return placeMap(reading, node, path, at);
  if (isSeq(node)) {
    const items = node.items.map((item, index) => place(reading, item as Node | null, [...path, index], at));
    return { value: items.map(({ value }) => value), at, items };
  }
  return { value: isScalar(node) ? node.value : null, at };
}

/** Of what the library reports at one place, the first; the rest follows from it. What ran out of stack says no more than that. */
function firstErrors(errors: readonly YAMLParseError[]): readonly YAMLParseError[] {
  const exhausted = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  if (exhausted !== undefined) return [exhausted];
  const seen = new Set<number>();
  return errors.filter(({ pos }) => !seen.has(pos[0]) && seen.add(pos[0]));
}

function describe(error: YAMLParseError): string {
  if (error.code === 'MULTIPLE_DOCS') return 'more than one YAML document ("---"); keep one';
  return error.code === 'RESOURCE_EXHAUSTION' ? TOO_DEEP : `not YAML: ${error.message}`;
}

/**
 * Reads one YAML 1.2 document of plain maps, lists and scalars; every fault at
 * once. `placed` is there unless a fault leaves the value's meaning open.
 */
export function parseYaml(text: string): { readonly placed?: Placed; readonly faults: readonly Issue[] } {
  const fault = (code: string, message: string): Issue => ({ code, message, path: [] });
  const sizeBytes = byteLength(text);
  if (sizeBytes > LARGEST_YAML_BYTES) {
    return { faults: [fault('TOO_LARGE', `${sizeBytes} bytes of YAML, more than the ${LARGEST_YAML_BYTES} that one value may have`)] };
  }
  const lines = new LineCounter();
  // The library's own check of unique keys is quadratic; placeMap has a linear one.
  // Not `silent`, which would let a second document pass unread.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false, logLevel: 'error' });
  if (document.errors.length > 0) {
    const faults = firstErrors(document.errors).map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { ...fault('BAD_YAML', describe(error)), line, column: col };
    });
    return { faults };
  }
  // `%YAML 1.1` would make `yes` a boolean and `010` eight.
  if (document.directives?.yaml.explicit === true) return { faults: [fault('BAD_YAML', 'a "%YAML" line is not accepted; take it away')] };
  const reading: Reading = { lines, faults: [] };
  const placed = place(reading, document.contents, [], { line: 1, column: 1 });
  const isReadable = reading.faults.every(({ code }) => code === 'DUPLICATE_KEY');
  return isReadable ? { placed, faults: reading.faults } : { faults: reading.faults };
}

/** Where the field of a path stands, or the nearest that exists above it; `key` asks for the place of a map's key instead of its value. */
export function positionAt(root: Placed, path: Path, part: 'key' | 'value'): Position {
  let placed = root;
  for (const [index, step] of path.entries()) {
    const field = placed.fields?.get(String(step));
    const isLast = index === path.length - 1;
    if (field !== undefined && isLast && part === 'key') return field.at;
    const next = field?.placed ?? (typeof step === 'number' ? placed.items?.[step] : undefined);
    if (next === undefined) return placed.at;
    placed = next;
  }
  return placed.at;
}
