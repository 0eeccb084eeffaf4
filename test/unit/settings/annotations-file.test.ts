import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnnotationsFile } from '../../../src/settings/annotations-file.ts';
import { parseDownward } from '../../../src/settings/downward.ts';

const LETTERS = new Map(
  Object.entries({ '\u0007': 'a', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\\': '\\', '"': '"' }),
);

/** Go's strconv.Quote, written from its documentation: printable as unicode.IsPrint says. */
function goQuote(text: string): string {
  const runes = Array.from(text, (rune) => {
    const letter = LETTERS.get(rune);
    const code = rune.codePointAt(0) ?? 0;
    if (letter !== undefined) return `\\${letter}`;
    if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(rune)) return rune;
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `"${runes.join('')}"`;
}

const keys = fc.oneof(fc.stringMatching(/^[a-z0-9][a-z0-9./_-]{0,40}$/), fc.constant('__proto__'));
const values = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\\', '"', 'n', 'x', 'u', '\n', '\u0000', '\u007f', '=', 'é', '😀') }),
);

describe('a file of annotations', () => {
  it('[settings:downward] reads back what the downward API writes of any annotations', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, values), { maxLength: 5 }), (pairs) => {
        const annotations = Object.fromEntries(pairs);
        const file = Object.entries(annotations).map(([key, value]) => `${key}=${goQuote(value)}`);
        expect(parseDownward(file.join('\n'))).toEqual(annotations);
        expect(parseAnnotationsFile(file.join('\n'))).toEqual({ annotations });
      }),
    );
  });

  it.each(['a="x', 'a=x', 'a="x"y', '="x"', 'a="\\q"', 'a="\\x4"', 'a="\\U00110000"', 'a="x"\n\nb'])(
    'refuses the damaged line %j',
    (text) => {
      expect(parseDownward(text)).toMatchObject({ code: 'BAD_DOWNWARD_FILE', line: text.split('\n').length });
    },
  );

  it('reads what Go printed of bytes that were no UTF-8 as replacement characters', () => {
    expect(parseDownward('a="\\xff\\x41"')).toEqual({ a: '\ufffdA' });
  });

  it('reads a line of 256 KiB that is all escapes', () => {
    expect(parseDownward(`a="${'\\n'.repeat(131_072)}"`)).toEqual({ a: '\n'.repeat(131_072) });
  });

  it('[settings:annotations-file] reads a YAML map, and tells the two formats apart', () => {
    expect(parseAnnotationsFile('mcp-sluice.dev/rate-limit: |\n  shared: 3/1m\nb: "1"\n')).toEqual({
      annotations: { 'mcp-sluice.dev/rate-limit': 'shared: 3/1m\n', b: '1' },
    });
    expect(parseAnnotationsFile('# a="b"\na: "b"')).toEqual({ annotations: { a: 'b' } });
    expect(parseAnnotationsFile('')).toEqual({ annotations: {} });
  });

  it.each([
    ['a: 1\nb: true\nc: {d: 1}\n', ['WRONG_TYPE', 'WRONG_TYPE', 'WRONG_TYPE']],
    ['- a', ['WRONG_TYPE']],
    ['a: "1"\na: "2"', ['DUPLICATE_KEY']],
    ['a: [', ['BAD_YAML']],
  ])('refuses %j, with every place', (text, codes) => {
    const file = parseAnnotationsFile(text);
    expect('issues' in file && file.issues.map(({ code }) => code)).toEqual(codes);
  });
});
