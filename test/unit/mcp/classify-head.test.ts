import { describe, expect, it } from 'vitest';
import { hopByHopHeaders } from '../../../src/lib/hop-by-hop.ts';
import { classifyHead } from '../../../src/mcp/classify.ts';
import { neverForwardedHeaders } from '../../../src/mcp/headers.ts';
import { call, head, headVerdict, type Lines, post, verdict } from './support.ts';

describe('classifyHead', () => {
  it('asks for the body of a POST, and tells whether the path is MCP', () => {
    expect(classifyHead(head(), [])).toEqual({ kind: 'body-needed', isMcpPath: true });
    expect(classifyHead(head({ target: '/other', lines: [['Content-Length', '3']] }), ['/mcp'])).toEqual({
      kind: 'body-needed',
      isMcpPath: false,
    });
    expect(classifyHead(head({ method: 'GET' }), [])).toEqual({ kind: 'pass', isMcpPath: true });
    expect(classifyHead(head({ method: 'GET', target: '/other' }), ['/mcp'])).toEqual({ kind: 'pass', isMcpPath: false });
  });

  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS'])('[parse:unexpected-body] lets %s pass without a body only', (method) => {
    expect(headVerdict({ method })).toBe('pass');
    expect(headVerdict({ method, lines: [['Content-Length', '0']] })).toBe('pass');
    for (const lines of [[['content-length', '1']], [['Transfer-Encoding', 'chunked']], [['Content_Length', '7']]] satisfies Lines[]) {
      expect(headVerdict({ method, lines })).toBe('unexpected-body 400 -32600');
    }
  });

  it.each(['PUT', 'PATCH', 'TRACE', 'QUERY', 'PROPFIND', 'get', 'Post'])('[parse:methods] refuses %s on MCP paths', (method) => {
    expect(headVerdict({ method })).toBe('method 400 -32600');
    expect(headVerdict({ method, target: '/other' }, ['/mcp'])).toBe('pass');
  });

  it.each(['gzip', 'deflate', 'br', 'zstd', 'GZIP', 'identity, gzip', 'x'])(
    '[parse:compressed] refuses Content-Encoding %s before the body',
    (coding) => {
      const lines: Lines = [
        ['Content-Encoding', coding],
        ['Content-Length', '9'],
      ];
      expect(headVerdict({ lines })).toBe('content-encoding 415 -32600');
      expect(headVerdict({ target: '/other', lines }, ['/mcp'])).toBe('content-encoding 415 -32600');
    },
  );

  it.each([
    ['two lines that differ', '/mcp', ['a', 'b']],
    ['two equal lines', '/mcp', ['a', 'a']],
    ['two ids in one line', '/mcp', ['a, b']],
    ['a query parameter that differs', '/mcp?sessionId=b', ['a']],
    ['a query parameter in another spelling', '/mcp?x=1&session%5Fid=b', ['a']],
    ['an encoded query parameter', '/mcp?%73essionId=%62', ['a']],
    ['an empty query parameter', '/mcp?sessionId', ['a']],
    ['a repeated query parameter', '/mcp?sessionId=a&sessionId=b', []],
    ['an equal repeated query parameter', '/mcp?sessionId=a&session_id=a', ['a']],
    ['a query parameter as an array', '/mcp?sessionId[]=a&sessionId[]=b', []],
    ['query parameters apart by semicolons', '/mcp?sessionId=a;sessionId=b', []],
    ['a blank in the id', '/mcp', ['a b']],
    ['a letter outside ASCII', '/mcp', ['é']],
  ])('[parse:session-carriers] refuses %s', (_, target, ids) => {
    const lines = ids.map((id) => ['Mcp-Session-Id', id] as const);
    for (const method of ['POST', 'GET', 'DELETE']) expect(headVerdict({ method, target, lines })).toBe('session-carriers 400 -32600');
  });

  it('[parse:session-carriers] accepts one carrier, and two that agree', () => {
    expect(headVerdict({ lines: [['mcp-session-id', '1868a90c-9f4e']] })).toBe('body-needed');
    expect(headVerdict({ target: '/message?sessionId=a%2Bb&x=1' })).toBe('body-needed');
    expect(headVerdict({ target: '/mcp?sessionId=a', lines: [['Mcp-Session-Id', 'a']] })).toBe('body-needed');
    expect(headVerdict({ target: '/mcp?q=%zz&session=1&session=2', lines: [['Mcp-Session-Id', 'a']] })).toBe('body-needed');
  });

  it.each(['Content-Type', 'Authorization', 'Host', 'Origin', 'Last-Event-ID', 'content_type'])(
    '[parse:repeated-header] refuses a second %s',
    (name) => {
      const lines: Lines = [
        [name, 'a'],
        [name.toLowerCase().replace('_', '-'), 'a'],
      ];
      expect(headVerdict({ method: 'GET', lines })).toBe('repeated-header 400 -32600');
    },
  );

  it.each(['Mcp-Method', 'MCP-Name', 'mcp-protocol-version', 'Mcp-Param-Region'])('[parse:repeated-header] refuses a second %s', (name) => {
    expect(
      headVerdict({
        lines: [
          [name, 'a'],
          ['Accept', 'x'],
          ['accept', 'y'],
          [name.toUpperCase(), 'a'],
        ],
      }),
    ).toBe('repeated-mirror 400 -32020');
  });

  it.each(['mcp-protocol-version', 'close, Mcp-Session-Id', 'keep-alive,content-type', 'AUTHORIZATION', 'host'])(
    '[parse:connection-option] refuses Connection: %s',
    (value) => {
      expect(headVerdict({ lines: [['Connection', value]] })).toBe('connection-option 400 -32600');
    },
  );

  it('[parse:connection-option] accepts options that are hop-by-hop', () => {
    expect(headVerdict({ lines: [['Connection', 'keep-alive, Upgrade, HTTP2-Settings, TE, x-mine']] })).toBe('body-needed');
  });

  it('judges the head again with the body, for a caller that did not ask', () => {
    expect(verdict(post(call(), [['Connection', 'mcp-name']]))).toBe('connection-option 400 -32600');
  });
});

describe('headers for the forwarder', () => {
  it('[headers:never-forwarded] lists in lower case what overrides method or path', () => {
    expect([...neverForwardedHeaders]).toEqual(
      expect.arrayContaining(['x-http-method-override', 'x-method-override', 'x-original-url', 'x-rewrite-url']),
    );
    for (const name of [...neverForwardedHeaders, ...hopByHopHeaders]) expect(name).toBe(name.toLowerCase());
    expect([...hopByHopHeaders]).toEqual(
      expect.arrayContaining(['connection', 'proxy-connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade']),
    );
  });
});
