import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/mcp/message.ts';
import { refusalBody, refusalHeaders } from '../../../src/mcp/reply.ts';
import { concurrencyRefused, sessionNotFound, sessionRefused } from '../../../src/policy/session-refusals.ts';

const initialize: Message = { kind: 'request', era: 'legacy', method: 'initialize', id: '7' };

describe('the refusal of a session', () => {
  it('[gate:cap] is the body of the contract, with a wait of whole seconds and at least one', () => {
    const refusal = sessionRefused(initialize, { reason: 'full', waitMs: 1001 });
    expect(refusalBody(refusal)).toBe(
      '{"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":"Maximum concurrent sessions exceeded. ' +
        'Please try again later or contact administrator.","data":{"retryAfterSeconds":2}}}',
    );
    expect([refusal.status, refusalHeaders(refusal)['Retry-After']]).toEqual([503, '2']);
    expect(sessionRefused(initialize, { reason: 'client-full', waitMs: 0 }).headers).toEqual({ 'Retry-After': '1' });
    expect(sessionRefused({ kind: 'opaque' }, { reason: 'unavailable', waitMs: 0 })).toMatchObject({
      status: 503,
      code: -32603,
      era: 'legacy',
    });
  });

  it('[gate:owner] is the same for a reaped session and for that of another client', () => {
    const [ended, foreign] = [sessionNotFound(initialize, 'ended'), sessionNotFound(initialize, 'foreign')];
    expect({ ...ended, rung: '' }).toEqual({ ...foreign, rung: '' });
    expect([ended.status, ended.code, ended.id]).toEqual([404, -32001, '7']);
  });

  it('[gate:modern] is 429 where the client itself holds the places, and no code that its revision reserves', () => {
    const message: Message = { ...initialize, era: 'modern' };
    const [full, own] = (['full', 'client-full'] as const).map((reason) => concurrencyRefused(message, 'stream', { reason, waitMs: 1000 }));
    expect([full?.status, full?.code, full?.rung]).toEqual([503, -32603, 'streams:full']);
    expect([own?.status, own?.code, own?.rung]).toEqual([429, 429, 'streams:client-full']);
  });
});
