import { createServer } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { probePath } from '../../src/lib/app-probe.ts';
import { freePort, startEverythingServer } from '../support/everything-server.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { toolCall } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar, type TestSidecarOptions } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let redis: Awaited<ReturnType<typeof ownRedis>>;
let first: FakeUpstream;
let second: FakeUpstream;
const open: TestSidecar[] = [];
let owners = 0;

beforeAll(async () => {
  redis = await ownRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  const answerAs = (name: string) =>
    startFakeUpstream((_, response) => response.setHeader('content-type', 'application/json').end(`"${name}"`));
  [first, second] = [await answerAs('first'), await answerAs('second')];
});
afterEach(async () => {
  for (const sidecar of open.splice(0)) await sidecar.close();
  await Promise.all([first.close(), second.close()]);
});

async function start(annotations: Record<string, string>, more: Partial<TestSidecarOptions> = {}): Promise<TestSidecar> {
  const args = [`--owner=test/Deployment/several-${++owners}`];
  const sidecar = await startTestSidecar({ upstream: first.url, further: [{ upstream: second.url }], annotations, args, ...more });
  open.push(sidecar);
  return sidecar;
}

const portOf = (url: string) => Number(new URL(url).port);

/** A call at one of the two ports. */
async function call({ urls }: TestSidecar, index: number): Promise<{ status: number; text: string; connection: string | null }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${urls[index]}/mcp`, { method: 'POST', headers, body: toolCall('search') });
  return { status: response.status, text: await response.text(), connection: response.headers.get('connection') };
}

describe('two servers of one pod', () => {
  it('[ports:each-captured] get the requests to their own ports, each under its own name', async () => {
    const sidecar = await start({});
    await sidecar.ready();
    expect([(await call(sidecar, 0)).text, (await call(sidecar, 1)).text, (await call(sidecar, 1)).text]).toEqual([
      '"first"',
      '"second"',
      '"second"',
    ]);
    const hosts = (server: FakeUpstream) => server.received.map(({ headers }) => headers.host);
    const hostOf = (server: FakeUpstream) => new URL(server.url).host;
    expect([hosts(first), hosts(second)]).toEqual([[hostOf(first)], [hostOf(second), hostOf(second)]]);
  });

  it('[ports:each-captured] work for the official clients, one over Streamable HTTP and one over HTTP+SSE', async () => {
    const [streamable, sse] = await Promise.all([startEverythingServer('streamableHttp'), startEverythingServer('sse')]);
    const sidecar = await start({}, { upstream: streamable.url, further: [{ upstream: sse.url }] });
    await sidecar.ready();
    const [one, other] = [0, 1].map(() => new Client({ name: 'test', version: '1' })) as [Client, Client];
    await one.connect(new StreamableHTTPClientTransport(new URL(`${sidecar.urls[0]}/mcp`)));
    await other.connect(new SSEClientTransport(new URL(`${sidecar.urls[1]}/sse`)));
    for (const client of [one, other]) {
      expect(await client.callTool({ name: 'echo', arguments: { message: 'x' } })).toMatchObject({ content: [{ text: 'Echo: x' }] });
    }
    expect(await sidecar.metric('mcp_sluice_sessions')).toBe(2);
    await Promise.all([one.close(), other.close()]);
    await Promise.all([streamable.stop(), sse.stop()]);
  });

  it('[ports:shared-limits] spend the tokens of one limit, retuned for both at once', async () => {
    const limits = (calls: number) => ({ redis: redis.url, rejection: 'http', 'rate-limit': `shared: ${calls}/1h` });
    const sidecar = await start(limits(3));
    await sidecar.ready();
    const statuses = [];
    for (const index of [0, 1, 0, 1, 0]) statuses.push((await call(sidecar, index)).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect([first.received.length, second.received.length]).toEqual([2, 1]);
    await sidecar.annotate({ ...limits(3), mode: 'shadow' });
    await expect.poll(async () => (await call(sidecar, 1)).status, { timeout: 20_000 }).toBe(200);
    expect((await call(sidecar, 0)).status).toBe(200);
  });

  it('[ports:shared-caps] share what may be in flight without a session', async () => {
    const sidecar = await start({ sessions: '{maxInFlight: 1}', rejection: 'http' });
    await sidecar.ready();
    const revision = '2026-07-28';
    const params = { _meta: { 'io.modelcontextprotocol/protocolVersion': revision, 'io.modelcontextprotocol/clientCapabilities': {} } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params });
    const accept = 'application/json, text/event-stream';
    const headers = { 'content-type': 'application/json', 'mcp-protocol-version': revision, 'mcp-method': 'tools/list', accept };
    const ask = (index: number) => fetch(`${sidecar.urls[index]}/mcp`, { method: 'POST', headers, body });
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    first.server.removeAllListeners('request');
    first.server.on('request', (request, response) => {
      request.resume();
      void held.then(() => response.end('{}'));
    });
    const waiting = ask(0);
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 1);
    expect((await ask(1)).status).toBe(503);
    release();
    expect((await waiting).status).toBe(200);
    await expect.poll(async () => (await ask(1)).status, { timeout: 10_000 }).toBe(200);
  });

  it('[ports:readiness] are both to accept before the pod is ready; the one that does is served meanwhile', async () => {
    const sidecar = await start({});
    await sidecar.ready();
    const port = portOf(second.url);
    await second.close();
    await until(async () => (await sidecar.admin('/readyz')).status === 503);
    const { checks } = JSON.parse((await sidecar.admin('/readyz')).text) as { checks: Record<string, string> };
    expect(Object.keys(checks).filter((name) => name.startsWith('upstream'))).toEqual([
      `upstream:${portOf(first.url)}`,
      `upstream:${port}`,
    ]);
    expect([checks[`upstream:${portOf(first.url)}`], checks[`upstream:${port}`]]).toEqual([
      'ok',
      `nothing accepts at http://127.0.0.1:${port}`,
    ]);
    expect([(await call(sidecar, 0)).status, (await call(sidecar, 1)).status]).toEqual([200, 502]);
    expect((await sidecar.admin('/startupz')).status).toBe(200);
  });

  it('[ports:not-held] are served where they can be while somebody else holds the other port, which is told and asked for again', async () => {
    const port = await freePort();
    const thief = createServer().listen(port, '127.0.0.1');
    await until(() => thief.listening);
    const sidecar = await start({}, { further: [{ upstream: second.url, port: 3001, listen: [{ host: '127.0.0.1', port }] }] });
    const { status, text } = await sidecar.admin('/readyz');
    expect([status, text]).toEqual([503, expect.stringContaining(`127.0.0.1:${port} held by another process, where port 3001 is sent`)]);
    expect(await sidecar.metric(`mcp_sluice_capture_bypass{address="127.0.0.1:${port}"}`)).toBe(1);
    expect((await call(sidecar, 0)).text).toBe('"first"');
    await new Promise((resolve) => {
      thief.close(resolve);
    });
    await sidecar.ready();
    expect(await sidecar.metric(`mcp_sluice_capture_bypass{address="127.0.0.1:${port}"}`)).toBe(0);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('"second"');
  });

  it('[ports:probes] are each asked what is to be asked of their own port', async () => {
    const probe = { tcpSocket: { port: 'mcp' } };
    const port = portOf(second.url);
    const sidecar = await start({}, { further: [{ upstream: second.url, probes: [probe] }] });
    const path = probePath({ probe, port }, 'app-probe');
    expect((await sidecar.admin(path)).status).toBe(200);
    expect((await sidecar.admin(probePath({ probe }, 'app-probe'))).status).toBe(404);
    expect((await sidecar.admin(probePath({ probe, port: portOf(first.url) }, 'app-probe'))).status).toBe(404);
    await second.close();
    expect((await sidecar.admin(path)).status).toBe(503);
  });

  it('[ports:drained] are drained together: what is in flight at either goes on, and then neither accepts', async () => {
    const sidecar = await start({}, { args: ['--owner=test/Deployment/several-drained', '--grace-seconds=600'] });
    await sidecar.ready();
    let release = (): void => {};
    second.server.removeAllListeners('request');
    second.server.on('request', (request, response) => {
      request.resume();
      release = () => void response.end('"late"');
    });
    const late = call(sidecar, 1);
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 1);
    sidecar.beginDrain();
    expect((await call(sidecar, 0)).connection).toBe('close');
    sidecar.terminate();
    const refuses = (index: number) =>
      call(sidecar, index).then(
        () => false,
        () => true,
      );
    await until(async () => (await refuses(0)) && (await refuses(1)));
    expect(sidecar.exits).toBe(0);
    release();
    expect((await late).text).toBe('"late"');
    await until(() => sidecar.exits === 1);
  });
});
