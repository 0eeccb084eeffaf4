import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';

let redis: StartedRedis;
let upstream: FakeUpstream;
let sidecar: TestSidecar;
let behave: (request: IncomingMessage, response: ServerResponse) => void;

const methods = ['tasks/get', 'tasks/cancel', 'tasks/result', 'subscriptions/listen', 'prompts/get', 'resources/read'];
beforeAll(async () => {
  redis = await ownRedis();
  upstream = await startFakeUpstream((request, response) => behave(request, response));
  const limits = `{tools: {search: 4/31d}, methods: {${methods.map((method) => `${method}: 2/31d`).join(', ')}}}`;
  sidecar = await startTestSidecar({
    upstream: upstream.url,
    annotations: { redis: redis.url, 'rate-limit': limits },
    args: ['--owner=eras/Deployment/server'],
  });
  await sidecar.ready();
});
afterAll(async () => {
  await sidecar.close();
  await upstream.close();
  await redis.stop();
});
beforeEach(() => {
  upstream.received.length = 0;
  behave = (_, response) => void response.writeHead(200, { 'Mcp-Session-Id': 'minted' }).end('{}');
});

const MODERN = '2026-07-28';
const meta = { 'io.modelcontextprotocol/protocolVersion': MODERN };
const nameOf = (params: Readonly<Record<string, unknown>>) => params['name'] ?? params['uri'] ?? params['taskId'];

function ask(era: 'legacy' | 'modern', method: string, params: Readonly<Record<string, unknown>> = {}, headers: readonly string[] = []) {
  const name = nameOf(params);
  const mirrors = [`MCP-Protocol-Version: ${MODERN}`, `Mcp-Method: ${method}`, ...(name === undefined ? [] : [`Mcp-Name: ${name}`])];
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: era === 'modern' ? { ...params, _meta: meta } : params });
  return sendRaw(sidecar.port, rawRequest({ headers: [...(era === 'modern' ? mirrors : []), ...headers], body }), { quietMs: 60 });
}
const post = (body: object, headers: readonly string[] = []) =>
  sendRaw(sidecar.port, rawRequest({ headers, body: JSON.stringify(body) }), { quietMs: 60 });

describe('a session id', () => {
  it('[wire:no-session] goes neither way with a modern request, and both ways with a legacy one', async () => {
    const modern = await ask('modern', 'tools/list', {}, ['Mcp-Session-Id: mine']);
    expect([modern.status, modern.headers['mcp-session-id'], upstream.received[0]?.headers['mcp-session-id']]).toEqual([
      200,
      undefined,
      undefined,
    ]);
    const legacy = await ask('legacy', 'initialize', {}, ['Mcp-Session-Id: mine']);
    // Between them the one that was given to the modern request is closed.
    const asked = upstream.received.find(({ body }) => body.includes('"initialize"'));
    expect([legacy.headers['mcp-session-id'], asked?.headers['mcp-session-id']]).toEqual(['minted', 'mine']);
  });

  it('[wire:no-session] goes with no modern GET and DELETE either', async () => {
    const headers = [`MCP-Protocol-Version: ${MODERN}`, 'Mcp-Session-Id: mine'];
    for (const method of ['GET', 'DELETE']) await sendRaw(sidecar.port, rawRequest({ method, headers }), { quietMs: 60 });
    expect(upstream.received.map((request) => request.headers['mcp-session-id'])).toEqual([undefined, undefined]);
  });
});

describe('what the upstream learns of the client', () => {
  it('[wire:forwarded] is host, scheme and address', async () => {
    await ask('legacy', 'tools/list', {}, ['Host: localhost:8080', 'X-Forwarded-For: 192.0.2.1']);
    expect(upstream.received[0]?.headers).toMatchObject({
      host: new URL(upstream.url).host,
      'x-forwarded-host': 'localhost:8080',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '192.0.2.1, 127.0.0.1',
    });
  });
});

describe('a stream that its server closes early', () => {
  it('[wire:resume] ends in order, and is resumed from the event that the client names', async () => {
    behave = (request, response) => {
      const last = request.headers['last-event-id'];
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(last === undefined ? 'id: 7\nretry: 10\ndata:\n\n' : `id: 8\ndata: {"after":"${last}"}\n\n`);
    };
    const first = await fetch(`${sidecar.url}/mcp`, { headers: { accept: 'text/event-stream', 'mcp-session-id': 'a' } });
    expect(await first.text()).toBe('id: 7\nretry: 10\ndata:\n\n');
    const headers = { accept: 'text/event-stream', 'mcp-session-id': 'a', 'last-event-id': '7' };
    expect(await (await fetch(`${sidecar.url}/mcp`, { headers })).text()).toBe('id: 8\ndata: {"after":"7"}\n\n');
  });
});

describe('what is charged', () => {
  it('[wire:charged] is every tools/call: a task, and each retry with the answers of a user, in both eras', async () => {
    const variants = [{}, { task: { ttl: 60_000 } }, { requestState: 'x' }, { inputResponses: { a: {} }, requestState: 'x' }];
    const statuses = [];
    for (const [index, variant] of [...variants, ...variants].entries()) {
      statuses.push((await ask(index % 2 ? 'modern' : 'legacy', 'tools/call', { name: 'search', arguments: {}, ...variant })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429, 429, 429]);
  });

  it.each(methods)('[wire:charged] is %s where it is limited, in both eras by one bucket', async (method) => {
    const params =
      method === 'prompts/get'
        ? { name: 'a' }
        : method === 'resources/read'
          ? { uri: 'a:b' }
          : method.startsWith('tasks/')
            ? { taskId: 'a' }
            : {};
    const statuses = [];
    for (const era of ['legacy', 'modern', 'legacy', 'modern'] as const) statuses.push((await ask(era, method, params)).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
  });
});

describe('what no limit refuses', () => {
  it('[wire:never-refused] is a response, a notification, server/discover and DELETE', async () => {
    const bodies = [
      { jsonrpc: '2.0', id: 1, result: {} },
      { jsonrpc: '2.0', id: 1, error: { code: 1, message: '' } },
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
      { jsonrpc: '2.0', method: 'notifications/tasks/status' },
    ];
    for (let round = 0; round < 3; round++) {
      for (const body of bodies) expect((await post(body)).status).toBe(200);
      expect((await ask('modern', 'server/discover')).status).toBe(200);
      const closing = rawRequest({ method: 'DELETE', headers: ['Mcp-Session-Id: a'] });
      expect((await sendRaw(sidecar.port, closing, { quietMs: 60 })).status).toBe(200);
    }
  });
});
