import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scan } from '../../../src/mcp/scan.ts';
import { anyChar, inspect, parsed } from './oracle.ts';
import { call, modernCall, post } from './support.ts';

/** Keys that collide often: by themselves, by case, by the two letters outside ASCII, by trailing NULs. */
const key = fc.oneof(
  fc.constantFrom(
    'a',
    'A',
    's',
    'S',
    '\u017f',
    'k',
    'K',
    '\u212a',
    'name',
    'Name',
    'name\0',
    'é',
    'É',
    '',
    '\0',
    '__proto__',
    'a\0b',
    '\ud800',
  ),
  fc.string({ maxLength: 6, unit: anyChar }),
);

/** Writes each character of a string raw where it may stand so, or as an escape. */
const quoted = (text: string, escaped: readonly boolean[]) =>
  `"${[...text]
    .map((char, index) =>
      escaped[index % escaped.length] || !char.isWellFormed() || /["\\\p{Cc}]/u.test(char)
        ? [...Array(char.length).keys()].map((unit) => `\\u${char.charCodeAt(unit).toString(16).padStart(4, '0')}`).join('')
        : char,
    )
    .join('')}"`;
const token = (text: fc.Arbitrary<string>) =>
  fc.tuple(text, fc.array(fc.boolean(), { minLength: 1, maxLength: 5 })).map(([t, e]) => quoted(t, e));
const blank = fc.constantFrom('', '', ' ', '\n\t', '\r');

/** JSON text with keys that may collide, odd blanks, escapes and depth: what JSON.stringify never writes. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc
    .tuple(
      blank,
      fc.oneof(
        { depthSize: 'medium', withCrossShrink: true },
        fc.constantFrom('0', '-0', '1.0', '1e400', '-12.5E-3', 'true', 'false', 'null', '9007199254740993'),
        token(fc.string({ unit: anyChar, maxLength: 8 })),
        fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join()}]`),
        fc
          .array(fc.tuple(token(key), blank, tie('json')), { maxLength: 5 })
          .map((list) => `{${list.map(([k, b, v]) => `${b}${k}${b}:${v}`).join()}}`),
      ),
      blank,
    )
    .map((parts) => parts.join('')),
}));

const deep = fc
  .tuple(fc.integer({ min: 55, max: 70 }), json)
  .map(([levels, inner]) => `${'[{"a":'.repeat(levels / 2)}${inner}${'}]'.repeat(levels / 2)}`);

/** Checks one text against JSON.parse and the oracle. */
function agrees(bytes: Buffer): void {
  const text = bytes.toString();
  const scanned = scan(bytes);
  const isCleanText = Buffer.from(text).equals(bytes) && !text.startsWith('\ufeff');
  if (!isCleanText || !parsed(text)) {
    expect(scanned.ok).toBe(false);
    return;
  }
  const { hasEqualKeys, depth, hasLoneSurrogate } = inspect(text);
  if (!scanned.ok && scanned.fault.rung === 'lone-surrogate') expect(hasLoneSurrogate).toBe(true);
  else expect(scanned.ok).toBe(!hasEqualKeys && depth <= 64);
}

describe('scan against JSON.parse', () => {
  it('[parse:strict-json] accepts exactly what JSON.parse accepts and has neither equal keys nor more than 64 levels', () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: json }, { weight: 1, arbitrary: deep }), (text) => agrees(Buffer.from(text))),
      { numRuns: 3000 },
    );
  });

  it('[parse:strict-json] agrees on what JSON.stringify writes of any value', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: anyChar }), (text) => agrees(Buffer.from(text))),
      { numRuns: 1000 },
    );
  });

  it('[parse:strict-json] agrees on texts with characters taken out, put in or changed', () => {
    const edit = fc.tuple(
      fc.nat(),
      fc.nat({ max: 2 }),
      fc.constantFrom(...'{}[]:,"\\ 019.eE+-untfa\n\0\v'.split(''), '\\u', '\ufeff', '//', 'ſ'),
    );
    fc.assert(
      fc.property(json, fc.array(edit, { minLength: 1, maxLength: 3 }), (text, edits) => {
        agrees(
          Buffer.from(
            edits.reduce((t, [at, cut, put]) => t.slice(0, at % (t.length + 1)) + put + t.slice((at % (t.length + 1)) + cut), text),
          ),
        );
      }),
      { numRuns: 3000 },
    );
  });
});

describe('classify under mutation', () => {
  const bodies = fc.constantFrom(
    call(),
    modernCall(),
    call({ id: 'é\u0000"', params: { name: 'sea\\rch', arguments: { a: [1, { b: null }] }, _meta: { progressToken: 1 } } }),
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","id":3,"result":{}}',
    `[${call()}]`,
  );
  const mutation = fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.uint8Array({ maxLength: 3 }));

  it('never throws, and names a tool only where JSON.parse finds the same method, id and name', () => {
    let seen = 0;
    fc.assert(
      fc.property(bodies, fc.array(mutation, { maxLength: 3 }), (body, mutations) => {
        const bytes = mutations.reduce((b, [at, cut, put]) => {
          const position = at % (b.length + 1);
          return Buffer.concat([b.subarray(0, position), put, b.subarray(position + cut)]);
        }, Buffer.from(body));
        const classified = post(bytes);
        if (!classified.ok || classified.message.kind !== 'request') return;
        const { method, id, tool } = classified.message;
        const value = JSON.parse(bytes.toString());
        expect({ method, id: JSON.parse(id) }).toEqual({ method: value.method, id: value.id });
        expect(tool).toBe(method === 'tools/call' ? value.params.name : undefined);
        seen++;
      }),
      { numRuns: 5000 },
    );
    expect(seen).toBeGreaterThan(100);
  });

  it('never throws on random bytes, in the open or behind a brace', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('', '{', '{"jsonrpc":"2.0",', '["'), (tail, start) => {
        expect(post(Buffer.concat([Buffer.from(start), tail])).ok).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });
});
