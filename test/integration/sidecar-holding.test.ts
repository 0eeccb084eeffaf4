import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ByteBudget } from '../../sidecar/byte-budget.ts';
import type { EarlyRefusal } from '../../sidecar/early-refusal.ts';
import type { Sink, Upstream } from '../../sidecar/forward.ts';
import { InFlight } from '../../sidecar/in-flight.ts';
import { loadAnnotations } from '../../sidecar/load.ts';
import { Metrics } from '../../sidecar/metrics.ts';
import { createPipeline } from '../../sidecar/pipeline.ts';
import { RefusalLog } from '../../sidecar/refusal-log.ts';
import { createProxyServer } from '../../sidecar/server.ts';
import { type Sessions, startSessions } from '../../sidecar/sessions.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { until } from '../support/until-true.ts';

const budget = new ByteBudget(1_000);
const inFlight = new InFlight();
const early: EarlyRefusal[] = [];
/** Those that wait for their response. */
const asked: Sink[] = [];
let isDraining = false;
let server: Server;
let sessions: Sessions;
let port: number;

const upstream: Upstream = {
  dispatch(_, sink) {
    asked.push(sink);
    return { abort: () => {}, resume: () => {} };
  },
  close: async () => {},
};
const respond = (sink: Sink | undefined) => {
  sink?.begin(
    200,
    'OK',
    ['content-length', '2'].map((text) => Buffer.from(text)),
  );
  sink?.write(Buffer.from('ok'));
  sink?.end([]);
};

beforeEach(async () => {
  asked.length = 0;
  early.length = 0;
  isDraining = false;
  const loaded = loadAnnotations({ 'mcp-sluice.dev/inject': 'true' });
  if (!loaded.ok) throw new Error('the annotations are sound');
  const metrics = new Metrics({ bufferedBytes: () => budget.usedBytes, inFlight: () => inFlight.count, sessions: () => 0 });
  const { settings } = loaded.loaded;
  const identify = () => ({ ok: true, isHeaderTrusted: false }) as const;
  sessions = startSessions({
    ...{ settings, limiter: undefined, metrics },
    owner: 'a/Pod/b',
    pod: 'b',
    onReaped: () => {},
    onWarning: () => {},
  });
  const gate = sessions.gateOf({ upstream, upstreamHost: 'upstream' });
  const answer = createPipeline({
    inEffect: () => ({ settings, identify, limiter: undefined, sessions: gate }),
    upstream,
    upstreams: [],
    upstreamHost: 'upstream',
    maxBodyBytes: 900,
    isDraining: () => isDraining,
    metrics,
    refusalLog: new RefusalLog({ log: () => pino({ level: 'silent' }), nowMs: Date.now, onOmitted: () => {} }),
  });
  server = createProxyServer({
    isLoopbackListener: true,
    budget,
    inFlight,
    answer,
    onEarlyRefusal: (refusal) => early.push(refusal),
    onAbort: () => {},
    onBug: (error) => {
      throw error;
    },
    timeouts: { headersMs: 300, bodyMs: 600 },
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  await sessions.stop();
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

const padded = (bytes: number) => toolCall('a').padEnd(bytes, ' ');

describe('what is held in memory', () => {
  it('[sidecar:buffers-full] is bounded over all requests: 503 beyond it, room again once the upstream answers', async () => {
    const first = sendRaw(port, rawRequest({ body: padded(800) }), { quietMs: 200 });
    await until(() => asked.length === 1);
    expect(budget.usedBytes).toBe(800);
    const second = await sendRaw(port, rawRequest({ body: padded(300) }));
    expect([second.status, JSON.parse(second.body)]).toMatchObject([503, { error: { code: -32603 } }]);
    respond(asked[0]);
    expect((await first).status).toBe(200);
    expect(budget.usedBytes).toBe(0);
    const third = sendRaw(port, rawRequest({ body: padded(300) }));
    await until(() => asked.length === 2);
    respond(asked[1]);
    expect((await third).status).toBe(200);
  });

  it('is let go when the client leaves in the middle of its body', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(rawRequest({ headers: ['Content-Length: 800'], body: 'a'.repeat(500) }));
    await until(() => budget.usedBytes === 500);
    socket.destroy();
    await until(() => budget.usedBytes === 0 && inFlight.count === 0);
    expect(asked).toEqual([]);
  });
});

describe('a client that takes its time', () => {
  it('[sidecar:timeouts] over its body gets 408 with a JSON-RPC error', async () => {
    const answer = await sendRaw(port, rawRequest({ headers: ['Content-Length: 800'], body: 'a' }), { quietMs: 3_000 });
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([408, { jsonrpc: '2.0', error: { code: -32600 } }]);
    expect([early, asked.length]).toEqual([[], 0]);
    await until(() => budget.usedBytes === 0 && inFlight.count === 0);
  });

  it('[sidecar:timeouts] over its headers gets 408', async () => {
    const answer = await sendRaw(port, 'POST /mcp HTTP/1.1\r\nHost: loc', { quietMs: 3_000 });
    expect([answer.status, early]).toEqual([408, ['timeout']]);
  });

  it('over the second of two pipelined requests loses the connection, and gets no 408 in the place of the first answer', async () => {
    const answering = sendRaw(port, `${rawRequest({ method: 'GET' })}POST /mcp HTTP/1.1\r\nHost: loc`, { quietMs: 3_000 });
    await expect(answering.then(({ text }) => text)).resolves.toBe('');
    expect(early).toEqual(['timeout']);
  });

  it('over reading does not hold up its own refusal, nor the next request', async () => {
    const body = 'a'.repeat(5_000);
    const answer = await sendRaw(port, rawRequest({ body }) + rawRequest({ method: 'GET', headers: ['Host: evil.example'] }));
    expect(answer.text.match(/HTTP\/1\.1 (\d+)/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 403']);
  });
});

describe('a draining server', () => {
  it('[sidecar:drain-close] serves on, and says Connection: close', async () => {
    isDraining = true;
    const answering = sendRaw(port, rawRequest({ method: 'GET' }));
    await until(() => asked.length === 1);
    respond(asked[0]);
    expect(await answering).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect((await sendRaw(port, rawRequest({ body: '[]' }))).headers['connection']).toBe('close');
  });
});
