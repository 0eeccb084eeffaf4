// A remote of the HTTP+SSE transport (MCP 2024-11-05), whose streams the test writes to.
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { type ParsedEvent, parseEvents } from '../support/parse-events.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { entriesAnnotation, reachedAt } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let redis: StartedRedis;
let remote: FakeUpstream;
let sidecar: TestSidecar;
let streams: ServerResponse[] = [];
let opening: readonly string[] = [];
let head: Record<string, string | string[]> = {};

beforeAll(async () => {
  redis = await ownRedis();
  remote = await startFakeUpstream((request, response) => {
    if (request.method !== 'GET') return void response.writeHead(202).end('Accepted');
    response.writeHead(200, { 'content-type': 'text/event-stream', ...head });
    streams.push(response);
    for (const chunk of opening) response.write(chunk);
    return undefined;
  });
});
afterAll(() => Promise.all([remote.close(), redis.stop()]));
beforeEach(async () => {
  [streams, opening, head] = [[], ['event: endpoint\ndata: /v1/messages?sessionId=s1\n\n'], {}];
  remote.received.length = 0;
  sidecar = await startTestSidecar({
    annotations: {
      redis: redis.url,
      'remote-entries': entriesAnnotation([{ name: 'docs', path: '/v1/sse', transport: 'sse', rateLimit: { tools: { search: '1/1h' } } }]),
    },
    args: [`--owner=sse/Deployment/entries-${Date.now()}`],
    createEntryUpstream: reachedAt({ docs: remote.url }),
  });
  await sidecar.ready();
});
afterEach(async () => {
  for (const stream of streams) stream.destroy();
  await sidecar.close();
});

interface Listening {
  readonly status: number | undefined;
  readonly text: () => string;
  readonly events: () => ParsedEvent[];
  readonly isCut: () => boolean;
  leave(): void;
}

function listen(): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: sidecar.entriesPort, path: '/docs', headers: { accept: 'text/event-stream' }, agent: false };
    const request = httpRequest(options, (response: IncomingMessage) => {
      let text = '';
      let isCut = false;
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', () => {
        isCut = true;
      });
      resolve({
        status: response.statusCode,
        text: () => text,
        events: () => parseEvents(text),
        isCut: () => isCut,
        leave: () => request.destroy(),
      });
    });
    request.on('error', reject);
    request.end();
  });
}
const post = (target: string, tool = 'other') =>
  sendRaw(sidecar.entriesPort, rawRequest({ target, body: toolCall(tool, 'c') }), { quietMs: 60 });
const posted = () => remote.received.filter(({ method }) => method === 'POST').map(({ target }) => target);

describe('an entry of the HTTP+SSE transport', () => {
  it('[entry:sse] has its messages below its path, and the remote gets them where it said', async () => {
    const listening = await listen();
    await until(() => listening.events().length === 1);
    expect(listening.events()).toEqual([{ type: 'endpoint', data: '/docs/v1/messages?sessionId=s1' }]);
    expect((await post('/docs/v1/messages?sessionId=s1')).status).toBe(202);
    expect([remote.received[0]?.target, posted()]).toEqual(['/v1/sse', ['/v1/messages?sessionId=s1']]);
    streams[0]?.write('event: message\ndata: {"id":1}\n\n');
    await until(() => listening.events().length === 2);
    expect(listening.events()[1]).toEqual({ type: 'message', data: '{"id":1}' });
  });

  it('[entry:sse] is read also where the event comes in pieces, and where a length was told', async () => {
    opening = [': hello\n\nevent: end', 'point\r\ndata: messages?session', 'Id=s1\r\n\r\nevent: message\ndata: 1\n\n'];
    head = { 'content-length': '500' };
    const listening = await listen();
    await until(() => listening.events().length === 2);
    expect(listening.text()).toContain('data: /docs/v1/messages?sessionId=s1\r\n');
    expect((await post('/docs/v1/messages?sessionId=s1')).status).toBe(202);
  });

  it('[entry:sse-origin] is refused where it sends messages to another origin', async () => {
    opening = ['event: endpoint\ndata: https://evil.test/messages?sessionId=s1\n\n'];
    const listening = await listen();
    await until(() => listening.text().length > 0);
    expect([listening.status, listening.text()]).toEqual([502, expect.stringContaining('another origin than its own')]);
    expect(listening.text()).not.toContain('evil');
    await until(() => streams[0]?.destroyed === true);
    expect(await sidecar.metric('mcp_sluice_entry_refusals_total{entry="docs",rung="entry:foreign-endpoint",mode="enforce"}')).toBe(1);
  });

  it.each([
    ['compressed', { 'content-encoding': 'gzip' }],
    ['told to be of two types', { 'content-type': ['application/json', 'text/event-stream'] }],
    ['told to be of two types in one', { 'content-type': 'application/json, text/event-stream' }],
  ])('[entry:sse-origin] is refused where it does so in a stream that is %s', async (_, lines) => {
    opening = ['event: endpoint\ndata: https://evil.test/messages?sessionId=s1\n\n'];
    head = lines;
    const listening = await listen();
    await until(() => listening.text().length > 0);
    expect([listening.status, listening.text()]).toEqual([502, expect.not.stringContaining('evil')]);
    await until(() => streams[0]?.destroyed === true);
  });

  it('[entry:sse-origin] is cut where it has said something before', async () => {
    opening = [': hello\n\n'];
    const listening = await listen();
    await until(() => listening.text().length > 0);
    streams[0]?.write('event: endpoint\ndata: //evil.test/messages\n\n');
    await until(listening.isCut);
    expect(listening.text()).toBe(': hello\n\n');
    expect(sidecar.lines).toContainEqual(expect.objectContaining({ entry: 'docs', msg: expect.stringContaining('another origin') }));
  });

  it('[entry:sse-open] takes messages only where a stream that is open has said', async () => {
    expect((await post('/docs/v1/messages?sessionId=s1')).status).toBe(404);
    const listening = await listen();
    await until(() => listening.events().length === 1);
    for (const other of ['/docs/admin', '/docs/v1/messages', '/docs/v1/messages?sessionId=s2'])
      expect((await post(other)).status).toBe(404);
    listening.leave();
    await until(async () => (await post('/docs/v1/messages?sessionId=s1')).status === 404);
    expect(posted().every((target) => target === '/v1/messages?sessionId=s1')).toBe(true);
  });

  it('[entry:sse-open] forgets the address when the remote ends the stream', async () => {
    const listening = await listen();
    await until(() => listening.events().length === 1);
    streams[0]?.end();
    await until(async () => (await post('/docs/v1/messages?sessionId=s1')).status === 404);
  });

  it('[entry:sse-refusal] tells on its stream that a message is over the limit', async () => {
    const listening = await listen();
    await until(() => listening.events().length === 1);
    expect((await post('/docs/v1/messages?sessionId=s1', 'search')).status).toBe(202);
    const refused = await post('/docs/v1/messages?sessionId=s1', 'search');
    expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([202, true]);
    await until(() => listening.events().length === 2);
    expect(JSON.parse(listening.events()[1]?.data ?? '')).toMatchObject({ id: 'c', error: { code: -32029 } });
    expect(posted()).toHaveLength(1);
  });
});
