import { describe, expect, it } from 'vitest';
import { call, messageOf, post, verdict } from './support.ts';

describe('messages', () => {
  it('reads a call, a request, a notification and a response', () => {
    expect(messageOf(post(call()))).toEqual({ kind: 'request', era: 'legacy', method: 'tools/call', id: '1', tool: 'search' });
    expect(messageOf(post('{"jsonrpc":"2.0","id":"x","method":"tools/list"}'))).toEqual({
      kind: 'request',
      era: 'legacy',
      method: 'tools/list',
      id: '"x"',
    });
    expect(messageOf(post('{"jsonrpc":"2.0","method":"notifications/initialized"}'))).toEqual({
      kind: 'notification',
      era: 'legacy',
      method: 'notifications/initialized',
    });
    expect(messageOf(post('{"jsonrpc":"2.0","id":4,"result":{"method":"tools/call"}}'))).toEqual({ kind: 'response', era: 'legacy' });
    expect(messageOf(post('{"jsonrpc":"2.0","error":{"code":1,"message":""}}'))).toEqual({ kind: 'response', era: 'legacy' });
  });

  it('decodes escapes in method and name', () => {
    const body =
      '{"\\u006asonrpc":"2.\\u0030","id":1,"m\\u0065thod":"tools\\/c\\u0061ll","params":{"n\\u0061me":"s\\u0065arch\\ud83d\\ude00é語😀"}}';
    expect(messageOf(post(body))).toMatchObject({ method: 'tools/call', tool: 'search😀é語😀' });
  });

  it.each(['Search', 'search ', 'ｓｅａｒｃｈ', '__proto__', 'constructor', '', 'a\0'])('takes the tool name %j to the letter', (name) => {
    expect(messageOf(post(call({ params: { name } })))).toMatchObject({ tool: name });
  });

  it('looks for method and name nowhere but in their places', () => {
    const decoy = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"expensive"}}';
    const body = `{"result2":${decoy},"params":{"arguments":${decoy},"_meta":{"name":"x","d":${decoy}},"name":"cheap","params":{"name":"x"}},"method":"tools/call","id":7,"jsonrpc":"2.0"}`;
    expect(messageOf(post(body))).toEqual({ kind: 'request', era: 'legacy', method: 'tools/call', id: '7', tool: 'cheap' });
  });

  it.each(['[]', `[${call()}]`, `[${call()},${call()}]`, ' [ 1 ]'])('[parse:batch] refuses %s', (body) => {
    expect(verdict(post(body))).toBe('batch 400 -32600');
  });

  it.each([
    ...['1', '"tools/call"', 'null', 'true', '{}', '{"id":1}', '{"method":"tools/call","id":1,"params":{"name":"a"}}', '{"jsonrpc":"2.0"}'],
    ...[
      '{"jsonrpc":"2.0","id":1}',
      '{"jsonrpc":"2.0","id":1,"params":{}}',
      '{"jsonrpc":"2.0","id":1,"result":1,"error":{}}',
      call({ jsonrpc: 2 }),
    ],
    ...[call({ jsonrpc: '2' }), call({ jsonrpc: '1.0' }), call({ jsonrpc: '2.0 ' }), call({ jsonrpc: ['2.0'] }), call({ method: null })],
    ...[call({ method: 1 }), call({ method: ['tools/call'] }), '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}'],
    ...[
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}',
      '{"jsonrpc":"2.0","method":"notifications/initialized","params":"x"}',
    ],
  ])('[parse:not-json-rpc] refuses %s', (body) => {
    expect(verdict(post(body))).toMatch(/^(not-object|version|no-kind|method-form|params-form) 400 -32600$/);
  });

  it.each([
    ...[
      'Method',
      'METHOD',
      'method\\u0000',
      'JSONRPC',
      'Id',
      'Params',
      'param\u017f',
      'param\\u017f',
      'params\\u0000\\u0000',
      'Result',
      'ERROR',
      'ERROR\\u0000',
    ],
  ])('[parse:lookalike-key] refuses the envelope key %s', (key) => {
    expect(verdict(post(`{"jsonrpc":"2.0","id":1,"method":"tools/list","${key}":{}}`))).toMatch(
      /^(lookalike-key 400 -32600|fold-equal-key 400 -32700)$/,
    );
    expect(verdict(post(`{"${key}":"tools/call"}`))).toBe('lookalike-key 400 -32600');
  });

  it.each([
    'Name',
    'name\\u0000',
    'ARGUMENTS',
    '_Meta',
    'ta\u017fk',
    'tas\u212aId',
    'TaskID',
    'Uri',
    'requestSTATE',
    'InputResponses',
    'ProtocolVersion',
  ])('[parse:lookalike-key] refuses the key %s in params', (key) => {
    expect(verdict(post(`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"${key}":"x"}}`))).toBe('lookalike-key 400 -32600');
  });

  it('[parse:lookalike-key] refuses a look-alike of the version in _meta, and lets keys of arguments be', () => {
    expect(verdict(post(call({ params: { name: 'a', _meta: { 'IO.modelcontextprotocol/protocolVersion': '2026-07-28' } } })))).toBe(
      'lookalike-key 400 -32600',
    );
    expect(verdict(post(call({ params: { name: 'a', arguments: { Name: 'x', Method: 'y', ID: 1 }, _meta: { Name: 1 } } })))).toBe('ok');
    expect(verdict(post('{"jsonrpc":"2.0","id":1,"result":{"Name":"x","Method":"y"}}'))).toBe('ok');
  });

  it.each(['"result":{}', '"error":{}', '"result":null', '"result":{},"error":{}'])(
    '[parse:request-and-response] refuses a call with %s',
    (extra) => {
      const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},${extra}}`;
      expect(verdict(post(body))).toBe('request-and-response 400 -32600');
    },
  );

  it.each([
    'null',
    '1.0',
    '1.5',
    '1e0',
    '1E2',
    '-1.0',
    '9007199254740992',
    '-9007199254740992',
    '1e400',
    '12345678901234567890',
    'true',
    '[]',
    '{}',
    '{"a":1}',
  ])('[parse:id] refuses the id %s', (id) => {
    for (const rest of ['"method":"tools/call","params":{"name":"a"}', '"method":"ping"', '"result":{}']) {
      expect(verdict(post(`{"jsonrpc":"2.0","id":${id},${rest}}`))).toBe('id-form 400 -32600');
    }
  });

  it.each(['0', '-0', '-1', '9007199254740991', '-9007199254740991', '""', '"\\u0061\\"b"', '"null"', '"😀"'])(
    '[parse:id] keeps the id %s to the letter',
    (id) => {
      expect(messageOf(post(`{"jsonrpc":"2.0","id": ${id} ,"method":"ping"}`))).toMatchObject({ id });
    },
  );

  it('[parse:id] refuses a result without an id', () => {
    expect(verdict(post('{"jsonrpc":"2.0","result":{}}'))).toBe('id-form 400 -32600');
  });

  it.each(['tools/call', 'tools/list', 'initialize', 'ping', 'resources/read', 'tasks/result', 'server/discover', 'subscriptions/listen'])(
    '[parse:request-without-id] refuses %s as a notification',
    (method) => {
      expect(verdict(post(JSON.stringify({ jsonrpc: '2.0', method, params: { name: 'a' } })))).toBe('request-without-id 400 -32600');
    },
  );

  it.each([undefined, null, [], 'x', 1, {}, { name: null }, { name: 1 }, { name: ['a'] }, { name: { a: 1 } }, { name: true }])(
    '[parse:tool-name] refuses a call with the params %j',
    (params) => {
      expect(verdict(post(call({ params })))).toBe('tool-name 400 -32602');
    },
  );

  it('[parse:any-content-type] judges a body alike under every Content-Type that is no form', () => {
    for (const type of [
      'text/plain',
      'application/json-rpc',
      'application/octet-stream',
      'application/json, text/plain',
      'image/png',
      '',
    ]) {
      expect(verdict(post(call(), [['content-type', type]]))).toBe('ok');
      expect(verdict(post('x', [['content-type', type]]))).toBe('syntax 400 -32700');
    }
    expect(verdict(post('', []))).toBe('syntax 400 -32700');
  });
});
