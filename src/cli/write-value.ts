import { stringify } from 'yaml';
import { isJson } from './json-stream.ts';
import { SCHEMA } from './manifest.ts';

/** How a document is written, so that what comes in looks like it. */
export interface Style {
  /** Lists stand beyond their key's column, not at it. */
  readonly isIndented: boolean;
  /** `{ a: 1 }`, not `{a: 1}`. */
  readonly isPadded: boolean;
  /** JSON all through: no YAML may come into it. */
  readonly isJson: boolean;
  readonly newline: '\n' | '\r\n';
}

export function styleOf(source: string): Style {
  return {
    isIndented: !/^( *)[^\s#-][^\n]*:[^\S\n]*\n\1- /m.test(source),
    isPadded: !/\{[^\s{}]/.test(source),
    isJson: /^\s*[{[]/.test(source) && isJson(source),
    newline: /\r\n/.test(source) ? '\r\n' : '\n',
  };
}

/** Whole lines at a column, each ended; `prefix` is what the first begins with after the column (`- `). */
export function writeLines(value: unknown, column: number, prefix: '' | '- ', { isIndented, isPadded, newline }: Style): string {
  const options = { ...SCHEMA, lineWidth: 0, indentSeq: isIndented, flowCollectionPadding: isPadded, aliasDuplicateObjects: false };
  const lines = stringify(value, options).trimEnd().split('\n');
  const indent = ' '.repeat(column);
  return lines
    .map((line, index) => (line === '' ? newline : `${indent}${index === 0 ? prefix : ' '.repeat(prefix.length)}${line}${newline}`))
    .join('');
}

/** On one line, for a list or map in brackets. */
export function writeInline(value: unknown, { isPadded, isJson: asJson }: Style): string {
  if (asJson) return JSON.stringify(value);
  const options = {
    ...SCHEMA,
    lineWidth: 0,
    collectionStyle: 'flow',
    flowCollectionPadding: isPadded,
    aliasDuplicateObjects: false,
  } as const;
  // A text alone would be written in lines.
  return stringify([value], options).trim().slice(1, -1).trim();
}

/**
 * A member of a map in brackets. A list or map that did not stand there before has a space within its own brackets: by
 * it `uninject` tells what has to go from what the user had written empty.
 */
export function writeMember(key: string, value: unknown, style: Style): string {
  const written = writeInline(value, style);
  const marked = typeof value === 'object' && value !== null ? `${written[0]} ${written.slice(1, -1).trim()} ${written.at(-1)}` : written;
  return `${writeInline(key, style)}: ${marked}`;
}

/** Whether a list or map in brackets is one that `writeMember` made. */
export function isMarked(written: string): boolean {
  return /^[{[] \S/.test(written);
}

/** The same, where `null` stood in JSON: with two spaces. YAML has more ways to write nothing. */
export function writeForNull(value: unknown, style: Style): string {
  const written = writeInline(value, style);
  return `${written[0]}  ${written.slice(1, -1).trim()} ${written.at(-1)}`;
}

export function stoodForNull(written: string): boolean {
  return /^[{[] {2}\S/.test(written);
}
