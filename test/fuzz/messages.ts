// Valid MCP messages of both eras, written in every way that JSON allows.
import fc from 'fast-check';
import { anyChar } from '../unit/mcp/oracle.ts';
import { MODERN, VERSION_KEY } from '../unit/mcp/support.ts';

export type Json = null | boolean | string | RawNumber | Json[] | { [key: string]: Json };

/** A number as it is written: `1.0` and `1` are not the same text. */
export class RawNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export interface Sent {
  readonly body: Buffer;
  /** Header lines that go with it. */
  readonly lines: readonly (readonly [string, string])[];
}

const text = fc.string({ unit: anyChar, maxLength: 12 });
const word = fc.constantFrom('search', 'echo', 'get_weather', 'räksmörgås', '検索', 'a/b', '*', '__proto__', 'x'.repeat(200), '🦭');
const name = fc.oneof({ weight: 3, arbitrary: word }, text);
/** None is another one's folded form, and none resembles a key of the protocol. */
const freeKey = fc.constantFrom(
  'q',
  'limit',
  'größe',
  'Ключ',
  'nested',
  'uri_',
  'namen',
  'a b',
  '日本',
  '\u{1f600}',
  'x\ty',
  '"',
  '\\',
  '/',
  '0',
  '',
);
const integer = fc.oneof(fc.integer({ min: -1000, max: 100_000 }), fc.maxSafeInteger()).map((value) => new RawNumber(String(value)));
/** Below the 4300 digits at which Python's int gives up: there a server refuses by itself. */
const number = fc.oneof(
  { weight: 3, arbitrary: integer },
  fc
    .constantFrom(
      '0',
      '-0',
      '1.0',
      '-12.5E-3',
      '1e400',
      '-1e-400',
      '9007199254740993',
      '123456789012345678901234567890',
      `1${'0'.repeat(400)}`,
    )
    .map((written) => new RawNumber(written)),
);

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Json>(null, true, false),
    number,
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(freeKey, tie('value'), { maxKeys: 4, noNullPrototype: false }),
  ),
}));
const object = fc.dictionary(freeKey, value, { maxKeys: 4, noNullPrototype: false }) as fc.Arbitrary<{ [key: string]: Json }>;

const id: fc.Arbitrary<Json> = fc.oneof(text, integer, fc.uuid());
const optional = <T extends Json>(key: string, arbitrary: fc.Arbitrary<T>) =>
  fc.option(arbitrary, { nil: undefined }).map((given): { [key: string]: Json } => (given === undefined ? {} : { [key]: given }));
const merged = (...parts: fc.Arbitrary<{ [key: string]: Json }>[]) =>
  fc.tuple(...parts).map((given) => Object.assign({}, ...given) as { [key: string]: Json });
const one = <T extends Json>(key: string, arbitrary: fc.Arbitrary<T>) =>
  arbitrary.map((given): { [key: string]: Json } => ({ [key]: given }));

const cursor = optional('cursor', text);
const clientInfo = one('clientInfo', fc.constant<Json>({ name: 'fuzz', version: '1' }));
/** Requests by method, with the params that the schemas give them. */
const requests: Readonly<Record<string, fc.Arbitrary<{ [key: string]: Json }>>> = {
  'tools/call': merged(one('name', name), optional('arguments', object), optional('task', one('ttl', integer))),
  'tools/list': cursor,
  'resources/list': cursor,
  'resources/read': one('uri', fc.constantFrom('test://static', 'file:///tmp/ä', 'x:')),
  'prompts/list': cursor,
  'prompts/get': merged(one('name', name), optional('arguments', fc.dictionary(freeKey, text, { maxKeys: 3, noNullPrototype: false }))),
  'completion/complete': merged(one('ref', one('name', name)), one('argument', merged(one('name', name), one('value', text)))),
  'tasks/get': one('taskId', text),
  'tasks/cancel': one('taskId', text),
};
const legacyRequests: typeof requests = {
  ...requests,
  initialize: merged(
    one('protocolVersion', fc.constantFrom('2024-11-05', '2025-06-18', '2025-11-25')),
    one('capabilities', object),
    clientInfo,
  ),
  ping: fc.constant({}),
  'logging/setLevel': one('level', fc.constantFrom('debug', 'info')),
  'resources/subscribe': one('uri', text),
};
const modernRequests: typeof requests = {
  ...requests,
  'server/discover': fc.constant({}),
  'subscriptions/listen': one('notifications', fc.constant<Json>({ toolsListChanged: true })),
  'tools/call': merged(
    one('name', name),
    optional('arguments', object),
    optional('inputResponses', object),
    optional('requestState', text),
  ),
};
const notifications: typeof requests = {
  'notifications/initialized': fc.constant({}),
  'notifications/cancelled': merged(one('requestId', id), optional('reason', text)),
  'notifications/progress': merged(one('progressToken', id), one('progress', number)),
  'notifications/roots/list_changed': fc.constant({}),
};

const json = ['Content-Type', 'application/json'] as const;
const version: Json = new RawNumber(JSON.stringify('2.0'));
const of = (table: typeof requests) =>
  fc.constantFrom(...Object.entries(table)).chain(([method, params]) => fc.tuple(fc.constant(method), params));

const legacyRequest = fc
  .tuple(of(legacyRequests), id, optional('_meta', one('progressToken', id)))
  .map(([[method, params], given, meta]) => {
    const all = { ...params, ...meta };
    return { message: { jsonrpc: version, id: given, method, ...(Object.keys(all).length > 0 && { params: all }) }, lines: [json] };
  });
const modernRequest = fc.tuple(of(modernRequests), id).map(([[method, params], given]) => {
  const _meta: Json = { [VERSION_KEY]: MODERN, 'io.modelcontextprotocol/clientCapabilities': {} };
  const mirrored = method === 'resources/read' ? params['uri'] : method.startsWith('tasks/') ? params['taskId'] : params['name'];
  const lines: (readonly [string, string])[] = [json, ['MCP-Protocol-Version', MODERN], ['Mcp-Method', method]];
  if (typeof mirrored === 'string') lines.push(['Mcp-Name', mirror(mirrored)]);
  return { message: { jsonrpc: version, id: given, method, params: { ...params, _meta } }, lines };
});
const notification = of(notifications).map(([method, params]) => ({ message: { jsonrpc: version, method, params }, lines: [json] }));
const response = fc.tuple(id, fc.boolean(), object).map(([given, isError, result]) => ({
  message: { jsonrpc: version, id: given, ...(isError ? { error: { code: new RawNumber('-32603'), message: 'no' } } : { result }) },
  lines: [json],
}));

/** MCP 2026-07-28, "Value encoding": plain where it can stand in a header as it is, else the sentinel. */
function mirror(given: string): string {
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(given) && !given.startsWith('=?base64?');
  return isPlain ? given : `=?base64?${Buffer.from(given).toString('base64')}?=`;
}

/** Writes a value with blanks, escapes and an order of members that a seed decides. */
function write(given: Json, next: () => number): string {
  const blank = (): string => (next() % 4 === 0 ? (['\n', ' ', '\t\r', '  '][next() % 4] ?? '') : '');
  const around = (written: string): string => `${blank()}${written}${blank()}`;
  if (given === null || typeof given === 'boolean') return around(String(given));
  if (given instanceof RawNumber) return around(given.text);
  if (typeof given === 'string') return around(quote(given, next));
  if (Array.isArray(given)) return around(`[${given.map((each) => write(each, next)).join()}]`);
  const members = Object.keys(given).map((key) => `${around(quote(key, next))}:${write(given[key] ?? null, next)}`);
  const turn = members.length > 0 ? next() % members.length : 0;
  return around(`{${[...members.slice(turn), ...members.slice(0, turn)].join()}}`);
}

function quote(given: string, next: () => number): string {
  const style = next() % 4;
  const written = [...given].map((char) => {
    const mustEscape = char === '"' || char === '\\' || char < ' ';
    if (!mustEscape && (style < 2 || (style === 2 && next() % 3 > 0))) return char;
    if (mustEscape && next() % 2 === 0) return JSON.stringify(char).slice(1, -1);
    const hex = [...Array(char.length).keys()].map((unit) => char.charCodeAt(unit).toString(16).padStart(4, '0'));
    return hex.map((digits) => `\\u${next() % 2 === 0 ? digits : digits.toUpperCase()}`).join('');
  });
  return `"${written.join('')}"`;
}

/** A small generator of its own, so that a text is decided by one number. */
function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 16;
  };
}

/** A message that MCP allows, with the headers that go with it. */
export const validMessage: fc.Arbitrary<Sent> = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: legacyRequest }, { weight: 4, arbitrary: modernRequest }, notification, response),
    fc.nat({ max: 0xffffffff }),
  )
  .map(([{ message, lines }, seed]) => ({ body: Buffer.from(write(message as unknown as Json, numbersFrom(seed))), lines }));
