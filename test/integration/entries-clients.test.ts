// The official client through the listener to the reference server behind TLS with a private CA.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EverythingServer, startEverythingServer } from '../support/everything-server.ts';
import { makeCertificates } from '../support/redis-tls.ts';
import { verifiedOnLoopback } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { until } from '../support/until-true.ts';

const HOST = 'everything.test';
let folder: string;
let servers: EverythingServer[];
let fronts: TlsFront[];
let sidecar: TestSidecar;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  const { ca, certificate: cert, key } = makeCertificates(HOST);
  await writeFile(join(folder, 'ca.crt'), ca);
  servers = await Promise.all([startEverythingServer('streamableHttp'), startEverythingServer('sse')]);
  fronts = await Promise.all(servers.map(({ url }) => startTlsFront(url, { cert, key })));
  const [streamable, sse] = fronts.map(({ port }) => `https://${HOST}:${port}`);
  const caBundle = { caFile: join(folder, 'ca.crt'), exclusive: true };
  sidecar = await startTestSidecar({
    annotations: {
      'remote-entries': JSON.stringify([
        { name: 'streamable', url: `${streamable}/mcp`, caBundle },
        { name: 'events', url: `${sse}/sse`, transport: 'sse', caBundle },
        { name: 'untrusted', url: `${streamable}/mcp` },
      ]),
    },
    createEntryUpstream: verifiedOnLoopback,
  });
  await sidecar.ready();
});
afterAll(async () => {
  await sidecar?.close();
  await Promise.all([...fronts, ...servers.map(({ stop }) => ({ close: stop }))].map(({ close }) => close()));
  await rm(folder, { recursive: true, force: true });
});

const url = (entry: string) => new URL(`http://127.0.0.1:${sidecar.entriesPort}/${entry}`);

it.each([
  ['Streamable HTTP', () => new StreamableHTTPClientTransport(url('streamable'))],
  ['HTTP+SSE', () => new SSEClientTransport(url('events'))],
] as const)('[entry:clients] the official client works over %s, progress and all', async (_, transport) => {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport() as Parameters<Client['connect']>[0]);
  expect((await client.listTools()).tools.length).toBeGreaterThan(5);
  expect(await client.callTool({ name: 'echo', arguments: { message: 'ü' } })).toMatchObject({ content: [{ text: 'Echo: ü' }] });
  const progress: number[] = [];
  await client.callTool({ name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } }, undefined, {
    onprogress: (each) => progress.push(each.progress),
  });
  expect(progress.length).toBeGreaterThan(1);
  await client.close();
  await until(async () => (await sidecar.metric('mcp_sluice_entry_in_flight{entry="streamable"}')) === 0);
});

it('[entry:clients] the official client reads why it cannot: a CA that nobody named', async () => {
  const client = new Client({ name: 'test', version: '1' });
  await expect(client.connect(new StreamableHTTPClientTransport(url('untrusted')) as Parameters<Client['connect']>[0])).rejects.toThrow(
    /Remote entry \\"untrusted\\" is not connected to.*caBundle/,
  );
  expect((await sidecar.admin('/readyz')).status).toBe(200);
});
