// Caps before a server of the Python SDK, which gives a session id to whatever it is asked.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostileServer, startPython } from '../support/hostile/servers.ts';
import { type SessionClient, sessionClient } from '../support/session-client.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let server: HostileServer;
let sidecar: TestSidecar;
let client: SessionClient;
let direct: SessionClient;
beforeAll(async () => {
  server = await startPython('streamable-http', { SESSIONS: '1' });
  sidecar = await startTestSidecar({ upstream: server.url, annotations: { sessions: '{max: 2, idleTimeout: 2s}', rejection: 'http' } });
  await sidecar.ready();
  [client, direct] = [sessionClient(sidecar.url), sessionClient(server.url)];
}, 300_000);
afterAll(async () => {
  await sidecar.close();
  await server.stop();
});

const headers = { accept: 'application/json, text/event-stream' };
const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
const initialize = (given: unknown = params) =>
  client.send('POST', { headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: given }) });

describe('a Python server', () => {
  it('[gate:minted] has the ids stripped that it gives to requests without a session', async () => {
    expect((await direct.ask(undefined, { headers })).session).toBeDefined();
    const answers = [await client.ask(undefined, { headers }), await client.send('GET', {}), await client.send('DELETE', {})];
    expect(answers.map(({ status, session }) => [status >= 400, session])).toEqual(answers.map(() => [true, undefined]));
    expect(await sidecar.metric('mcp_sluice_session_anomalies_total{mode="enforce"}')).toBe(3);
    expect(await sidecar.metric('mcp_sluice_sessions')).toBe(0);
  });

  it('[gate:in-band] [gate:reaped] has a session counted that opens with an error, and reaped as any other', async () => {
    const [sound, unsound] = [await initialize(), await initialize({ protocolVersion: 1 })];
    expect([sound.status, unsound.status]).toEqual([200, 200]);
    expect(unsound.session).toBeDefined();
    expect((await initialize()).status).toBe(503);
    await until(async () => (await sidecar.metric('mcp_sluice_sessions_ended_total{reason="idle"}')) === 2);
    for (const { session } of [sound, unsound]) await until(async () => (await direct.ask(session, { headers })).status === 404);
    expect((await client.ask(sound.session, { headers })).body.error?.message).toBe('Session not found');
    expect((await initialize()).status).toBe(200);
  });
});
