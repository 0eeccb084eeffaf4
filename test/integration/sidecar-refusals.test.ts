// Which rule speaks first, and what no limit refuses: with the bucket empty, and with Redis away and calls refused.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { startIssuer, TEST_AUDIENCE, type TestIssuer } from '../support/issuer.ts';
import { parseEvents } from '../support/parse-events.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let redis: StartedRedis;
let issuer: TestIssuer;
let folder: string;
let upstream: FakeUpstream;
let sidecar: TestSidecar;

beforeAll(async () => {
  [redis, issuer] = [await ownRedis(), await startIssuer()];
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  await writeFile(join(folder, 'ca.crt'), issuer.ca);
  upstream = await startFakeUpstream((request: IncomingMessage, response: ServerResponse) => {
    if (request.url !== '/sse') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    return void response.write('event: endpoint\ndata: /message?sessionId=s\n\n');
  });
  const jwt = { issuer: issuer.url, audience: TEST_AUDIENCE, jwksUri: `${issuer.url}/keys` };
  sidecar = await startTestSidecar({
    upstream: upstream.url,
    annotations: {
      redis: redis.url,
      identity: JSON.stringify({ jwt }),
      'rate-limit': '{shared: 1/31d, tools: {"*": 1/31d}, methods: {ping: 1/31d, tools/list: 1/31d}}',
      'on-redis-failure': 'closed',
    },
    args: [`--identity-ca-file=${join(folder, 'ca.crt')}`, '--owner=test/Deployment/refusals'],
  });
  await sidecar.ready();
});
afterAll(async () => {
  await sidecar.close();
  await Promise.all([upstream.close(), issuer.close(), redis.stop(), rm(folder, { recursive: true })]);
});

const post = (body: string, headers: readonly string[] = []) => sendRaw(sidecar.port, rawRequest({ body, headers }), { quietMs: 60 });
const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };

/** Whether a session may be opened is asked of Redis too. */
async function passes({ initialize } = { initialize: 200 }): Promise<void> {
  const before = upstream.received.length;
  const messages: [object, string[]][] = [
    [{ id: 1, result: {} }, []],
    [{ id: 1, error: { code: 1, message: '' } }, []],
    [{ error: { code: 1, message: '' } }, []],
    [{ method: 'notifications/initialized' }, []],
    [{ method: 'notifications/cancelled', params: { requestId: 1 } }, []],
    [{ method: 'notifications/of-my-own', params: { name: 'search' } }, []],
    [{ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } }, []],
    [{ id: 1, method: 'server/discover', params: { _meta: meta } }, ['MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: server/discover']],
  ];
  for (const [message, headers] of messages) {
    const { status } = await post(JSON.stringify({ jsonrpc: '2.0', ...message }), headers);
    const isInitialize = 'method' in message && message.method === 'initialize';
    expect([message, status]).toEqual([message, isInitialize ? initialize : 200]);
  }
  expect((await sendRaw(sidecar.port, rawRequest({ method: 'DELETE', headers: ['Mcp-Session-Id: a'] }), { quietMs: 60 })).status).toBe(200);
  expect(upstream.received.length - before).toBe(messages.length + (initialize === 200 ? 1 : 0));
}

/** Opens a stream of HTTP+SSE, and resolves once its endpoint is known. */
async function listen() {
  let text = '';
  const request = httpRequest(
    { host: '127.0.0.1', port: sidecar.port, path: '/sse', headers: { accept: 'text/event-stream' }, agent: false },
    (response) => {
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', () => undefined);
    },
  );
  request.on('error', () => undefined);
  request.end();
  const events = () => parseEvents(text);
  await until(() => events().length === 1);
  return { events, close: () => request.destroy() };
}
const message = (body: string) => sendRaw(sidecar.port, rawRequest({ target: '/message?sessionId=s', body }), { quietMs: 60 });

describe('the order of the rules', () => {
  it('[wire:order] is identity, parse, rate limit: what one of them refuses the next does not see', async () => {
    const bad = 'Authorization: Bearer none';
    expect([(await post('{', [bad])).status, (await post(toolCall('search'), [bad])).status]).toEqual([401, 401]);
    for (const body of [`[${toolCall('search')}]`, '{', toolCall('search').replace('"id":1', '"id":null')]) {
      expect((await post(body)).status).toBe(400);
    }
    // None of these took the one token.
    expect((await post(toolCall('search'))).status).toBe(200);
    expect((await post(toolCall('search'))).status).toBe(429);
    expect((await post(`[${toolCall('search')}]`)).status).toBe(400);
    expect((await post(toolCall('search'), [bad])).status).toBe(401);
  });
});

describe('what no limit refuses', () => {
  it('[wire:never-refused] passes where every bucket is empty', async () => {
    for (const method of ['ping', 'tools/list']) {
      const statuses = [];
      for (let i = 0; i < 2; i++) statuses.push((await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method }))).status);
      expect(statuses).toEqual([200, 429]);
    }
    expect((await post(toolCall('search'))).status).toBe(429);
    await passes();
  });

  it('[wire:never-refused] [sse:refusal] passes while Redis is away and calls are refused, on the stream too', async () => {
    const { events, close } = await listen();
    await redis.stop();
    await until(async () => (await sidecar.metric('mcp_sluice_breaker_open')) === 1);
    expect((await post(toolCall('search'))).status).toBe(503);
    await passes({ initialize: 503 });
    const refused = await message(toolCall('search', 'mine'));
    expect([refused.status, refused.headers['retry-after']]).toEqual([202, '1']);
    await until(() => events().length === 2);
    expect(JSON.parse(events()[1]?.data ?? '')).toMatchObject({ id: 'mine', error: { code: -32603, data: { retryAfterSeconds: 1 } } });
    close();
  });
});
