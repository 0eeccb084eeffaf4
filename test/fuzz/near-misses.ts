// Texts that are nearly MCP messages: valid ones with a few edits that have fooled parsers.
import fc from 'fast-check';
import { type Sent, validMessage } from './messages.ts';

/** What is put in somewhere: JSON's own characters, and all that lenient parsers forgive. */
const pieces = [
  ...'{}[]:,"\\ \n\t\0\v019.eE+-',
  '\\u0000',
  '\\u006e',
  '\\ud800',
  '\\udc00',
  '\\u017f',
  '\ufeff',
  '\u00a0',
  '\u2028',
  'ſ',
  'K',
  '//x\n',
  '/**/',
  "'",
  '`',
  'NaN',
  'Infinity',
  'null',
  'true',
  '1e1',
  '01',
  '0x1',
  '"method":"ping",',
  '"Method":"tools/list",',
  '"METHOD":1,',
  '"method\\u0000":"x",',
  '"id":7,',
  '"Id":"7",',
  '"id":null,',
  '"id":1.0,',
  '"id":"\\ud834",',
  '"name":"other",',
  '"NAME":"other",',
  '"na\\u006de":"other",',
  '"params":{"name":"other"},',
  '"Params":{"name":"other"},',
  '"param\u017f":{},',
  '"jsonrpc":"2.0",',
  '"result":{},',
  '"error":{},',
  '{"a":1}',
  '[1,2]',
  '"é":1,"É":2,',
  '"s":1,"\u017f":2,',
];

type Edit = (text: Buffer) => Buffer;

const at = (body: Buffer, where: number): number => where % (body.length + 1);
const splice = (body: Buffer, from: number, to: number, put: Uint8Array): Buffer =>
  Buffer.concat([body.subarray(0, from), put, body.subarray(to)]);

const insertion = fc.tuple(fc.nat(), fc.constantFrom(...pieces)).map(
  ([where, piece]): Edit =>
    (body) =>
      splice(body, at(body, where), at(body, where), Buffer.from(piece)),
);
/** Right behind a brace, where a member fits: most of these are well-formed. */
const member = fc.tuple(fc.nat(), fc.constantFrom(...pieces.filter((piece) => piece.endsWith(',')))).map(
  ([which, piece]): Edit =>
    (body) => {
      const braces = [...body.entries()].filter(([, byte]) => byte === 0x7b).map(([index]) => index + 1);
      const where = braces[which % Math.max(braces.length, 1)];
      return where === undefined ? body : splice(body, where, where, Buffer.from(piece));
    },
);
const deletion = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 3 })).map(
  ([where, length]): Edit =>
    (body) =>
      splice(body, at(body, where), Math.min(at(body, where) + length, body.length), Buffer.alloc(0)),
);
const repetition = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 40 })).map(
  ([where, length]): Edit =>
    (body) =>
      splice(body, at(body, where), at(body, where), body.subarray(at(body, where), at(body, where) + length)),
);
const byteChange = fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(
  ([where, byte]): Edit =>
    (body) =>
      body.length === 0 ? body : splice(body, where % body.length, (where % body.length) + 1, Buffer.from([byte])),
);
const caseChange = fc.nat().map(
  (where): Edit =>
    (body) =>
      body.length === 0
        ? body
        : splice(body, where % body.length, (where % body.length) + 1, Buffer.from([(body[where % body.length] ?? 0) ^ 0x20])),
);
/** A letter written as an escape: inside a string it says the same. */
const escaping = fc.tuple(fc.nat(), fc.boolean()).map(
  ([which, isUpper]): Edit =>
    (body) => {
      const letters = [...body.entries()].filter(([, byte]) => byte >= 0x61 && byte <= 0x7a).map(([index]) => index);
      const where = letters[which % Math.max(letters.length, 1)];
      if (where === undefined) return body;
      const hex = (body[where] ?? 0).toString(16).padStart(4, '0');
      return splice(body, where, where + 1, Buffer.from(`\\u${isUpper ? hex.toUpperCase() : hex}`));
    },
);
/** Another encoding of the whole. */
const recoding = fc.constantFrom<Edit>(
  (body) => Buffer.from(body.toString(), 'utf16le'),
  (body) => Buffer.concat([Buffer.from('\ufeff'), body]),
  (body) => Buffer.concat([body, body]),
  (body) => Buffer.from(`[${body.toString()}]`),
  (body) => Buffer.from(body.toString().replace(/"(?=[a-z])/g, "'")),
  (body) => Buffer.from(`${'[{"a":'.repeat(30)}${body.toString()}${'}]'.repeat(30)}`),
);

const edit = fc.oneof(
  { weight: 4, arbitrary: insertion },
  { weight: 6, arbitrary: member },
  { weight: 3, arbitrary: deletion },
  { weight: 2, arbitrary: repetition },
  { weight: 4, arbitrary: byteChange },
  { weight: 2, arbitrary: caseChange },
  { weight: 6, arbitrary: escaping },
  { weight: 1, arbitrary: recoding },
);

/** A message after one to three such edits. */
export const nearMiss: fc.Arbitrary<Sent> = fc
  .tuple(validMessage, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([{ body, lines }, edits]) => ({ body: edits.reduce((text, apply) => apply(text), body), lines }));
