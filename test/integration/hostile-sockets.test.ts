// What only a socket can do, against a real server: no run for free, no answer to the wrong request.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { callOf } from '../support/hostile/body-cases.ts';
import { bytesOfRequest, exchange, type HostileRequest } from '../support/hostile/request.ts';
import { type HostileServer, startExpress } from '../support/hostile/servers.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let redis: StartedRedis;
let server: HostileServer;
let sidecar: TestSidecar;
const calls = async (decision: string) =>
  sidecar.metric(`mcp_sluice_calls_total{tool="expensive",method="tools/call",decision="${decision}"}`);

beforeAll(async () => {
  redis = await ownRedis();
  server = await startExpress();
  sidecar = await startTestSidecar({
    upstream: server.url,
    annotations: { redis: redis.url, 'rate-limit': 'tools: {expensive: 1000/31d}', paths: '/mcp' },
    args: ['--owner=hostile/Deployment/sockets'],
  });
  await sidecar.ready();
});
afterAll(async () => {
  await sidecar.close();
  await server.stop();
  await redis.stop();
});

const bytes = (request: HostileRequest = {}) => bytesOfRequest({ target: '/mcp', body: callOf('expensive'), ...request });
const keptAlive = (id: number) => bytes({ body: callOf('expensive', { id }), headers: ['Connection: keep-alive'] });
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

/** What was run and what was charged since the last look. */
async function since(): Promise<{ ran: number; charged: number }> {
  const now = { ran: (await server.runs()) ?? 0, charged: await calls('allowed') };
  const change = { ran: now.ran - seen.ran, charged: now.charged - seen.charged };
  seen = now;
  return change;
}
let seen = { ran: 0, charged: 0 };

const hidden = bytes().toString('latin1');
const chunkedCall = `${Buffer.byteLength(callOf('expensive')).toString(16)}\r\n${callOf('expensive')}\r\n0\r\n\r\n`;

describe('one message in the place of another', () => {
  it.each<[string, HostileRequest]>([
    [
      'Content-Length beside Transfer-Encoding',
      { headers: ['Content-Length: 5', 'Transfer-Encoding: chunked'], body: `0\r\n\r\n${hidden}` },
    ],
    ['Transfer-Encoding beside Content-Length', { headers: ['Transfer-Encoding: chunked', 'Content-Length: 0'], body: chunkedCall }],
    ['a Transfer-Encoding of another spelling', { headers: ['Transfer-Encoding: xchunked'], body: chunkedCall }],
    ['a Transfer-Encoding with a vertical tab', { headers: ['Transfer-Encoding: \x0bchunked'], body: chunkedCall }],
    ['two Transfer-Encodings', { headers: ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], body: chunkedCall }],
    ['a Content-Length of two values', { headers: ['Content-Length: 0, 200'] }],
    ['two Content-Lengths', { headers: ['Content-Length: 0', `Content-Length: ${callOf('expensive').length}`] }],
    ['a Content-Length with a sign', { headers: [`Content-Length: +${callOf('expensive').length}`] }],
    ['a Content-Length in hex', { headers: ['Content-Length: 0x10'] }],
    ['a space before the colon', { headers: [`Content-Length : ${callOf('expensive').length}`, 'Content-Length: 0'] }],
    ['a folded header', { headers: ['X-Folded: a\r\n Content-Length: 0'] }],
    ['a header behind a bare CR', { headers: ['X: a\rTransfer-Encoding: chunked'] }],
    ['a header behind a bare LF', { headers: ['X: a\nTransfer-Encoding: chunked'] }],
    ['NUL in a header', { headers: ['X: a\0b'] }],
    ['chunks whose size has a sign', { headers: ['Transfer-Encoding: chunked'], body: `+${chunkedCall}` }],
    ['chunks whose size ends in a bare LF', { headers: ['Transfer-Encoding: chunked'], body: chunkedCall.replace('\r\n', '\n') }],
    ['a target in absolute form', { target: 'http://127.0.0.1/mcp' }],
    ['two Hosts', { headers: ['Host: 127.0.0.1', 'Host: localhost'] }],
    ['two Content-Types', { headers: ['Content-Type: application/json', 'Content-Type: text/plain'] }],
    ['no Host', { headers: ['Host:'] }],
  ])('[hostile:sockets] refuses %s, and nothing runs', async (_, request) => {
    await since();
    const { text } = await exchange(sidecar.port, [bytes(request)]);
    expect(statuses(text)).toHaveLength(1);
    expect(statuses(text)[0]).toBeGreaterThanOrEqual(400);
    expect(await since()).toEqual({ ran: 0, charged: 0 });
  });

  it('[hostile:sockets] takes a request within the body of another for what it is, a body', async () => {
    await since();
    const { text } = await exchange(sidecar.port, [
      bytes({ target: '/upload', headers: ['Content-Type: text/plain'], body: `x${hidden}` }),
    ]);
    expect(statuses(text)).toEqual([404]);
    expect(await since()).toEqual({ ran: 0, charged: 0 });
  });

  it('[hostile:sockets] leaves the connection to the server clean for the next request', async () => {
    await exchange(sidecar.port, [bytes({ method: 'GET', headers: ['Content-Length: 20'], body: hidden })]);
    await since();
    const { text } = await exchange(sidecar.port, [bytes({ body: callOf('cheap') })]);
    expect([statuses(text), text.includes('ran cheap')]).toEqual([[200], true]);
    expect((await since()).ran).toBe(0);
  });
});

describe('one request in many ways', () => {
  it('[hostile:sockets] [hostile:honest] is read whole when it comes byte by byte', async () => {
    await since();
    const pieces = [...bytes()].map((byte) => Buffer.from([byte]));
    expect((await exchange(sidecar.port, pieces)).text).toContain('ran expensive');
    expect(await since()).toEqual({ ran: 1, charged: 1 });
  });

  it('[hostile:sockets] is charged once for each of those that are pipelined, and answered in order', async () => {
    await since();
    const { text } = await exchange(sidecar.port, [
      Buffer.concat([keptAlive(1), keptAlive(2), bytes({ body: callOf('expensive', { id: 3 }) })]),
    ]);
    expect(statuses(text)).toEqual([200, 200, 200]);
    expect([...text.matchAll(/"id":(\d)/g)].map(([, id]) => id)).toEqual(['1', '2', '3']);
    expect(await since()).toEqual({ ran: 3, charged: 3 });
  });

  it('[hostile:sockets] does not lead past the bucket behind a refused one on the same connection', async () => {
    await since();
    const refused = bytes({ body: `[${callOf('expensive')}]`, headers: ['Connection: keep-alive'] });
    const { text } = await exchange(sidecar.port, [Buffer.concat([refused, bytes()])]);
    expect(statuses(text)).toEqual([400, 200]);
    expect(await since()).toEqual({ ran: 1, charged: 1 });
  });
});

describe('a client that leaves', () => {
  it('[hostile:sockets] with its body unfinished runs nothing and leaves nothing behind', async () => {
    await since();
    const whole = bytes();
    await exchange(sidecar.port, [whole.subarray(0, whole.length - 5)], { isHalfClosed: true });
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
    expect(await since()).toEqual({ ran: 0, charged: 0 });
    expect(await sidecar.metric('mcp_sluice_buffered_bytes')).toBe(0);
  });

  it('[hostile:sockets] half, once its request is whole, runs no more than it is charged for', async () => {
    await since();
    await exchange(sidecar.port, [bytes()], { isHalfClosed: true });
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
    const { ran, charged } = await since();
    expect(charged).toBeGreaterThanOrEqual(ran);
  });

  it('[hostile:sockets] at once, a hundred times, is charged for whatever ran', async () => {
    await since();
    for (let round = 0; round < 100; round++) {
      await new Promise<void>((resolve) => {
        const socket = connect(sidecar.port, '127.0.0.1', () => socket.write(bytes(), () => setTimeout(() => socket.destroy(), round % 5)));
        socket.on('error', () => undefined);
        socket.once('close', () => resolve());
      });
    }
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
    const { ran, charged } = await since();
    expect(charged).toBeGreaterThanOrEqual(ran);
    expect(await sidecar.metric('mcp_sluice_buffered_bytes')).toBe(0);
  });
});
