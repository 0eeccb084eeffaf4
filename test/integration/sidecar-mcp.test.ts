import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EverythingServer, startEverythingServer } from '../support/everything-server.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

async function connectTo(transport: Transport): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  return client;
}

describe('the official client and server over Streamable HTTP', () => {
  let server: EverythingServer;
  let sidecar: TestSidecar;
  beforeAll(async () => {
    server = await startEverythingServer('streamableHttp');
    sidecar = await startTestSidecar({ upstream: server.url });
  });
  afterAll(async () => {
    await sidecar.close();
    await server.stop();
  });

  it('[sidecar:transparent] work as without us: initialize, list, call, progress, a stream of their own, DELETE', async () => {
    const transport = new StreamableHTTPClientTransport(new URL(`${sidecar.url}/mcp`));
    const client = await connectTo(transport);
    expect(client.getServerVersion()?.name).toBe('mcp-servers/everything');
    expect(transport.sessionId).toBeTruthy();
    const direct = await connectTo(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)));
    expect(await client.listTools()).toEqual(await direct.listTools());
    expect(await client.callTool({ name: 'echo', arguments: { message: 'hällo' } })).toMatchObject({
      content: [{ type: 'text', text: 'Echo: hällo' }],
    });

    const progress: number[] = [];
    let isDone = false;
    const seenWhileRunning: boolean[] = [];
    await client.callTool({ name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 3 } }, undefined, {
      onprogress: (step) => {
        progress.push(step.progress);
        seenWhileRunning.push(!isDone);
      },
    });
    isDone = true;
    expect(progress.length).toBeGreaterThanOrEqual(2);
    expect(seenWhileRunning).not.toContain(false);

    const logged: unknown[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, (message) => void logged.push(message));
    await client.callTool({ name: 'toggle-simulated-logging', arguments: {} });
    await until(() => logged.length > 0);

    await transport.terminateSession();
    expect(transport.sessionId).toBeUndefined();
    await Promise.all([client.close(), direct.close()]);
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
  });

  it('[sidecar:method-override] let no header say that the method is another one', async () => {
    const answer = await fetch(`${sidecar.url}/mcp`, { headers: { 'x-http-method-override': 'POST' } });
    // The server's own answer to a GET without a session.
    expect(answer.status).toBe(400);
  });
});

describe('the official client and server over HTTP+SSE', () => {
  it('[sidecar:transparent] work as without us', async () => {
    const server = await startEverythingServer('sse');
    const sidecar = await startTestSidecar({ upstream: server.url });
    const client = await connectTo(new SSEClientTransport(new URL(`${sidecar.url}/sse`)));
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    expect(await client.callTool({ name: 'get-sum', arguments: { a: 2, b: 3 } })).toMatchObject({ content: [{ type: 'text' }] });
    await client.close();
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
    await sidecar.close();
    await server.stop();
  });
});
