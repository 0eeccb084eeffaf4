import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { gated } from '../support/gated.ts';
import { toolCall } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { until } from '../support/until-true.ts';

const its = gated();
const { open, held } = its;
const start = (more: Readonly<Record<string, string>> = {}) => its.start({ sessions: '{max: 5, idleTimeout: 1s}', ...more });
const json = { 'content-type': 'application/json' };
const sse = { 'content-type': 'text/event-stream' };

/** Passes once a session that lies idle from now on was reaped, twice in a row: whatever is left was not idle. */
async function idleTwice(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const probe = await open();
    await until(() => its.server.deleted.includes(probe));
  }
}

const requestOf = (session: string, method: string) =>
  its.server.received.filter((each) => each.method === method && each.headers['mcp-session-id'] === session).at(-1);

describe('a session that is idle for too long', () => {
  it('[gate:reaped] is closed as its client would close it, and 404 from then on, whatever the upstream would say', async () => {
    await start();
    const session = await open('ann');
    const said = { 'mcp-protocol-version': '2025-06-18', authorization: 'Bearer last' };
    await its.client.ask(session, { user: 'ann', path: '/mcp?tenant=1', headers: { ...said, authorization: 'Bearer first' } });
    await its.client.ask(session, { user: 'ann', headers: said });
    await until(() => its.server.deleted.includes(session));
    expect(requestOf(session, 'DELETE')).toMatchObject({ target: '/mcp', headers: said });
    its.server.live.add(session);
    const after = await its.client.ask(session, { user: 'ann', id: 5 });
    expect([after.status, after.body]).toEqual([404, { jsonrpc: '2.0', id: 5, error: { code: -32001, message: 'Session not found' } }]);
    expect(await held()).toBe(0);
    expect(await its.sidecar.metric('mcp_sluice_sessions_ended_total{reason="idle"}')).toBe(1);
  });

  it('[gate:reaped] has its streams ended in order', async () => {
    await start();
    its.server.override = ({ method, response }) => method === 'GET' && response.writeHead(200, sse).write(': open\n\n');
    const session = await open();
    const listening = its.client.send('GET', { session, headers: { accept: 'text/event-stream' } });
    await until(() => its.server.deleted.includes(session));
    expect(await listening).toMatchObject({ status: 200, text: ': open\n\n' });
  });

  it('[gate:clock] is not one that pings, answers and listens, nor one whose requests we refuse', async () => {
    const redis = await ownRedis();
    await start({ redis: redis.url, 'rate-limit': 'tools: {echo: 1/31d}' });
    its.server.override = ({ method, response }) => method === 'GET' && response.writeHead(200, sse).write(': open\n\n');
    const session = await open('ann');
    void its.client.send('GET', { session, user: 'ann', headers: { accept: 'text/event-stream' } });
    const call = () => its.client.send('POST', { session, user: 'ann', body: toolCall('echo') });
    expect((await call()).status).toBe(200);
    const busy = async () => {
      await its.client.ask(session, { user: 'ann', rpc: 'ping' });
      await its.client.send('POST', { session, user: 'ann', body: '{"jsonrpc":"2.0","id":1,"result":{}}' });
      await call();
      await its.client.ask(session, { user: 'bob' });
      return its.server.deleted.includes(session);
    };
    await until(busy);
    await redis.stop();
  });

  it('[gate:order] gets no place from what the rate limit refuses', async () => {
    const redis = await ownRedis();
    await its.start({ sessions: '{max: 1}', redis: redis.url, 'rate-limit': 'methods: {tools/list: 1/31d}' });
    const before = its.server.open();
    expect((await its.client.ask(undefined)).status).toBe(404);
    expect((await its.client.ask(before)).status).toBe(429);
    await its.quiet();
    await open();
    expect((await its.client.ask(before)).status).toBe(503);
    await redis.stop();
  });

  it('[gate:clock] is not one with a call in flight, however long', async () => {
    await start();
    const waiting: ServerResponse[] = [];
    its.server.override = ({ message, response }) => message?.method === 'tools/call' && waiting.push(response) > 0;
    const [plain, streamed] = [await open(), await open()];
    const calls = [plain, streamed].map((session) => its.client.send('POST', { session, body: toolCall('long') }));
    await until(() => waiting.length === 2);
    waiting[1]?.writeHead(200, sse).write(': keep-alive\n\n');
    await idleTwice();
    expect(its.server.deleted).not.toContain(plain);
    expect(its.server.deleted).not.toContain(streamed);
    waiting[0]?.writeHead(200, json).end('{"jsonrpc":"2.0","id":1,"result":{}}');
    waiting[1]?.end('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n');
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200]);
    await until(() => its.server.deleted.includes(plain) && its.server.deleted.includes(streamed));
  });

  it('[gate:polled] is not one whose call was closed for polling and is polled, until its answer is there', async () => {
    await start();
    const polls: ServerResponse[] = [];
    its.server.override = ({ message, method, response }) => {
      if (message?.method === 'tools/call') response.writeHead(200, sse).end('id: e1\nretry: 10\ndata:\n\n');
      else if (method === 'GET') polls.push(response.writeHead(200, sse));
      else return false;
      polls.at(-1)?.write(': poll\n\n');
      return true;
    };
    const session = await open();
    expect((await its.client.send('POST', { session, body: toolCall('long') })).text).toContain('id: e1');
    const poll = its.client.send('GET', { session, headers: { accept: 'text/event-stream', 'last-event-id': 'e1' } });
    await until(() => polls.length === 1);
    await idleTwice();
    expect(its.server.deleted).not.toContain(session);
    polls[0]?.write('id: e2\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n');
    // The stream stays open, and protects no more.
    await until(() => its.server.deleted.includes(session));
    expect((await poll).text).toContain('"result"');
  });
});
