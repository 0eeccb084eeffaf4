import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refuse } from '../../../src/mcp/ladder.ts';
import type { Classified } from '../../../src/mcp/message.ts';
import { rateLimitCode, refusalBody, refusalHeaders } from '../../../src/mcp/reply.ts';
import { call, post } from './support.ts';

function answerTo(classified: Classified): string {
  if (classified.ok) throw new Error('not refused');
  return refusalBody(classified.refusal);
}

describe('replies', () => {
  it('writes a JSON-RPC error with the id to the letter and the data', () => {
    const refusal = {
      rung: 'rate-limit',
      status: 429,
      code: -32029,
      message: 'Slow "down"',
      era: 'legacy',
      id: '"\\u0061"',
      data: { retryAfterSeconds: 7 },
    } as const;
    expect(refusalBody(refusal)).toBe(
      '{"jsonrpc":"2.0","id":"\\u0061","error":{"code":-32029,"message":"Slow \\"down\\"","data":{"retryAfterSeconds":7}}}',
    );
    expect(refusalHeaders({ ...refusal, headers: { 'retry-after': '7' } })).toEqual({
      'content-type': 'application/json',
      'retry-after': '7',
    });
  });

  it.each([
    ['a request', call({ params: {} }), '"id":1,'],
    ['a request and response', call({ id: 'x', result: 1 }), '"id":"x",'],
    ['a look-alike', '{"jsonrpc":"2.0","Method":"a","id":-5}', '"id":-5,'],
    ['a notification', '{"jsonrpc":"2.0","method":"tools/call"}', ''],
    ['an unsound id', call({ id: null }), ''],
    ['a response', '{"jsonrpc":"1.0","id":1,"result":1}', ''],
    ['a batch', `[${call()}]`, ''],
    ['text', 'x', ''],
  ])("[reply:id] echoes the id of %s where it is the client's", (_, body, id) => {
    expect(answerTo(post(body))).toMatch(new RegExp(`^\\{"jsonrpc":"2\\.0",${id}"error":`));
  });

  it('[reply:id] keeps the answer valid JSON whatever the body', () => {
    fc.assert(
      fc.property(fc.json(), (id) => {
        const classified = post(`{"jsonrpc":"2.0","method":5,"id":${id}}`);
        expect(JSON.parse(answerTo(classified))).toMatchObject({ jsonrpc: '2.0', error: { code: expect.any(Number) } });
      }),
    );
  });

  it('says where a fault is, and repeats nothing of the body', () => {
    expect(answerTo(post('{"secret":1,"secret":2}'))).toContain('A key stands twice in one object (byte 12).');
    expect(answerTo(post(call({ Params: 'secret' }))) + answerTo(post('{"SECRET":NaN}'))).not.toMatch(/secret/i);
    expect(refuse('batch', { era: 'legacy' }).message).toBe('Batches are not accepted.');
  });

  it('[reply:rate-limit-code] is -32029 in the legacy era and 429 in the modern one', () => {
    expect([rateLimitCode('legacy'), rateLimitCode('modern')]).toEqual([-32029, 429]);
  });
});
