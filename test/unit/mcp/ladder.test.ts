import { describe, expect, it } from 'vitest';
import { ladder, type RungName, refuse } from '../../../src/mcp/ladder.ts';
import { call, headVerdict, type Lines, MODERN, modernCall, post, verdict } from './support.ts';

const onHead = (method: string, target: string, lines: Lines = []) => headVerdict({ method, target, lines }, ['/mcp']);
const modern: Lines = [['MCP-Protocol-Version', MODERN]];
/** Counted while the bytes come in, by the sidecar. */
const counted = (rung: RungName) => verdict({ ok: false, refusal: refuse(rung, { era: 'legacy' }) });

/** One request for each rung; the type demands that none is left out. */
const hits: Readonly<Record<RungName, () => string>> = {
  'target-form': () => onHead('POST', 'mcp'),
  'path-alias': () => onHead('GET', '/MCP'),
  method: () => onHead('PUT', '/mcp'),
  'unexpected-body': () => onHead('GET', '/mcp', [['Content-Length', '1']]),
  'connection-option': () => onHead('POST', '/mcp', [['Connection', 'mcp-name']]),
  'session-carriers': () => onHead('POST', '/mcp?sessionId=a&sessionId=b'),
  'repeated-header': () => onHead('POST', '/mcp', [...modern, ['Host', 'a'], ['Host', 'b']]),
  'repeated-mirror': () => onHead('POST', '/mcp', [...modern, ...modern]),
  'content-encoding': () => onHead('POST', '/mcp', [['Content-Encoding', 'br']]),
  'body-too-large': () => counted('body-too-large'),
  'buffers-full': () => counted('buffers-full'),
  'body-timeout': () => counted('body-timeout'),
  charset: () => verdict(post(call(), [['Content-Type', 'application/json;charset=utf-16']])),
  bom: () => verdict(post('\ufeff{}')),
  encoding: () => verdict(post(Buffer.from('{}', 'utf16le'))),
  'invalid-utf8': () => verdict(post(Buffer.from([0x22, 0xff, 0x22]))),
  syntax: () => verdict(post('{"a":NaN}')),
  'trailing-text': () => verdict(post('{}{}')),
  nesting: () => verdict(post('['.repeat(65))),
  'duplicate-key': () => verdict(post('{"a":1,"a":1}')),
  'fold-equal-key': () => verdict(post('{"a":1,"A":1}')),
  'lone-surrogate': () => verdict(post('{"\\ud800":1}')),
  batch: () => verdict(post('[]')),
  'not-object': () => verdict(post('1')),
  'lookalike-key': () => verdict(post('{"Method":1}')),
  version: () => verdict(post('{}')),
  'no-kind': () => verdict(post('{"jsonrpc":"2.0"}')),
  'request-and-response': () => verdict(post(call({ result: 1 }))),
  'method-form': () => verdict(post(call({ method: 1 }))),
  'id-form': () => verdict(post(call({ id: null }))),
  'request-without-id': () => verdict(post(call({ id: undefined }))),
  'tool-name': () => verdict(post(call({ params: {} }))),
  'params-form': () => verdict(post(call({ method: 'ping', params: [] }))),
  'envelope-missing': () => verdict(post(call(), modern)),
  'era-mismatch': () => verdict(post(modernCall())),
  'mirror-missing': () => verdict(post(modernCall(), modern)),
  'mirror-mismatch': () => verdict(post(modernCall(), [...modern, ['Mcp-Method', 'x']])),
};

const rungs = Object.entries(ladder).map(([name, rung]) => ({ ...rung, name: name as RungName }));

describe('the ladder', () => {
  it.each(rungs)('is climbed as far as $name, which answers $status and $code', ({ name, status, code }) => {
    expect(hits[name]()).toBe(`${name} ${status} ${code}`);
  });

  it.each(rungs)('$name has a code that MCP or JSON-RPC defines, a text and a reason', ({ status, code, says, rationale }) => {
    expect([-32700, -32600, -32602, -32603, -32020]).toContain(code);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(says).toMatch(/^[A-Z][^.].*[^.]$/);
    expect(rationale).toMatch(/\.$/);
  });
});
