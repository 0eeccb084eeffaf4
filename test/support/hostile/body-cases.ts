import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { HostileRequest } from './request.ts';

export interface Names {
  readonly expensive: string;
  readonly cheap: string;
}

export interface HostileCase {
  readonly name: string;
  readonly request: (names: Names) => HostileRequest;
  /** The server may see it, as it cannot take it for a call of the expensive tool. */
  readonly isHarmless?: true;
}

export const callOf = (tool: string, more: object = {}, params: object = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {}, ...params }, ...more });

const body = (name: string, make: (names: Names) => string | Buffer, headers: readonly string[] = []): HostileCase => ({
  name,
  request: (names) => ({ body: make(names), headers }),
});
/** A template in which `E` stands for the expensive tool and `C` for the cheap one, both quoted. */
const text = (name: string, template: string, headers: readonly string[] = []): HostileCase =>
  body(
    name,
    ({ expensive, cheap }) => template.replaceAll('"E"', () => JSON.stringify(expensive)).replaceAll('"C"', () => JSON.stringify(cheap)),
    headers,
  );
const harmless = (name: string, rename: (expensive: string) => string): HostileCase => ({
  name,
  request: ({ expensive }) => ({ body: callOf(rename(expensive)) }),
  isHarmless: true,
});
const escaped = (word: string) => [...word].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const utf16be = (word: string) => Buffer.from(word, 'utf16le').swap16();
const utf32le = (word: string) => Buffer.concat([...word].map((letter) => Buffer.from([letter.charCodeAt(0), 0, 0, 0])));

const rpc = '"jsonrpc":"2.0","id":1';
const call = `${rpc},"method":"tools/call"`;
const params = '"params":{"name":"E","arguments":{}}';

/** research/mcp-on-the-wire.md §5, the rows on bodies, each with its variants. */
export const bodyCases: readonly HostileCase[] = [
  text('name twice, the expensive one last', `{${call},"params":{"name":"C","name":"E","arguments":{}}}`),
  text('name twice, the expensive one first', `{${call},"params":{"name":"E","name":"C","arguments":{}}}`),
  text('name twice, once escaped', `{${call},"params":{"name":"C","n\\u0061me":"E","arguments":{}}}`),
  text('method twice', `{${rpc},"method":"ping","method":"tools/call",${params}}`),
  text('method twice, ping last', `{${call},${params},"method":"ping"}`),
  text('params twice', `{${call},"params":{"name":"C","arguments":{}},${params}}`),
  text('a key twice in the arguments', `{${call},"params":{"name":"E","arguments":{"a":1,"a":2}}}`),
  text('_meta twice', `{${call},"params":{"name":"E","arguments":{},"_meta":{},"_meta":{}}}`),
  text('Name beside name', `{${call},"params":{"name":"C","Name":"E","arguments":{}}}`),
  text('Name alone', `{${call},"params":{"Name":"E","arguments":{}}}`),
  text('Method beside method', `{${rpc},"method":"ping","Method":"tools/call",${params}}`),
  text('METHOD alone', `{${rpc},"METHOD":"tools/call",${params}}`),
  text('Params beside params', `{${call},"params":{"name":"C"},"Params":{"name":"E"}}`),
  text('param\u017f', `{${call},"params":{"name":"C"},"param\u017f":{"name":"E"}}`),
  text('name with a NUL behind it', `{${call},"params":{"name":"C","name\\u0000":"E","arguments":{}}}`),
  text('escapes in the method', `{${rpc},"method":"${escaped('tools/call')}",${params}}`),
  text(
    'escapes in the keys',
    `{${rpc},"${escaped('method')}":"tools/call","${escaped('params')}":{"${escaped('name')}":"E","arguments":{}}}`,
  ),
  body('escapes in the name', ({ expensive }) => `{${call},"params":{"name":"${escaped(expensive)}","arguments":{}}}`),
  text('a solidus with an escape', `{${rpc},"method":"tools\\/call",${params}}`),
  harmless('a name with a space behind it', (name) => `${name} `),
  harmless('a name in upper case', (name) => name.toUpperCase()),
  harmless('a name of full-width letters', (name) => name.replace('e', '\uff45')),
  harmless('the name __proto__', () => '__proto__'),
  harmless('a name with a NUL behind it', (name) => `${name}\0`),
  text('a name that is a list', `{${call},"params":{"name":["E"],"arguments":{}}}`),
  text('a name that is an object', `{${call},"params":{"name":{"toString":"E"},"arguments":{}}}`),
  text('a name with half a surrogate pair', `{${call},"params":{"name":"E","arguments":{},"\\ud800":1}}`),
  text('params as a list', `{${call},"params":["E",{}]}`),
  {
    name: '__proto__ with the call in it',
    request: ({ expensive }) => ({ body: `{${rpc},"method":"ping","__proto__":${callOf(expensive)}}` }),
    isHarmless: true,
  },
  body('a batch', ({ expensive, cheap }) => `[${callOf(cheap)},${callOf(expensive, { id: 2 })}]`),
  body('a batch of one', ({ expensive }) => `[${callOf(expensive)}]`),
  body('a batch in a batch', ({ expensive }) => `[[${callOf(expensive)}]]`),
  text('no id', `{"jsonrpc":"2.0","method":"tools/call",${params}}`),
  ...['null', '1.0', '1e0', '9007199254740993', 'true', '{}', '[1]', '-0.0'].map((id) =>
    text(`the id ${id}`, `{"jsonrpc":"2.0","id":${id},"method":"tools/call",${params}}`),
  ),
  text('a result beside the call', `{${call},${params},"result":{}}`),
  text('an error beside the call', `{${call},${params},"error":{"code":1,"message":""}}`),
  text('a result that is null beside the call', `{${call},${params},"result":null}`),
  text('no jsonrpc', `{"id":1,"method":"tools/call",${params}}`),
  text('jsonrpc 1.0', `{"jsonrpc":"1.0","id":1,"method":"tools/call",${params}}`),
  body('a byte order mark', ({ expensive }) => `\ufeff${callOf(expensive)}`),
  ...['', '; charset=utf-16', '; charset=utf-16le', '; charset="UTF-16LE"'].map((charset) =>
    body(`UTF-16LE${charset}`, ({ expensive }) => Buffer.from(callOf(expensive), 'utf16le'), [`Content-Type: application/json${charset}`]),
  ),
  body('UTF-16BE', ({ expensive }) => utf16be(callOf(expensive)), ['Content-Type: application/json; charset=utf-16be']),
  body('UTF-16 with its mark', ({ expensive }) => Buffer.from(`\ufeff${callOf(expensive)}`, 'utf16le')),
  body('UTF-32LE', ({ expensive }) => utf32le(callOf(expensive)), ['Content-Type: application/json; charset=utf-32']),
  ...['utf-7', 'latin1', 'iso-8859-1', 'utf-8, charset=utf-16'].map((charset) =>
    body(`the charset ${charset}`, ({ expensive }) => callOf(expensive), [`Content-Type: application/json; charset=${charset}`]),
  ),
  body('UTF-8 that is none', ({ expensive }) =>
    Buffer.concat([
      Buffer.from(`{${call},"params":{"name":${JSON.stringify(expensive)},"arguments":{"a":"`),
      Buffer.from([0xff]),
      Buffer.from('"}}}'),
    ]),
  ),
  body('an overlong letter', ({ expensive }) => Buffer.from(callOf(expensive).replace('tools/call', 'tools\xc0\xafcall'), 'latin1')),
  body('gzip', ({ expensive }) => gzipSync(callOf(expensive)), ['Content-Encoding: gzip']),
  body('deflate', ({ expensive }) => deflateSync(callOf(expensive)), ['Content-Encoding: deflate']),
  body('br', ({ expensive }) => brotliCompressSync(callOf(expensive)), ['Content-Encoding: br']),
  body('gzip that is called identity too', ({ expensive }) => gzipSync(callOf(expensive)), ['Content-Encoding: identity, gzip']),
  body('a plain body that is called gzip', ({ expensive }) => callOf(expensive), ['Content-Encoding: gzip']),
  ...[
    'text/plain',
    'application/vnd.mcp+json',
    'application/json, text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ].map((type) => body(`the type ${type}`, ({ expensive }) => callOf(expensive), [`Content-Type: ${type}`])),
  body('no type', ({ expensive }) => callOf(expensive), ['Content-Type:']),
  ...['NaN', 'Infinity', '-Infinity', '01', '0x1', "'a'", '.5', 'undefined'].map((value) =>
    text(`the number ${value}`, `{${call},"params":{"name":"E","arguments":{"a":${value}}}}`),
  ),
  text('a comment', `{${call},/* */${params}}`),
  text('a comma too many', `{${call},${params},}`),
  body('a second value behind the first', ({ expensive, cheap }) => callOf(cheap) + callOf(expensive)),
  body('the expensive value first', ({ expensive, cheap }) => `${callOf(expensive)}\n${callOf(cheap)}`),
  body('letters behind the value', ({ expensive }) => `${callOf(expensive)}x`),
  ...[100, 2_000, 200_000].map((depth) =>
    text(`nesting ${depth} deep`, `{${call},"params":{"name":"E","arguments":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}}`),
  ),
  body('nine mebibytes', ({ expensive }) => callOf(expensive, {}, { arguments: { a: 'a'.repeat(9 * 1024 * 1024) } })),
  body('a task', ({ expensive }) => callOf(expensive, {}, { task: { ttl: 60_000 } })),
  body('a retry with answers of the user', ({ expensive }) => callOf(expensive, {}, { requestState: 'x', inputResponses: { a: {} } })),
];
