// Sessions of entries of the HTTP+SSE transport, and what closes a session over verified TLS.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { toolCall } from '../support/raw-client.ts';
import { makeCertificates } from '../support/redis-tls.ts';
import { sessionClient } from '../support/session-client.ts';
import { type SessionServer, startSessionServer } from '../support/session-server.ts';
import { entriesAnnotation, reachedAt, verifiedOnLoopback } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { startTlsFront } from '../support/tls-front.ts';
import { until } from '../support/until-true.ts';

let remote: FakeUpstream;
let server: SessionServer;
let folder: string;
let opened = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  server = await startSessionServer();
  // Each stream has an address of its own.
  remote = await startFakeUpstream((request, response) => {
    if (request.method !== 'GET') return void response.writeHead(202).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: endpoint\ndata: /messages?sessionId=s${++opened}\n\n`);
  });
});
afterAll(async () => {
  await Promise.all([remote.close(), server.close()]);
  await rm(folder, { recursive: true, force: true });
});

/** Opens a stream of the entry. */
async function listen(sidecar: TestSidecar): Promise<{ status: number; next: () => Promise<string>; leave: () => void }> {
  const leaving = new AbortController();
  const url = `http://127.0.0.1:${sidecar.entriesPort}/docs`;
  const response = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: leaving.signal });
  const reader = response.body?.getReader();
  const next = async () => {
    const { value, done } = (await reader?.read()) ?? { done: true };
    return done ? 'end' : Buffer.from(value ?? []).toString();
  };
  return { status: response.status, next, leave: () => leaving.abort() };
}

it('[entry:sessions] are its streams where it is one of HTTP+SSE; its messages are part of them, at the addresses of the app', async () => {
  const entries = entriesAnnotation([{ name: 'docs', path: '/sse', transport: 'sse' }]);
  const sidecar = await startTestSidecar({
    annotations: { rejection: 'http', 'remote-entries': entries, sessions: '{max: 1}' },
    createEntryUpstream: reachedAt({ docs: remote.url }),
  });
  const held = () => sidecar.metric('mcp_sluice_entry_sessions{entry="docs"}');
  await sidecar.ready();
  const first = await listen(sidecar);
  expect(await first.next()).toContain('data: /docs/messages?sessionId=s1');
  expect([await held(), (await listen(sidecar)).status]).toEqual([1, 503]);
  const app = sessionClient(`http://127.0.0.1:${sidecar.entriesPort}`);
  const post = () => app.send('POST', { path: '/docs/messages?sessionId=s1', body: toolCall('a') });
  expect((await post()).status).toBe(202);
  first.leave();
  await until(async () => (await held()) === 0);
  // Nobody answers that call: it does not keep the session of the next stream.
  const second = await listen(sidecar);
  expect(await second.next()).toContain('sessionId=s2');
  const changed = { rejection: 'http', 'remote-entries': entries, sessions: '{max: 1, idleTimeout: 1s}' };
  await sidecar.annotate(changed);
  expect(await second.next()).toBe('end');
  expect((await app.send('POST', { path: '/docs/messages?sessionId=s2', body: toolCall('a') })).status).toBe(404);
  expect(await sidecar.metric('mcp_sluice_entry_sessions_ended_total{entry="docs",reason="idle"}')).toBe(1);
  expect(await sidecar.metric('mcp_sluice_entry_sessions_ended_total{entry="docs",reason="closed"}')).toBe(1);
  await sidecar.close();
});

it('[entry:sessions-end] are closed over a connection that the bundle of the entry verifies, and over no other', async () => {
  const { ca, certificate: cert, key } = makeCertificates('remote.test');
  const front = await startTlsFront(server.url, { cert, key });
  await mkdir(join(folder, 'docs'));
  await writeFile(join(folder, 'docs', 'ca.crt'), ca);
  const url = `https://remote.test:${front.port}/mcp`;
  const entries = JSON.stringify([{ name: 'docs', url, caBundle: { configMap: 'corp-ca', exclusive: true } }]);
  const sidecar = await startTestSidecar({
    annotations: { 'remote-entries': entries, sessions: '{idleTimeout: 1s}' },
    args: [`--ca-bundles-dir=${folder}`],
    createEntryUpstream: verifiedOnLoopback,
  });
  await sidecar.ready();
  const app = sessionClient(`http://127.0.0.1:${sidecar.entriesPort}`);
  const { session = '' } = await app.initialize({ path: '/docs' });
  await until(() => server.deleted.includes(session));
  // Other roots from here on: the session cannot be closed, and nothing else is asked either.
  await sidecar.annotate({ 'remote-entries': entries, sessions: '{max: 5}' });
  await until(async () => (await sidecar.metric('mcp_sluice_configuration_generation')) === 2);
  const { session: kept = '' } = await app.initialize({ path: '/docs' });
  const reloads = async () => sidecar.lines.filter(({ msg }) => msg === 'CA bundle in effect').length;
  const before = await reloads();
  await writeFile(join(folder, 'docs', 'ca.crt'), makeCertificates('other.test').ca);
  await until(async () => (await reloads()) > before);
  await sidecar.annotate({ 'remote-entries': entries, sessions: '{max: 5, idleTimeout: 1s}' });
  await until(async () => (await sidecar.metric('mcp_sluice_entry_sessions{entry="docs"}')) === 0);
  await until(async () => (await sidecar.metric('mcp_sluice_entry_faults_total{entry="docs",cause="unknown-ca"}')) === 1);
  expect([kept, server.deleted.includes(kept)]).toEqual([expect.stringMatching(/^s-/), false]);
  await sidecar.close();
  await front.close();
});
