import { type Document, LineCounter, type ParsedNode, parseAllDocuments, parseDocument, type Range, type Tags, visit } from 'yaml';
import { listAt, type Path, textAt, valueAt } from '../inject/raw.ts';
import { splitJson } from './json-stream.ts';

/** One document of a file, with the text it was read from. */
export interface Manifest {
  readonly source: string;
  /** Where in the file's text it begins, which the positions in the document count from. */
  readonly start: number;
  readonly document: Document.Parsed<ParsedNode>;
  /** The objects in it: itself, or the items of a List. */
  readonly objects: readonly { readonly path: Path; readonly object: unknown }[];
  /** What Helm says it made the document of. */
  readonly chartTemplate?: string;
}

export interface ManifestFile {
  readonly name: string;
  readonly text: string;
  readonly manifests: readonly Manifest[];
  readonly errors: readonly { readonly line: number; readonly message: string }[];
  readonly lines: LineCounter;
}

// kubectl reads YAML 1.1 (`0644` is octal, `yes` is true), without its dates, binaries and collections.
const LEFT_OUT = ['timestamp', 'binary', 'omap', 'pairs', 'set', 'intTime', 'floatTime'];
const customTags = (tags: Tags): Tags =>
  tags.filter((tag) => !LEFT_OUT.some((name) => tag === name || (typeof tag === 'object' && isTagged(tag, name))));
const isTagged = (tag: { tag?: string; format?: string }, name: string) =>
  tag.tag === `tag:yaml.org,2002:${name}` || (name.endsWith('Time') && tag.format === 'TIME');

/** As kubectl reads and as we write. */
export const SCHEMA = { schema: 'yaml-1.1', merge: true, customTags } as const;

/** Among the comments before the document. */
const HELM_SOURCE = /^(?:(?:---|#)[^\n]*\n|[^\S\n]*\n)*?# Source: (\S[^\r\n]*)/;

const MAX_ERRORS = 20;
const BEFORE_START = /(?:[^\S\n]*(?:#[^\n]*)?\n)*(?=---)/y;

/** Reads a file of one or more YAML or JSON documents. What is not touched later can be written out byte for byte. */
export function parseManifests(name: string, text: string): ManifestFile {
  const lines = new LineCounter();
  const parts = splitJson(text);
  const documents = parts === undefined ? parseDocuments(text, lines) : parseParts(parts, text, lines);
  const errors: { line: number; message: string }[] = [];
  const manifests: Manifest[] = [];
  let start = 0;
  for (const [index, document] of documents.entries()) {
    const part = parts?.[index];
    const end = part ? start + part.length : index === documents.length - 1 ? text.length : nextStart(text, document.range[2]);
    for (const error of document.errors)
      errors.push({ line: lines.linePos(error.pos[0]).line, message: (error.message.split('\n')[0] ?? '').replace(/:$/, '') });
    const root = document.errors.length > 0 ? undefined : read(document, (message) => errors.push({ line: 1, message }));
    const source = text.slice(start, end);
    const [, chartTemplate] = HELM_SOURCE.exec(source) ?? [];
    manifests.push({ source, start, document, objects: objectsOf(root), ...(chartTemplate !== undefined && { chartTemplate }) });
    start = end;
  }
  // Only comments, or nothing at all.
  if (documents.length === 0) manifests.push({ source: text, start: 0, document: parseDocument<ParsedNode>(text, SCHEMA), objects: [] });
  return {
    name,
    text,
    manifests,
    errors: bounded(errors),
    lines,
  };
}

function parseDocuments(text: string, lines: LineCounter): Document.Parsed<ParsedNode>[] {
  const parsed = parseAllDocuments(text, { ...SCHEMA, lineCounter: lines });
  return Array.isArray(parsed) ? parsed : [];
}

/** Each part by itself, which YAML would want a `---` between; with positions in the whole text. */
function parseParts(parts: readonly string[], text: string, lines: LineCounter): Document.Parsed<ParsedNode>[] {
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  let start = 0;
  return parts.map((part) => {
    const document = parseDocument<ParsedNode>(part, { ...SCHEMA, prettyErrors: false });
    move(document, start);
    start += part.length;
    return document;
  });
}

function move(document: Document.Parsed, by: number): void {
  const moved = ([start, value, end]: Range): Range => [start + by, value + by, end + by];
  document.range = moved(document.range);
  for (const error of document.errors) error.pos = [error.pos[0] + by, error.pos[1] + by];
  visit(document, {
    Node(_, node) {
      if (node.range) node.range = moved(node.range);
    },
  });
}

/** What is no YAML at all, a picture say, has an error in every line. */
function bounded(errors: readonly { line: number; message: string }[]): ManifestFile['errors'] {
  const [first, ...others] = errors.slice(MAX_ERRORS);
  return first === undefined
    ? errors
    : [...errors.slice(0, MAX_ERRORS), { line: first.line, message: `and ${others.length + 1} more, from here on` }];
}

/**
 * Where the document after the one that ends here begins: comments before its `---` are those of the document that they
 * stand behind, and the parser is not of one mind about them.
 */
function nextStart(text: string, end: number): number {
  BEFORE_START.lastIndex = end;
  return end + (BEFORE_START.exec(text)?.[0].length ?? 0);
}

/** The document as JSON; without the sharing of objects that its aliases stand for, as an edit of one would be one of all. */
export function plainJson(document: Document.Parsed): unknown {
  return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 }) ?? null));
}

function read(document: Document.Parsed, report: (message: string) => void): unknown {
  try {
    return plainJson(document);
  } catch (error) {
    report(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function objectsOf(root: unknown): Manifest['objects'] {
  if (typeof root !== 'object' || root === null) return [];
  // As kubectl tells a list: a kind of somebody's may be called AllowList.
  if (!textAt(root, 'kind').endsWith('List') || !Array.isArray(valueAt(root, ['items']))) return [{ path: [], object: root }];
  return listAt(root, 'items').map((object, index) => ({ path: ['items', index], object }));
}
