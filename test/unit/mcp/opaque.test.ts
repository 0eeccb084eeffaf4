import { describe, expect, it } from 'vitest';
import { judgeOpening, readContentType } from '../../../src/mcp/opening.ts';
import { bytesOf, call, type Lines, messageOf, modernCall, post, postElsewhere, verdict } from './support.ts';

const form: Lines = [['Content-Type', 'application/x-www-form-urlencoded']];
const multipart: Lines = [['content-type', 'Multipart/Form-Data; boundary="--{"']];
const browser: Lines = [['content-type', 'multipart/form-data; boundary=----WebKitFormBoundaryAjsonBc0123456']];

describe('bodies that are no JSON-RPC by nature', () => {
  it('[parse:opaque] lets forms pass on an MCP path', () => {
    for (const lines of [form, multipart, browser, [['Content-Type', 'multipart/mixed;charset=iso-8859-1']]] satisfies Lines[]) {
      for (const body of ['a=1&b={', '', '  \n', '--x\r\n\r\n{"jsonrpc":"2.0"}', ' "x"', 'null']) {
        expect(messageOf(post(body, lines))).toEqual({ kind: 'opaque' });
      }
    }
  });

  it.each([
    '{',
    ' {',
    '\n\t[',
    '\u00a0{',
    '\u2028\u3000[',
    '\v\f{',
    '\u0085{',
    '\u1680{',
    '\u180e[',
    '\u2000\u202f{',
    '\u205f{',
    '\ufeffa=1',
    ' \ufeff{',
    '\u0000a',
    ' \u0000{',
  ])('[parse:opaque] judges a form that begins with %j as JSON', (start) => {
    for (const lines of [form, multipart]) expect(verdict(post(`${start}x`, lines))).toMatch(/^(syntax|bom|encoding) 400 -32700$/);
  });

  it('[parse:opaque] judges a form in UTF-16 as JSON, with and without a mark', () => {
    for (const bytes of [
      Buffer.from(call(), 'utf16le'),
      Buffer.from(`\ufeff${call()}`, 'utf16le'),
      Buffer.from(call(), 'utf16le').swap16(),
    ]) {
      expect(verdict(post(bytes, form))).toBe('encoding 400 -32700');
    }
    expect(messageOf(post(call(), form))).toMatchObject({ kind: 'request', tool: 'search' });
  });

  it.each([
    'application/x-www-form-urlencoded, application/json',
    'multipart/form-data, application/json',
    // To TypeScript SDK 1.20 with express.urlencoded behind it, JSON that has been parsed.
    'application/x-www-form-urlencoded; a=application/json',
    'multipart/form-data; boundary=x; a="application/JSON"',
    'text/plain',
    'application/x-www-form',
    'multipart/',
  ])('[parse:opaque] takes %s for no form', (type) => {
    expect(verdict(post('a=1', [['Content-Type', type]]))).toBe('syntax 400 -32700');
  });

  it('[parse:encoding] refuses a charset that hides ASCII even in a form', () => {
    expect(verdict(post('+AHs-', [['Content-Type', 'multipart/form-data; charset=utf-7']]))).toBe('charset 400 -32700');
    expect(verdict(postElsewhere('+AHs-', [['Content-Type', 'text/plain; charset=UTF-7']]))).toBe('charset 400 -32700');
    expect(readContentType("text/plain; charset*=us-ascii'en'utf-7").isUtf8).toBe(false);
  });

  it('leaves a start of blanks undecided', () => {
    expect([judgeOpening(bytesOf(' \u2003')), judgeOpening(bytesOf('')), judgeOpening(bytesOf(' a')), judgeOpening(bytesOf(' ['))]).toEqual(
      ['undecided', 'undecided', 'other', 'json-like'],
    );
  });
});

describe('bodies outside the MCP paths', () => {
  it.each([
    ...[
      '',
      'x',
      'a=1',
      '"jsonrpc"',
      '{"a":1}',
      '[]',
      '[1,{"a":1}]',
      '{"method":"card"}',
      '{"params":[]}',
      '{"data":{"jsonrpc":"2.0","method":"a","params":{}}}',
    ],
    ...[
      '{"a":1,"a":2}',
      '{"a":1}\n{"a":2}\n',
      '{a:1}',
      '[[[',
      '{"text":"jsonrpc"}',
      '{"id":1,"result":{}}',
      '[[{"jsonrpc":"2.0"}]]',
      '\ufeff{"a":1}',
    ],
  ])('[paths:elsewhere] lets %s pass', (body) => {
    expect(messageOf(postElsewhere(body))).toEqual({ kind: 'opaque' });
  });

  it('[paths:elsewhere] lets bytes pass that are no text', () => {
    for (const bytes of [
      [0, 1, 2, 255],
      [0xff, 0xfe, 0x41, 0x00],
      [0x1f, 0x8b, 8],
      [0x5b, 0xff],
      [0x89, 0x50, 0x4e, 0x47],
    ]) {
      expect(messageOf(postElsewhere(Uint8Array.from(bytes), [['Content-Type', 'image/png']], 'PUT'))).toEqual({ kind: 'opaque' });
    }
  });

  it('[paths:json-rpc-elsewhere] judges JSON-RPC as on an MCP path', () => {
    expect(messageOf(postElsewhere(call()))).toMatchObject({ kind: 'request', tool: 'search' });
    expect(messageOf(postElsewhere(call(), [['Content-Type', 'image/png']]))).toMatchObject({ kind: 'request', tool: 'search' });
    expect(messageOf(postElsewhere(call(), form))).toMatchObject({ kind: 'request', tool: 'search' });
    expect(verdict(postElsewhere(modernCall()))).toBe('era-mismatch 400 -32020');
    expect(verdict(postElsewhere(`[1,${call()}]`))).toBe('batch 400 -32600');
    expect(verdict(postElsewhere('{"method":"tools/call","params":{"name":"a"},"id":1}'))).toBe('version 400 -32600');
    expect(verdict(postElsewhere('{"JSONRPC":"2.0"}'))).toBe('lookalike-key 400 -32600');
    expect(verdict(postElsewhere(call(), [['Content-Type', 'text/plain; charset=latin1']]))).toBe('charset 400 -32700');
    expect(verdict(postElsewhere(call(), [['Content-Encoding', 'gzip']]))).toBe('content-encoding 415 -32600');
    expect(verdict(postElsewhere('x', [['Content-Encoding', 'gzip']]))).toBe('content-encoding 415 -32600');
    expect(verdict(postElsewhere(call(), [], 'PUT'))).toBe('method 400 -32600');
    expect(verdict(postElsewhere(call(), [['Content-Length', '9']], 'GET'))).toBe('unexpected-body 400 -32600');
  });

  it.each([
    ['a BOM', `\ufeff${call()}`, 'bom'],
    ['UTF-16', Buffer.from(call(), 'utf16le'), 'encoding'],
    ['UTF-16 with a long s', Buffer.from('{"j\u017fonrpc":"2.0"}', 'utf16le').swap16(), 'encoding'],
    ['a duplicate key', call().replace('{', '{"id":2,'), 'duplicate-key'],
    ['trailing text', `${call()};`, 'trailing-text'],
    ['lines of JSON', `{"a":1}\n${call()}`, 'trailing-text'],
    ['a comment', `{/*x*/${call().slice(1)}`, 'syntax'],
    ['single quotes', call().replaceAll('"', "'"), 'syntax'],
    ['bare keys', '{method:"tools/call",params:{name:"a"}}', 'syntax'],
    ['escaped keys', '{"\\u006Asonrpc":"2.0","x":NaN}', 'syntax'],
    ['escaped keys in UTF-16', Buffer.from('{"\\u006Asonrpc":"2.0"}', 'utf16le'), 'encoding'],
    ['hex escapes', "{'\\x6dethod':'tools/call','p\\x61rams':{}}", 'syntax'],
    ['an escaped long s', '{"j\\u017fonrpc":"2.0",}', 'syntax'],
    ['a folded key', '{"J\u017fonRPC":"2.0",}', 'syntax'],
    ['depth', `{"jsonrpc":"2.0","params":${'['.repeat(70)}${']'.repeat(70)}}`, 'nesting'],
    ['invalid UTF-8', Buffer.from(call({ x: 'é' }), 'latin1'), 'invalid-utf8'],
  ])('[paths:json-rpc-elsewhere] refuses what a lenient parser could take for JSON-RPC: %s', (_, body, rung) => {
    expect(verdict(postElsewhere(body))).toBe(`${rung} 400 -32700`);
  });
});
