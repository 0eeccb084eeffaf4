// Real clients through a remote entry, to real servers behind TLS with a private CA.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installGo } from '../../src/build/go.ts';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { answers, startChild } from '../support/child.ts';
import { freePort } from '../support/everything-server.ts';
import { ownRedis } from '../support/redis.ts';
import { makeCertificates } from '../support/redis-tls.ts';
import { verifiedOnLoopback } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { testedClients } from './catalog.ts';
import { startClient } from './client-program.ts';
import { installClient } from './install.ts';
import { type RunningServer, startServer } from './stage.ts';

const HOST = 'remote.test';
/** A tool of each server, and where the server is. */
const remotes = {
  'reference server': { path: '/mcp', tool: 'echo', given: { message: 'hi' }, text: 'Echo: hi' },
  'modern server': { path: '/mcp', tool: 'echo', given: { message: 'hi' }, text: 'Echo: hi' },
  'Go server': { path: '/', tool: 'test_simple_text', given: {}, text: 'This is a simple text response for testing.' },
} as const;
type Remote = keyof typeof remotes;

let folder: string;
let redis: StartedRedis;
const started: RunningServer[] = [];
const fronts = new Map<Remote, TlsFront>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  const { ca, certificate: cert, key } = makeCertificates(HOST);
  await writeFile(join(folder, 'ca.crt'), ca);
  const start: Record<Remote, () => Promise<RunningServer>> = {
    'reference server': () => startServer('reference server', inject('clients')),
    'modern server': () => startServer('modern server', inject('clients')),
    'Go server': startGoServer,
  };
  redis = await ownRedis();
  for (const name of Object.keys(start) as Remote[]) {
    const server = await start[name]();
    started.push(server);
    fronts.set(name, await startTlsFront(server.url, { cert, key }));
  }
}, 480_000);

afterAll(async () => {
  for (const front of fronts.values()) await front.close();
  for (const server of started) await server.stop();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function startGoServer(): Promise<RunningServer> {
  const programs = await installGo('github.com/modelcontextprotocol/go-sdk', 'v1.8.0', ['conformance/everything-server']);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = ['-http', `127.0.0.1:${port}`, '-stateless=false'];
  const { stop } = await startChild(join(programs, 'everything-server'), args, () => answers(url));
  return { url, stop };
}

let owners = 0;
async function openEntry(name: Remote): Promise<TestSidecar> {
  const { path, tool } = remotes[name];
  const entry = {
    name: 'remote',
    url: `https://${HOST}:${fronts.get(name)?.port}${path}`,
    caBundle: { caFile: join(folder, 'ca.crt'), exclusive: true },
    rateLimit: { tools: { [tool]: '1/1h' } },
  };
  const sidecar = await startTestSidecar({
    annotations: { redis: redis.url, 'remote-entries': JSON.stringify([entry]) },
    args: [`--owner=test/Deployment/entry-clients-${++owners}`],
    createEntryUpstream: verifiedOnLoopback,
  });
  await sidecar.ready();
  return sidecar;
}

/** mcp-remote 0.15 calls before `notifications/initialized` was taken, which this server refuses, also directly. */
const serversOf = ({ name, servers }: (typeof testedClients)[number]): readonly Remote[] =>
  name === 'mcp-remote' ? servers : [...servers, 'Go server'];
const cases = testedClients.flatMap((client) => serversOf(client).map((remote) => ({ ...client, remote })));

describe.each(cases)('$name to the $remote', (given) => {
  it('[entry:clients] works through a remote entry, and reads our message at the limit of the entry', async () => {
    const { tool, given: input, text } = remotes[given.remote];
    const sidecar = await openEntry(given.remote);
    try {
      const client = await startClient(await installClient(given), `http://127.0.0.1:${sidecar.entriesPort}/remote`);
      try {
        expect(await client.call(tool, input)).toMatchObject({ ok: true, text });
        expect(await client.call(tool, input)).toMatchObject({
          ok: false,
          text: expect.stringMatching(/Rate limit exceeded for tool .*: 1 per 1h\. Retry in \d+ s\./),
        });
      } finally {
        await client.stop();
      }
    } finally {
      await sidecar.close();
    }
  });
});
