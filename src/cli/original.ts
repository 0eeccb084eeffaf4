import { createHash } from 'node:crypto';
import { contentEnd, nextLine } from './extent.ts';
import { type Manifest, parseManifests } from './manifest.ts';
import { styleOf } from './write-value.ts';

const KEY = '# mcp-sluice.dev/original:';
/** `open`: the last line of the original is not ended. */
const RECORD = /^# mcp-sluice\.dev\/original: ([0-9a-f]{16})( open)?\r?\n((?:#\|[^\n]*(?:\n|$))*)/m;
const LINE = '#|';
/** Of a document; a byte order mark may stand before the first. */
const START = /^\uFEFF?---[^\S\n]*\r?\n/;

/**
 * The text with a comment that keeps the one it was made from, for what cannot be told by taking our parts out again: an
 * alias that was written out, a value that was replaced. In plain words, for whoever reviews it. Undefined for JSON,
 * which has no comments.
 */
export function keepOriginal(text: string, original: string): string | undefined {
  const [manifest] = parseManifests('', text).manifests;
  const style = styleOf(text);
  if (manifest === undefined || style.isJson) return undefined;
  const end = nextLine(contentEnd(manifest.document.contents, text) ?? text.length, text);
  const before = text.slice(0, end);
  const isOpen = !original.endsWith('\n');
  const lines = original.split('\n').slice(0, isOpen ? undefined : -1);
  const record = `${KEY} ${fingerprint(text)}${isOpen ? ' open' : ''}${style.newline}${lines.map((line) => `${LINE}${line}\n`).join('')}`;
  return `${before}${before.endsWith('\n') ? '' : style.newline}${record}${text.slice(end)}`;
}

export interface Kept {
  /** The text without the record. */
  readonly text: string;
  /** What the text was made from; undefined where it was edited since, or there is no record. */
  readonly original?: string;
  readonly isEdited: boolean;
}

/** Takes the record out of a document. Anybody can write one: what it says has to be compared with what stands there. */
export function takeOriginal({ source }: Pick<Manifest, 'source'>): Kept {
  const found = RECORD.exec(source);
  if (found === null) return { text: source, isEdited: false };
  const [whole, print, open, lines = ''] = found;
  const text = source.slice(0, found.index) + source.slice(found.index + whole.length);
  if (fingerprint(text) !== print) return { text, isEdited: true };
  const kept = lines.replaceAll(/^#\|/gm, '');
  const original = open === undefined ? kept : kept.replace(/\n$/, '');
  // A document's start may have been set before it when files were joined.
  const [start = ''] = START.exec(source) ?? [];
  return { text, original: /^\uFEFF?---/.test(original) ? original : start + original, isEdited: false };
}

function fingerprint(text: string): string {
  const content = text.replace(START, '').trimEnd();
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
