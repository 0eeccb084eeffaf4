import type { ServerResponse } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { gated } from '../support/gated.ts';
import type { SessionAnswer } from '../support/session-client.ts';
import { until } from '../support/until-true.ts';

const REVISION = '2026-07-28';
const its = gated();

let waiting: ServerResponse[] = [];
let isHolding = true;
beforeEach(async () => {
  waiting = [];
  isHolding = true;
  await its.start({ sessions: '{max: 1, maxStreams: 3, maxStreamsPerClient: 2, maxInFlight: 3, maxInFlightPerClient: 2}' });
  its.server.override = ({ method, message, response }) => {
    if (message?.method === 'subscriptions/listen' || method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}\n\n');
      waiting.push(response);
    } else if (isHolding && message?.method === 'tools/list') waiting.push(response);
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    return true;
  };
});

function ask(method: string, options: { user?: string; signal?: AbortSignal; id?: number | null } = {}): Promise<SessionAnswer> {
  const { user, signal, id = 1 } = options;
  const params = { _meta: { 'io.modelcontextprotocol/protocolVersion': REVISION, 'io.modelcontextprotocol/clientCapabilities': {} } };
  const body = JSON.stringify({ jsonrpc: '2.0', ...(id !== null && { id }), method, params });
  const headers = { 'mcp-protocol-version': REVISION, 'mcp-method': method, accept: 'application/json, text/event-stream' };
  return its.client.send('POST', { body, headers, ...(user !== undefined && { user }), ...(signal !== undefined && { signal }) });
}

/** One that stays open until it is left. */
async function hold(method: string, user?: string): Promise<() => Promise<void>> {
  const leaving = new AbortController();
  const before = waiting.length;
  const gone = ask(method, { signal: leaving.signal, ...(user !== undefined && { user }) }).catch(() => undefined);
  await until(() => waiting.length > before);
  return async () => {
    const response = waiting[before] as ServerResponse;
    leaving.abort();
    await gone;
    await until(() => response.destroyed);
  };
}

describe.each([
  ['tools/list', 'requests'],
  ['subscriptions/listen', 'streams'],
])('in the modern era, what %s takes', (method, kind) => {
  it('[gate:modern] is capped in all with 503, and per client with 429, and falls free when the client leaves', async () => {
    const leave = [await hold(method, 'ann'), await hold(method, 'ann')];
    const own = await ask(method, { user: 'ann' });
    expect([own.status, own.headers.get('retry-after'), own.body.error?.code]).toEqual([429, '1', 429]);
    expect(own.body.error?.message).toContain(`concurrent ${kind} for this client exceeded`);
    leave.push(await hold(method, 'bob'));
    const refused = await ask(method, {});
    expect([refused.status, refused.headers.get('retry-after'), refused.body.id]).toEqual([503, '1', 1]);
    expect(refused.body.error?.message).toContain(`concurrent ${kind} exceeded`);
    await leave[0]?.();
    leave[0] = await hold(method);
    expect((await ask(method)).status).toBe(503);
    for (const each of leave) await each();
    await its.quiet();
    for (let i = 0; i < 3; i++) await hold(method);
  });
});

describe('in the modern era', () => {
  it('[gate:modern] a place falls free with the answer, and where the upstream breaks off', async () => {
    isHolding = false;
    for (let i = 0; i < 9; i++) expect((await ask('tools/list', { user: 'ann' })).status).toBe(200);
    its.server.override = ({ response }) => response.destroy() !== undefined;
    for (let i = 0; i < 9; i++) expect((await ask('tools/list', { user: 'ann' })).status).toBe(502);
  });

  it('[gate:modern-free] no cap refuses server/discover, notifications and answers; sessions are capped apart', async () => {
    for (let i = 0; i < 3; i++) await hold('tools/list');
    for (let i = 0; i < 3; i++) await hold('subscriptions/listen');
    expect((await ask('server/discover')).status).toBe(200);
    expect((await ask('notifications/cancelled', { id: null })).status).toBe(200);
    expect((await ask('tools/list')).status).toBe(503);
    expect((await its.client.initialize()).status).toBe(200);
  });
});
