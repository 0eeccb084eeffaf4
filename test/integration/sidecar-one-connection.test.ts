// What a single client can do to all others by one connection.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw } from '../support/raw-client.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let upstream: FakeUpstream;
let sidecar: TestSidecar;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  sidecar = await startTestSidecar({ upstream: upstream.url });
});
afterAll(async () => {
  await sidecar.close();
  await upstream.close();
});

/** Sends, and resets the connection before an answer can be written. */
const sendAndReset = (bytes: string) =>
  new Promise<void>((resolve) => {
    const socket = connect(sidecar.port, '127.0.0.1', () => {
      socket.write(bytes, () => {
        socket.resetAndDestroy();
        resolve();
      });
    });
    socket.on('error', () => undefined);
  });

describe('one connection', () => {
  // An error without a listener ends the process, and here the test.
  it('[sidecar:one-connection] that is reset after CONNECT ends nothing but itself', async () => {
    for (let round = 0; round < 50; round++) await sendAndReset('CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(async () => (await sidecar.metric('mcp_sluice_refusals_total{rung="bounds:tunnel",mode="enforce"}')) >= 50);
    expect((await sendRaw(sidecar.port, rawRequest({ method: 'GET' }))).status).toBe(200);
  });

  it('[sidecar:one-connection] has at most 100 requests at a time', async () => {
    const before = upstream.received.length;
    await sendRaw(sidecar.port, rawRequest({ method: 'GET' }).repeat(1_000)).catch(() => undefined);
    expect(upstream.received.length - before).toBeLessThanOrEqual(100);
    expect(await sidecar.metric('mcp_sluice_refusals_total{rung="bounds:pipeline",mode="enforce"}')).toBe(1);
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
  });

  it('[sidecar:small-pieces] that uploads a form byte by byte in a flood is cut', async () => {
    const body = `8\r\nabcdefgh\r\n${'1\r\na\r\n'.repeat(20_000)}`;
    const head = rawRequest({ headers: ['Transfer-Encoding: chunked', 'Content-Type: multipart/form-data; boundary=x'] });
    // Without an end: what answers or closes is the sidecar.
    const socket = connect(sidecar.port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(head + body);
    await new Promise((resolve) => socket.once('close', resolve));
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
  });

  it.each(['application/json', 'application/x-www-form-urlencoded'])(
    '[sidecar:small-pieces] that sends 60,000 blanks of %s one by one holds up nobody',
    async (type) => {
      const body = `${'1\r\n \r\n'.repeat(60_000)}0\r\n\r\n`;
      const startedMs = performance.now();
      const answer = await sendRaw(sidecar.port, rawRequest({ headers: ['Transfer-Encoding: chunked', `Content-Type: ${type}`], body }), {
        quietMs: 20,
      });
      // Judged anew with each piece it took 50 s.
      expect(performance.now() - startedMs).toBeLessThan(5_000);
      expect(answer.status).toBe(type === 'application/json' ? 400 : 200);
    },
  );
});
