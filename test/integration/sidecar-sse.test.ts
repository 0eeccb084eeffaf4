import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type StartedRedis, startRedis } from '../../src/build/start-redis.ts';
import { type EverythingServer, startEverythingServer } from '../support/everything-server.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { type ParsedEvent, parseEvents } from '../support/parse-events.ts';
import { toolCall } from '../support/raw-client.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let redis: StartedRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const limits = (owner: string, upstream: string, more: Readonly<Record<string, string>> = {}) =>
  startTestSidecar({
    upstream,
    annotations: { redis: redis.url, 'rate-limit': 'tools: {echo: 2/1h}', ...more },
    args: [`--owner=sse/Deployment/${owner}-${process.pid}-${Date.now()}`],
  });

describe('the official client over HTTP+SSE', () => {
  let server: EverythingServer;
  let sidecar: TestSidecar;
  beforeAll(async () => {
    server = await startEverythingServer('sse');
    sidecar = await limits('official', server.url, { paths: '/sse' });
    await sidecar.ready();
  });
  afterAll(async () => {
    await sidecar.close();
    await server.stop();
  });

  it('[sse:refusal] reads on its stream that it is over the limit, and goes on with the same session', async () => {
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new SSEClientTransport(new URL(`${sidecar.url}/sse`)));
    const echo = () => client.callTool({ name: 'echo', arguments: { message: 'a' } });
    await echo();
    await echo();
    await expect(echo()).rejects.toMatchObject({ code: -32029, message: expect.stringContaining('Rate limit exceeded for tool "echo"') });
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    expect(await client.callTool({ name: 'get-sum', arguments: { a: 2, b: 3 } })).toMatchObject({ content: [{ type: 'text' }] });
    await client.close();
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
  });
});

/** A server of that transport, whose streams the test writes to. */
let streams: ServerResponse[] = [];
let upstream: FakeUpstream;
let sidecar: TestSidecar;
beforeAll(async () => {
  upstream = await startFakeUpstream((request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'GET') return void response.writeHead(202).end('Accepted');
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      ...(request.headers['accept-encoding'] && { vary: 'accept-encoding' }),
    });
    response.write(`event: endpoint\ndata: http://${request.headers.host}/message?sessionId=s${streams.push(response)}\n\n`);
    return undefined;
  });
  sidecar = await limits('fake', upstream.url);
  await sidecar.ready();
});
afterAll(async () => {
  await sidecar.close();
  await upstream.close();
});
afterEach(async () => {
  for (const stream of streams) stream.destroy();
  streams = [];
  upstream.received.length = 0;
  await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
});

interface Listening {
  readonly events: () => ParsedEvent[];
  readonly text: () => string;
  readonly headers: IncomingMessage['headers'];
}

function listen(port = sidecar.port): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/event-stream', 'accept-encoding': 'gzip' };
    const request = httpRequest({ host: '127.0.0.1', port, path: '/sse', headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', () => undefined);
      resolve({ events: () => parseEvents(text), text: () => text, headers: response.headers });
    });
    request.on('error', reject);
    request.end();
  });
}

async function post(target: string, body: string, options: { readonly port?: number; readonly headers?: Record<string, string> } = {}) {
  const response = await fetch(`http://127.0.0.1:${options.port ?? sidecar.port}${target}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...options.headers },
    body,
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Takes what is left of the bucket; the refusal that says so is the stream's second event. */
async function exhaust({ events }: Listening): Promise<void> {
  while ((await post('/message?sessionId=s1', toolCall('echo', 'used'))).headers.get('retry-after') === null);
  await until(() => events().length === 2);
}

describe('a stream of the HTTP+SSE transport', () => {
  it('[sse:rewritten] [sse:legible] names no origin that only we can reach, and is asked for without compression', async () => {
    const { events, headers } = await listen();
    await until(() => events().length === 1);
    expect(events()).toEqual([{ type: 'endpoint', data: '/message?sessionId=s1' }]);
    expect(headers['vary']).toBeUndefined();
  });

  it('[sse:refusal] has the refusal of a message as an event, after the event under way, and the POST is 202', async () => {
    const listening = await listen();
    const { events } = listening;
    await until(() => events().length === 1);
    await exhaust(listening);
    streams[0]?.write('event: message\ndata: {"half":');
    const refused = await post('/message?sessionId=s1', toolCall('echo', 'x"\n'));
    expect([refused.status, refused.text, Number(refused.headers.get('retry-after'))]).toEqual([202, '', expect.any(Number)]);
    streams[0]?.write('1}\n\n');
    await until(() => events().length === 4);
    expect(events()[2]).toEqual({ type: 'message', data: '{"half":1}' });
    expect(JSON.parse(events()[3]?.data ?? '')).toMatchObject({
      id: 'x"\n',
      error: { code: -32029, data: { limit: 'tool:echo' } },
    });
    expect(upstream.received.filter(({ method, body }) => method === 'POST' && body.includes('x\\"'))).toEqual([]);
  });

  it('[sse:session] hears nothing of what another session was refused', async () => {
    const first = await listen();
    const second = await listen();
    await until(() => first.events().length === 1 && second.events().length === 1);
    await exhaust(first);
    expect((await post('/message?sessionId=s1', toolCall('echo', 'mine'))).status).toBe(202);
    await until(() => first.text().includes('"mine"'));
    expect(second.events()).toHaveLength(1);
  });

  it('[sse:elsewhere] is not on this pod: the POST gets the plain refusal', async () => {
    const listening = await listen();
    await until(() => listening.events().length === 1);
    await exhaust(listening);
    expect((await post('/message?sessionId=other', toolCall('echo'))).status).toBe(429);
    for (const stream of streams) stream.destroy();
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
    expect((await post('/message?sessionId=s1', toolCall('echo'))).status).toBe(429);
  });

  it('[sse:elsewhere] is on another pod than the POST: that one gets the plain refusal', async () => {
    const other = await limits('other', upstream.url);
    await other.ready();
    const { events } = await listen();
    await until(() => events().length === 1);
    const statuses = [];
    for (let call = 0; call < 3; call++)
      statuses.push((await post('/message?sessionId=s1', toolCall('echo'), { port: other.port })).status);
    expect([statuses, events()]).toEqual([[202, 202, 429], [expect.objectContaining({ type: 'endpoint' })]]);
    await other.close();
  });

  it('[sse:elsewhere] answers in its own response a POST that awaits it there, and one whose id is not known', async () => {
    const listening = await listen();
    await until(() => listening.events().length === 1);
    await exhaust(listening);
    const streamable = { headers: { accept: 'application/json, text/event-stream' } };
    expect((await post('/message?sessionId=s1', toolCall('echo'), streamable)).status).toBe(429);
    expect((await post('/message?sessionId=s1', '{')).status).toBe(400);
    expect((await post('/message?sessionId=s1', `[${toolCall('echo')}]`)).status).toBe(400);
    expect(listening.events()).toHaveLength(2);
  });
});
