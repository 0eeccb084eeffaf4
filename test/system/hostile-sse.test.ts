// The table over HTTP+SSE, where answers come on a stream: the Python SDK 1.30 counts what ran.
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { bodyCases, callOf } from '../support/hostile/body-cases.ts';
import { headCases } from '../support/hostile/head-cases.ts';
import { bytesOfRequest, exchange, type HostileRequest } from '../support/hostile/request.ts';
import { type HostileServer, startPython } from '../support/hostile/servers.ts';
import { type ParsedEvent, parseEvents } from '../support/parse-events.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let redis: StartedRedis;
let server: HostileServer;
let sidecar: TestSidecar;
let stream: { readonly target: string; events(): ParsedEvent[]; close(): void };

async function open(): Promise<typeof stream> {
  let text = '';
  const request = httpRequest(`${sidecar.url}/sse`, { headers: { accept: 'text/event-stream' }, agent: false }, (response) => {
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    response.on('error', () => undefined);
  });
  request.on('error', () => undefined);
  request.end();
  const events = () => parseEvents(text);
  await until(() => events().length > 0);
  return { target: events()[0]?.data ?? '', events, close: () => request.destroy() };
}
// As clients of that transport do it: they await no answer there.
const post = (request: HostileRequest) =>
  exchange(sidecar.port, [bytesOfRequest({ target: stream.target, ...request, headers: ['Accept: */*', ...(request.headers ?? [])] })]);
const answerTo = (id: string) => stream.events().find(({ data }) => data.includes(`"id":${JSON.stringify(id)}`))?.data;

beforeAll(async () => {
  redis = await ownRedis();
  server = await startPython('sse');
  sidecar = await startTestSidecar({
    upstream: server.url,
    // The message path is not among the paths: it is learnt.
    annotations: { redis: redis.url, 'rate-limit': 'tools: {expensive: 1/31d}', paths: '/sse' },
    args: ['--owner=hostile/Deployment/sse'],
  });
  await sidecar.ready();
  stream = await open();
  const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'hostile', version: '1' } };
  await post({ body: JSON.stringify({ jsonrpc: '2.0', id: 'start', method: 'initialize', params }) });
  await until(() => answerTo('start') !== undefined);
  await post({ body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }) });
  await post({ body: callOf('expensive', { id: 'first' }) });
  await until(() => answerTo('first') !== undefined);
}, 300_000);
afterAll(async () => {
  stream.close();
  await sidecar.close();
  await server.stop();
  await redis.stop();
});

describe('the Python SDK 1.30 over HTTP+SSE', () => {
  it('[hostile:honest] runs an honest call, and answers on the stream', async () => {
    expect(answerTo('first')).toContain('ran expensive');
    expect(await server.runs()).toBe(1);
    await post({ body: callOf('cheap', { id: 'cheap' }) });
    await until(() => answerTo('cheap') !== undefined);
    expect(answerTo('cheap')).toContain('ran cheap');
  });

  it('[hostile:charged] [sse:refusal] refuses the second on the stream', async () => {
    expect((await post({ body: callOf('expensive', { id: 'second' }) })).status).toBe(202);
    await until(() => answerTo('second') !== undefined);
    expect(JSON.parse(answerTo('second') ?? '')).toMatchObject({ error: { code: -32029 } });
  });

  it.each([...bodyCases, ...headCases])('[hostile:charged] does not run the expensive tool for $name', async ({ request, isHarmless }) => {
    const { status } = await post(request(server));
    if (!isHarmless) expect([202, 400, 413, 415, 429]).toContain(status);
    expect(await server.runs()).toBe(1);
  });

  it('[hostile:charged] has run nothing after all, and the session goes on', async () => {
    await post({ body: callOf('cheap', { id: 'last' }) });
    await until(() => answerTo('last') !== undefined);
    expect(await server.runs()).toBe(1);
    expect(stream.events().filter(({ data }) => data.includes('ran expensive'))).toHaveLength(1);
  });

  it('[hostile:charged] does not lead past the bucket by another session, another spelling of its path, or none', async () => {
    const other = await open();
    const body = callOf('expensive', { id: 'x' });
    const targets = [
      other.target,
      `/%6dessages/${stream.target.slice(10)}`,
      `/Messages/${stream.target.slice(10)}`,
      `${stream.target}&session_id=x`,
    ];
    for (const target of [...targets, '/messages/', `/messages//${stream.target.slice(10)}`]) await post({ target, body });
    other.close();
    expect(await server.runs()).toBe(1);
  });
});
