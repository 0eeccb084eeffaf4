import { describe, expect, it } from 'vitest';
import { scan } from '../../../src/mcp/scan.ts';
import { bytesOf, call, messageOf, post, verdict } from './support.ts';

function rungOf(body: string | Uint8Array): string {
  const scanned = scan(bytesOf(body));
  return scanned.ok ? 'ok' : scanned.fault.rung;
}

const withArguments = (text: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":${text}}}`;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('scan: strict JSON', () => {
  it.each([
    ...['', ' ', '{', '}', '[', '{"a"}', '{"a":}', '{"a":1,}', '{,}', '[,]', '[1,]', '[1 2]', '{"a":1 "b":2}', '{a:1}', "{'a':1}"],
    ...['tru', 'True', 'nul', 'nulll', 'NaN', '-NaN', 'Infinity', '-Infinity', 'undefined', '01', '-', '-01', '+1', '.5', '1.', '1.e1'],
    ...['1e', '1e+', '0x10', '1_000', '"', '"a', '"\\"', '"\\x41"', '"\\u12"', '"\\u12g4"', '"\\u+123"', '"\\U0041"', '"\t"', '"\n"'],
    ...['{"a":1}//', '/**/1', '\v1', '\f1', '\u00a01', '[1]\u2028', '"a"b', '{"a":NaN}', '[\u0000]', '"\u0000"', '{"a" "b"}', '[[[]'],
  ])('[parse:strict-json] refuses %j', (text) => {
    expect(['syntax', 'trailing-text', 'encoding']).toContain(rungOf(text));
  });

  it.each([
    ...['0', '-0', '-1', '1.5', '1e5', '1E+5', '1e-05', '0.0', '123456789012345678901234567890', 'true', 'false', 'null', '""', '[]', '{}'],
    ...[
      ' \t\r\n{ "a" : [ 1 , { } ] } \n',
      '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00"',
      '"\u007f\u2028é😀"',
      '{"":{"":1}}',
      '{"a":1,"b":1}',
    ],
  ])('[parse:strict-json] accepts %j', (text) => {
    expect(rungOf(text)).toBe('ok');
  });

  it.each(['{} {}', '{}x', '1 2', '[]]', '{"a":1}\u0000', 'null,'])('[parse:trailing-text] refuses %j', (text) => {
    expect(rungOf(text)).toBe('trailing-text');
  });

  it('[parse:nesting] accepts 64 levels and refuses 65, of arrays and of objects', () => {
    expect([rungOf(nested(64)), rungOf(nested(65))]).toEqual(['ok', 'nesting']);
    expect(rungOf(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`)).toBe('ok');
    expect(rungOf(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)).toBe('nesting');
    expect(rungOf(`[${nested(63)},${nested(63)}]`)).toBe('ok');
  });

  it('names the byte at which a fault shows', () => {
    expect(scan(Buffer.from('{"é":1,"é":2}'))).toEqual({ ok: false, fault: { rung: 'duplicate-key', atByte: 8 } });
  });
});

describe('scan: encodings', () => {
  it.each([
    ['UTF-8 BOM', Buffer.from('\ufeff{}'), 'bom'],
    ['UTF-16 LE', Buffer.from(call(), 'utf16le'), 'encoding'],
    ['UTF-16 LE with BOM', Buffer.from(`\ufeff${call()}`, 'utf16le'), 'encoding'],
    ['UTF-16 BE', Buffer.from(call(), 'utf16le').swap16(), 'encoding'],
    ['UTF-16 BE with BOM', Buffer.from(`\ufeff${call()}`, 'utf16le').swap16(), 'encoding'],
    ['UTF-32 LE', Buffer.from([...'{}'].flatMap((char) => [char.charCodeAt(0), 0, 0, 0])), 'encoding'],
    ['UTF-32 BE', Buffer.from([...'{}'].flatMap((char) => [0, 0, 0, char.charCodeAt(0)])), 'encoding'],
    ['UTF-7', Buffer.from('+AHs-"jsonrpc":"2.0"+AH0-'), 'syntax'],
    ['Latin-1', Buffer.from('{"a":"é"}', 'latin1'), 'invalid-utf8'],
    ['an overlong quote', Buffer.from([0x22, 0xc0, 0xa2, 0x22, 0x20]), 'invalid-utf8'],
    ['an overlong slash of three bytes', Buffer.from([0x22, 0xe0, 0x80, 0xaf, 0x22]), 'invalid-utf8'],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'invalid-utf8'],
    ['a code point over U+10FFFF', Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]), 'invalid-utf8'],
    ['a cut sequence', Buffer.from([0x22, 0xf0, 0x9f, 0x98, 0x22]), 'invalid-utf8'],
    ['a lone continuation byte', Buffer.from([0x22, 0x80, 0x22, 0x20]), 'invalid-utf8'],
  ])('[parse:encoding] refuses %s', (_, bytes, rung) => {
    expect(rungOf(bytes)).toBe(rung);
    expect(verdict(post(bytes))).toBe(`${rung} 400 -32700`);
  });

  it('[parse:encoding] reads a view into a larger buffer, and no byte beyond it', () => {
    const buffer = Buffer.from(`xx${call()}}}`);
    expect(messageOf(post(buffer.subarray(2, -2)))).toMatchObject({ kind: 'request', tool: 'search' });
  });
});

describe('scan: keys', () => {
  it.each([
    ...['{"a":1,"a":2}', '{"a":1,"b":2,"\\u0061":3}', '{"\u00e9":1,"\\u00E9":2}', '{"\u{1f600}":1,"\\ud83d\\ude00":2}', '{"":1,"":2}'],
    ...['{"__proto__":1,"__proto__":2}', '[[{"x":{"a":1,"a":1}}]]', '{"a":{"a":{}},"b":[],"a":1}'],
  ])('[parse:duplicate-key] refuses %s', (text) => {
    expect(rungOf(text)).toBe('duplicate-key');
    expect(verdict(post(withArguments(text)))).toBe('duplicate-key 400 -32700');
  });

  it.each([
    ...['{"a":1,"A":2}', '{"params":1,"param\u017f":2}', '{"param\\u017f":1,"PARAMS":2}', '{"task":1,"tas\u212a":2}'],
    ...['{"name":1,"name\\u0000":2}', '{"name\\u0000\\u0000":1,"Name\\u0000":2}', '{"a":{"b":[{"C":1,"c":2}]}}', '{"":1,"\\u0000":2}'],
  ])('[parse:fold-equal-key] refuses %s', (text) => {
    expect(rungOf(text)).toBe('fold-equal-key');
    expect(verdict(post(withArguments(text)))).toBe('fold-equal-key 400 -32700');
  });

  it.each([
    '{"a":{"a":1},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"\u00e9":1,"\u00c9":2}',
    '{"a\\u0000b":1,"ab":2}',
    '{"__proto__":1,"constructor":2}',
  ])('[parse:duplicate-key] accepts %s, whose keys differ', (text) => {
    expect(rungOf(text)).toBe('ok');
  });

  it('[parse:duplicate-key] finds the second of two in an object of many keys, and of long ones', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `"k${index}":0`).join();
    expect([rungOf(`{${many}}`), rungOf(`{${many},"k500":1}`), rungOf(`{${many},"K999":1}`)]).toEqual([
      'ok',
      'duplicate-key',
      'fold-equal-key',
    ]);
    const long = 'x'.repeat(20_000);
    expect(rungOf(`{"${long}1":1,"${long}2":1}`)).toBe('ok');
    expect(rungOf(`{"${long}":1,"${long}":1}`)).toBe('duplicate-key');
    expect(rungOf(`{"${long}":1,"${long.toUpperCase()}":1}`)).toBe('fold-equal-key');
  });

  it('[parse:lone-surrogate] refuses one in a key or a value that decides, and lets one pass in arguments', () => {
    expect(rungOf('{"a\\ud800":1}')).toBe('lone-surrogate');
    expect(rungOf('{"x":[{"\\udc00\\ud800":1}]}')).toBe('lone-surrogate');
    expect(verdict(post('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a\\udfff"}}'))).toBe('lone-surrogate 400 -32700');
    expect(verdict(post('{"jsonrpc":"2.0","id":1,"method":"x\\ud83d"}'))).toBe('lone-surrogate 400 -32700');
    expect(verdict(post('{"jsonrpc":"2.0","id":"\\ud834","method":"x"}'))).toBe('lone-surrogate 400 -32700');
    expect(verdict(post('{"jsonrpc":"2.0","id":"\\ud834\\udd1e","method":"x"}'))).toBe('ok');
    expect(verdict(post(withArguments('{"text":"cut in half: \\ud83d"}')))).toBe('ok');
  });
});
