import { describe, expect, it } from 'vitest';
import type { Message, Refusal } from '../../../src/mcp/message.ts';
import { refusalBody } from '../../../src/mcp/reply.ts';
import { fragileClients } from '../../../src/policy/clients.ts';
import { limiterUnavailable, overLimit } from '../../../src/policy/over-limit.ts';
import { reshape } from '../../../src/policy/rejection.ts';
import { sessionNotFound } from '../../../src/policy/session-refusals.ts';
import { charge, request } from './limits.ts';

const call = request('tools/call', 'search');
const refusalOf = (message: Message): Refusal =>
  overLimit(message, [charge('10/1m', { label: 'tool:search' })], {
    allowed: false,
    waitMs: 6001,
    states: [{ remaining: 0, waitMs: 6001 }],
  });
const refusal = refusalOf(call);
const bodyOf = (reshaped: Refusal): unknown => JSON.parse(refusalBody(reshaped));
const error = {
  code: -32029,
  message: 'Rate limit exceeded for tool "search": 10 per 1m. Retry in 7 s.',
  data: { retryAfterSeconds: 7, limit: 'tool:search' },
};

describe('reshape', () => {
  it('[rejection:styles] leaves http as it is', () => {
    expect(reshape(refusal, call, { setting: 'http', known: Object.values(fragileClients) })).toBe(refusal);
  });

  it('[rejection:styles] [rejection:headers] turns jsonrpc into the same error under 200', () => {
    const reshaped = reshape(refusal, call, { setting: 'jsonrpc', known: [] });
    expect(reshaped).toEqual({ ...refusal, status: 200 });
    expect(bodyOf(reshaped)).toEqual({ jsonrpc: '2.0', id: 'a', error });
  });

  it('[rejection:styles] [rejection:headers] turns tool-result into a failed result under 200', () => {
    const reshaped = reshape(refusal, call, { setting: 'tool-result', known: [] });
    expect(reshaped).toMatchObject({ status: 200, headers: refusal.headers });
    expect(bodyOf(reshaped)).toEqual({
      jsonrpc: '2.0',
      id: 'a',
      result: { content: [{ type: 'text', text: error.message }], structuredContent: error.data, isError: true },
    });
  });

  it('[rejection:styles] says in the modern era of which type a result is', () => {
    const modern: Message = { kind: 'request', era: 'modern', method: 'tools/call', id: '1', tool: 'search' };
    const reshaped = reshape(refusalOf(modern), modern, { setting: 'tool-result', known: [] });
    expect(bodyOf(reshaped)).toMatchObject({ id: 1, result: { resultType: 'complete', isError: true } });
  });

  it('[rejection:styles] does the same for a 503 of the limiter', () => {
    const unavailable = limiterUnavailable(call);
    expect(reshape(unavailable, call, { setting: 'jsonrpc', known: [] })).toEqual({ ...unavailable, status: 200 });
    expect(bodyOf(reshape(unavailable, call, { setting: 'tool-result', known: [] }))).toMatchObject({
      result: { isError: true, structuredContent: { retryAfterSeconds: 1 } },
    });
  });

  it.each([
    ['python-mcp-1', 200],
    ['go-sdk', 200],
    ['mcp-remote-0.1', 200],
    ['vscode', 200],
    ['typescript-sdk-1', 429],
  ] as const)('[rejection:auto] gives %s the status %d', (row, status) => {
    expect(reshape(refusal, call, { setting: 'auto', known: [fragileClients[row]] })).toEqual({ ...refusal, status });
    expect(reshape(refusal, call, { setting: 'auto', known: [] }).status).toBe(429);
    expect(reshape(refusal, call, { setting: 'auto', known: [fragileClients['typescript-sdk-1'], fragileClients[row]] }).status).toBe(
      status,
    );
  });

  it('[rejection:gone] leaves the 404 of a session that is gone, but for who would wait for an answer in vain', () => {
    const gone = sessionNotFound(call, 'ended');
    for (const setting of ['http', 'jsonrpc', 'tool-result'] as const) {
      expect(reshape(gone, call, { setting, known: Object.values(fragileClients) })).toBe(gone);
    }
    expect(reshape(gone, call, { setting: 'auto', known: [fragileClients['python-mcp-1'], fragileClients['go-sdk']] })).toBe(gone);
    const told = reshape(gone, call, { setting: 'auto', known: [fragileClients['mcp-remote-0.1']] });
    expect([told.status, bodyOf(told)]).toEqual([200, { jsonrpc: '2.0', id: 'a', error: { code: -32001, message: 'Session not found' } }]);
    const notification: Message = { kind: 'notification', era: 'legacy', method: 'x/y' };
    expect(reshape(gone, notification, { setting: 'auto', known: [fragileClients['mcp-remote-0.1']] })).toBe(gone);
  });

  it('[rejection:only-requests] keeps the status for a notification, and the error for another method', () => {
    const notification: Message = { kind: 'notification', era: 'legacy', method: 'x/y' };
    const notified = refusalOf(notification);
    for (const setting of ['http', 'jsonrpc', 'tool-result', 'auto'] as const) {
      expect(reshape(notified, notification, { setting, known: [fragileClients['go-sdk']] })).toBe(notified);
    }
    const read = request('resources/read');
    expect(bodyOf(reshape(refusalOf(read), read, { setting: 'tool-result', known: [] }))).toHaveProperty('error');
  });

  it('[rejection:schema] leaves structured content out for a client that would throw at it', () => {
    const reshaped = reshape(refusal, call, { setting: 'tool-result', known: [fragileClients['typescript-sdk-1']] });
    expect(bodyOf(reshaped)).toMatchObject({
      result: { isError: true, content: [{ text: error.message }], _meta: { 'mcp-sluice.dev/refusal': error.data } },
    });
    expect(bodyOf(reshaped)).not.toHaveProperty('result.structuredContent');
  });
});
