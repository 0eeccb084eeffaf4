import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bytesOf, call, headVerdict, type Lines, MODERN, modernCall, modernLines, post, verdict } from './support.ts';

const json: Lines = [['Content-Type', 'application/json']];
const charset = (name: string): Lines => [['Content-Type', `application/json; charset=${name}`]];
const modern = (...more: Lines): Lines => [['MCP-Protocol-Version', MODERN], ...more];
const expensive = (extra: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"expensive"${extra}}}`;

/** Every row of research/mcp-on-the-wire.md §5 that one request shows: what some server ran, and what is said to it here. */
const bodies: readonly (readonly [row: string, body: string | Uint8Array, lines: Lines, expected: string])[] = [
  [
    'duplicate name',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"cheap","name":"expensive"}}',
    json,
    'duplicate-key 400 -32700',
  ],
  [
    'duplicate method',
    '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"a"}}',
    json,
    'duplicate-key 400 -32700',
  ],
  [
    'duplicate params',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}',
    json,
    'duplicate-key 400 -32700',
  ],
  ['duplicate in _meta', expensive(',"_meta":{"a":1,"a":2}'), json, 'duplicate-key 400 -32700'],
  ['Name beside name', expensive(',"Name":"cheap"'), json, 'fold-equal-key 400 -32700'],
  ['Name alone', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"Name":"a"}}', json, 'lookalike-key 400 -32600'],
  ['Method alone', '{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":{"name":"a"}}', json, 'lookalike-key 400 -32600'],
  ['METHOD alone', '{"jsonrpc":"2.0","id":1,"METHOD":"tools/call","params":{"name":"a"}}', json, 'lookalike-key 400 -32600'],
  ['params with a long s', '{"jsonrpc":"2.0","id":1,"method":"tools/call","param\u017f":{"name":"a"}}', json, 'lookalike-key 400 -32600'],
  ['name with a NUL', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name\\u0000":"a"}}', json, 'lookalike-key 400 -32600'],
  [
    'escapes in method and name',
    expensive('').replace('expensive', '\\u0065xpensive').replace('tools/call', 'tools\\/c\\u0061ll'),
    json,
    'ok',
  ],
  ['name not a string', expensive('').replace('"expensive"', '["expensive"]'), json, 'tool-name 400 -32602'],
  ['batch', `[${call()},${call()}]`, json, 'batch 400 -32600'],
  ['batch of one', `[${call()}]`, json, 'batch 400 -32600'],
  ['no id', '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}}', json, 'request-without-id 400 -32600'],
  ['id null', call({ id: null }), json, 'id-form 400 -32600'],
  ['id 1.0', call().replace('"id":1', '"id":1.0'), json, 'id-form 400 -32600'],
  ['request with result', call({ result: {} }), json, 'request-and-response 400 -32600'],
  ['request with error', call({ error: { code: 1, message: '' } }), json, 'request-and-response 400 -32600'],
  ['UTF-8 BOM', `\ufeff${call()}`, json, 'bom 400 -32700'],
  ['UTF-16, declared', Buffer.from(call(), 'utf16le'), charset('utf-16le'), 'charset 400 -32700'],
  ['UTF-16, undeclared', Buffer.from(call(), 'utf16le'), json, 'encoding 400 -32700'],
  ['UTF-7', call(), charset('utf-7'), 'charset 400 -32700'],
  ['Latin-1', call(), charset('"ISO-8859-1"'), 'charset 400 -32700'],
  ['two charsets', call(), charset('utf-8; Charset = utf-16'), 'charset 400 -32700'],
  ['UTF-8, declared', call(), charset('"UTF-8"; profile=x'), 'ok'],
  ['invalid UTF-8', Buffer.from(call({ params: { name: 'é' } }), 'latin1'), json, 'invalid-utf8 400 -32700'],
  ['gzip', gzipSync(call()), [...json, ['Content-Encoding', 'gzip']], 'content-encoding 415 -32600'],
  ['plain under a gzip header', call(), [...json, ['content-encoding', 'gzip']], 'content-encoding 415 -32600'],
  ['two codings', call(), [...json, ['Content-Encoding', 'identity'], ['Content-Encoding', 'br']], 'content-encoding 415 -32600'],
  ['compressed transfer', call(), [...json, ['Transfer-Encoding', 'gzip, chunked']], 'content-encoding 415 -32600'],
  ['identity, chunked', call(), [...json, ['Content-Encoding', 'Identity'], ['Transfer-Encoding', 'chunked']], 'ok'],
  ['two types in one line', call(), [['Content-Type', 'application/json, text/plain']], 'ok'],
  ['two type lines', call(), [...json, ['content-type', 'text/plain']], 'repeated-header 400 -32600'],
  ['NaN', expensive(',"arguments":{"a":NaN}'), json, 'syntax 400 -32700'],
  ['trailing data', `${call()}${call()}`, json, 'trailing-text 400 -32700'],
  ['depth 2,000', expensive(`,"arguments":${'['.repeat(2000)}${']'.repeat(2000)}`), json, 'nesting 400 -32700'],
  ['depth 200,000', '['.repeat(200_000), json, 'nesting 400 -32700'],
  ['Mcp-Name against the body', modernCall('expensive'), modern(['Mcp-Name', 'cheap']), 'mirror-mismatch 400 -32020'],
  ['Mcp-Method against the body', modernCall(), modern(['Mcp-Method', 'ping']), 'mirror-mismatch 400 -32020'],
  ['two Mcp-Name lines', modernCall(), modern(['Mcp-Name', 'search'], ['mcp-name', 'search']), 'repeated-mirror 400 -32020'],
  ['an Mcp_Name beside Mcp-Name', modernCall(), modern(['Mcp-Name', 'search'], ['Mcp_Name', 'x']), 'repeated-mirror 400 -32020'],
  ['ASCII in a sentinel', modernCall(), modernLines('tools/call', '=?base64?c2VhcmNo?='), 'ok'],
  ['no Mcp-Name', modernCall(), modern(['Mcp-Method', 'tools/call']), 'mirror-missing 400 -32020'],
  ['no Mcp-Method', modernCall(), modern(['Mcp-Name', 'search']), 'mirror-missing 400 -32020'],
  ['modern body, no header', modernCall(), json, 'era-mismatch 400 -32020'],
  ['modern body, legacy header', modernCall(), [['MCP-Protocol-Version', '2025-11-25']], 'era-mismatch 400 -32020'],
  ['legacy body, modern header', call(), modern(), 'envelope-missing 400 -32602'],
  ['legacy body with Mcp-Name: cheap', expensive(''), [...json, ['Mcp-Name', 'cheap']], 'ok'],
  ['a call inside arguments', call({ method: 'ping', params: { arguments: JSON.parse(call()) } }), json, 'ok'],
];

describe('the smuggling matrix: bodies', () => {
  it.each(bodies)('%s', (_, body, lines, expected) => {
    expect(verdict(post(bytesOf(body), lines))).toBe(expected);
  });
});

const heads: readonly (readonly [row: string, request: Parameters<typeof headVerdict>[0], expected: string])[] = [
  ['GET with a body', { method: 'GET', lines: [['Content-Length', '5']] }, 'unexpected-body 400 -32600'],
  ['DELETE with a chunked body', { method: 'DELETE', lines: [['Transfer-Encoding', 'chunked']] }, 'unexpected-body 400 -32600'],
  ['PUT', { method: 'PUT' }, 'method 400 -32600'],
  ['lower-case post', { method: 'post' }, 'method 400 -32600'],
  ['/mcp/', { target: '/mcp/' }, 'body-needed'],
  ['/MCP', { target: '/MCP' }, 'path-alias 404 -32600'],
  ['//mcp', { target: '//mcp' }, 'path-alias 404 -32600'],
  ['/%6dcp', { target: '/%6dcp' }, 'path-alias 404 -32600'],
  ['/x/../mcp', { target: '/x/../mcp' }, 'path-alias 404 -32600'],
  ['/mcp;a=b', { target: '/mcp;a=b' }, 'path-alias 404 -32600'],
  ['absolute form', { target: 'http://127.0.0.1/mcp' }, 'target-form 400 -32600'],
  ['authority form', { method: 'CONNECT', target: '127.0.0.1:80' }, 'target-form 400 -32600'],
  ['asterisk form', { method: 'OPTIONS', target: '*' }, 'target-form 400 -32600'],
  ['an empty target', { target: '' }, 'target-form 400 -32600'],
];

describe('the smuggling matrix: heads', () => {
  it.each(heads)('%s', (_, request, expected) => {
    expect(headVerdict(request, ['/mcp'])).toBe(expected);
  });

  it('[parse:target-form] refuses the absolute form wherever MCP is spoken', () => {
    expect(headVerdict({ target: 'http://127.0.0.1/mcp' })).toBe('target-form 400 -32600');
  });
});
