/** How a part of a JSON text is laid out, so that what takes its place looks like it, and can be put back by that. */
export interface JsonLayout {
  /** Between key and value: `: `. */
  readonly colon: string;
  /** Between members on one line: `, `. */
  readonly comma: string;
  /** Within brackets, on one line: `{ "a": 1 }` has one space. */
  readonly padding: string;
  /** Of each level; undefined for all on one line. */
  readonly indent?: string;
  readonly newline: '\n' | '\r\n';
}

const TEXT = String.raw`"(?:[^"\\]|\\.)*"`;
const MEMBER = new RegExp(`^${TEXT}(\\s*:\\s*)`);
const SECOND = new RegExp(`[^\\s{[:,](\\s*,[^\\S\\n]*)${TEXT}`);
const OPENING = /[{[]([^\S\n]*)[^\s\]}]/;
const FIRST_LINE = /[{[]\r?\n([ \t]+)\S/;

/** The layout of one member (`"key": value`) of a map; what it does not show is taken from the text that it stands in. */
export function layoutOf(member: string, whole: string): JsonLayout {
  const head = whole.replace(/^\uFEFF?\s*[{[]\s*/, '');
  const [, colon = ': '] = MEMBER.exec(member) ?? MEMBER.exec(head) ?? [];
  const isInLines = member.includes('\n');
  const [, comma = ', '] = SECOND.exec(isInLines ? '' : member) ?? SECOND.exec(whole) ?? [];
  const [, padding = ''] = OPENING.exec(isInLines ? '' : member.replace(MEMBER, '')) ?? [];
  const [, indent = '  '] = FIRST_LINE.exec(whole) ?? [];
  return { colon, comma, padding, newline: whole.includes('\r\n') ? '\r\n' : '\n', ...(isInLines && { indent }) };
}

/** A member in a layout; `margin` is what its own line begins with. */
export function writeJsonMember(key: string, value: unknown, layout: JsonLayout, margin: string): string {
  return `${JSON.stringify(key)}${layout.colon}${writeJson(value, layout, margin)}`;
}

function writeJson(value: unknown, layout: JsonLayout, margin: string): string {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return JSON.stringify(value);
  const { comma, padding, indent, newline } = layout;
  const inner = margin + (indent ?? '');
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const members = Array.isArray(value)
    ? value.map((each) => writeJson(each, layout, inner))
    : Object.entries(value).map(([key, each]) => writeJsonMember(key, each, layout, inner));
  return indent === undefined
    ? `${open}${padding}${members.join(comma)}${padding}${close}`
    : `${open}${newline}${inner}${members.join(`,${newline}${inner}`)}${newline}${margin}${close}`;
}
