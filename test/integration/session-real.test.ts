import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, describe, expect, it } from 'vitest';
import { type EverythingServer, startEverythingServer } from '../support/everything-server.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let server: EverythingServer;
let sidecar: TestSidecar;
let clients: Client[] = [];
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
  await sidecar.close();
  await server.stop();
});

async function start(mode: 'streamableHttp' | 'sse', sessions: string): Promise<void> {
  server = await startEverythingServer(mode);
  sidecar = await startTestSidecar({ upstream: server.url, annotations: { sessions } });
}
const held = () => sidecar.metric('mcp_sluice_sessions');
const ended = (reason: string) => sidecar.metric(`mcp_sluice_sessions_ended_total{reason="${reason}"}`);

async function connect(mode: 'streamableHttp' | 'sse' = 'streamableHttp') {
  const client = new Client({ name: 'test', version: '1' });
  clients.push(client);
  const isHttp = mode === 'streamableHttp';
  const transport = isHttp
    ? new StreamableHTTPClientTransport(new URL(`${sidecar.url}/mcp`))
    : new SSEClientTransport(new URL(`${sidecar.url}/sse`));
  await client.connect(transport as StreamableHTTPClientTransport);
  return { client, transport };
}

describe('the official client and server', () => {
  it('[gate:cap] [gate:freed] learns why there is no session for it, and gets one once another has ended its own', async () => {
    await start('streamableHttp', '{max: 1}');
    const { transport } = await connect();
    await expect(connect()).rejects.toThrow('Maximum concurrent sessions exceeded');
    await (transport as StreamableHTTPClientTransport).terminateSession();
    const { client } = await connect();
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    expect(await held()).toBe(1);
  });

  it('[gate:clock] [gate:reaped] keeps its session through a long call, and loses it once it only listens', async () => {
    await start('streamableHttp', '{max: 2, idleTimeout: 1s}');
    const { client } = await connect();
    const steps: number[] = [];
    const args = { name: 'trigger-long-running-operation', arguments: { duration: 3, steps: 2 } };
    await client.callTool(args, undefined, { onprogress: ({ progress }) => steps.push(progress) });
    expect(steps.length).toBeGreaterThan(0);
    await until(async () => (await ended('idle')) === 1);
    await expect(client.listTools()).rejects.toThrow('Session not found');
    const { client: again } = await connect();
    expect((await again.listTools()).tools.length).toBeGreaterThan(5);
  });

  it('[gate:stream] [gate:stream-clock] keeps its stream of HTTP+SSE through a long call, and loses it once it is idle', async () => {
    await start('sse', '{max: 1, idleTimeout: 1s}');
    const { client } = await connect('sse');
    await client.callTool({ name: 'trigger-long-running-operation', arguments: { duration: 3, steps: 2 } });
    expect(await held()).toBe(1);
    await until(async () => (await ended('idle')) === 1);
    expect(await held()).toBe(0);
  });
});
