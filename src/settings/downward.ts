import type { Issue } from '../lib/issue.ts';
import { quote } from '../lib/quote.ts';

/** Go's strconv.Quote escapes one letter for these. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['"', '"'],
]);

/** The text of a Go `%q` string without its quotes; undefined where an escape is none of Go's. */
function decodeGoString(inner: string): string | undefined {
  let isSound = true;
  const text = inner.replace(/\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[\s\S]?)/g, (_, escaped: string) => {
    const letter = LETTERS.get(escaped);
    if (letter !== undefined) return letter;
    const code = escaped.length > 1 ? Number.parseInt(escaped.slice(1), 16) : Number.NaN;
    // Go writes \x for single bytes: below 0x80 a character, above a byte that was no UTF-8.
    if (escaped.startsWith('x') && !Number.isNaN(code)) return code < 0x80 ? String.fromCharCode(code) : '\ufffd';
    if (code <= 0x10ffff && /^[uU]/.test(escaped)) return String.fromCodePoint(code);
    isSound = false;
    return '';
  });
  return isSound ? text : undefined;
}

/**
 * Reads the file that the downward API writes for `metadata.annotations`:
 * one `key="value"` a line, the value as Go's `%q` prints it
 * (kubernetes/pkg/fieldpath FormatMap).
 */
export function parseDownward(text: string): Record<string, string> | Issue {
  const entries: [string, string][] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const found = /^([^=\s"]+)="([^"\\]*(?:\\.[^"\\]*)*)"$/.exec(line);
    const value = found === null ? undefined : decodeGoString(found[2] ?? '');
    if (found === null || value === undefined) {
      const message = `${quote(line)} is not a line of the downward API's annotations: a key, "=", and a quoted value`;
      return { code: 'BAD_DOWNWARD_FILE', path: [], message, line: index + 1, column: 1 };
    }
    entries.push([found[1] ?? '', value]);
  }
  // fromEntries defines own properties, so that a key `__proto__` is a key like others.
  return Object.fromEntries(entries);
}
