import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { administer, ownRedis } from '../support/redis.ts';
import { type SessionClient, sessionClient } from '../support/session-client.ts';
import { type SessionServer, startSessionServer } from '../support/session-server.ts';
import { entriesAnnotation, reachedAt, writeSecret } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let redis: StartedRedis;
let own: SessionServer;
let docs: SessionServer;
let code: SessionServer;
const started: TestSidecar[] = [];
let owners = 0;
beforeAll(async () => {
  [redis, own, docs, code] = await Promise.all([ownRedis(), startSessionServer(), startSessionServer(), startSessionServer()]);
});
afterAll(() => Promise.all([redis.stop(), own.close(), docs.close(), code.close()]));
afterEach(async () => {
  for (const sidecar of started.splice(0)) await sidecar.close();
  for (const server of [own, docs, code]) {
    server.override = () => false;
    server.live.clear();
    server.deleted.length = 0;
    server.received.length = 0;
  }
});

const token = { name: 'Authorization', secret: 'docs-token', key: 'header' };

const common = {
  rejection: 'http',
  'remote-entries': entriesAnnotation([{ name: 'docs', path: '/v1/mcp?tenant=1', headers: [token] }, { name: 'code' }]),
};

/** One replica; where no owner is named, one of its own. */
async function start(
  annotations: Readonly<Record<string, string>>,
  { owner = ownerName(), more = [] as string[] } = {},
): Promise<TestSidecar> {
  const sidecar = await startTestSidecar({
    upstream: own.url,
    annotations: { ...common, ...annotations },
    args: [`--owner=${owner}`, ...more],
    createEntryUpstream: reachedAt({ docs: docs.url, code: code.url }),
  });
  started.push(sidecar);
  await writeSecret(sidecar.folder, { entry: 'docs', ...token }, 'Bearer configured');
  await sidecar.ready();
  await until(async () => (await sidecar.metric('mcp_sluice_entry_up{entry="docs"}')) === 1);
  return sidecar;
}
const ownerName = () => `test/Deployment/entry-sessions-${++owners}`;

/** The app, as a client of one entry. */
function at(sidecar: TestSidecar, entry: string): SessionClient {
  const client = sessionClient(`http://127.0.0.1:${sidecar.entriesPort}`);
  const path = `/${entry}`;
  return {
    initialize: (options) => client.initialize({ path, ...options }),
    ask: (session, options) => client.ask(session, { path, ...options }),
    send: (method, options) => client.send(method, { path, ...options }),
    delete: (session, options) => client.delete(session, { path, ...options }),
  };
}
async function open(client: SessionClient): Promise<string> {
  const { session, text } = await client.initialize();
  if (session === undefined) throw new Error(`no session: ${text}`);
  return session;
}
const statuses = async (clients: readonly SessionClient[]) => {
  const found: number[] = [];
  for (const client of clients) found.push((await client.initialize()).status);
  return found;
};

describe.each(['memory', 'Redis'])('sessions of remote entries, counted in %s', (where) => {
  const redisOf = (): Record<string, string> => (where === 'Redis' ? { redis: redis.url } : {});

  it('[entry:sessions] have a cap of their own beside inbound ones and those of other entries, and none for a client', async () => {
    const sidecar = await start({ ...redisOf(), sessions: '{max: 2, maxPerClient: 1}' });
    const [app, other, inbound] = [at(sidecar, 'docs'), at(sidecar, 'code'), sessionClient(sidecar.url)];
    expect(await statuses([app, app, app, other, other, other, inbound, inbound, inbound])).toEqual([
      200, 200, 503, 200, 200, 503, 200, 200, 503,
    ]);
    const refused = await app.initialize({ id: 'x' });
    expect([refused.body.id, refused.body.error?.code, Number(refused.headers.get('retry-after')) > 0]).toEqual(['x', -32000, true]);
    expect([docs.live.size, code.live.size, own.live.size]).toEqual([2, 2, 2]);
    const [first = ''] = docs.live;
    expect((await app.ask(first)).status).toBe(200);
    expect((await app.delete(first)).status).toBe(200);
    expect(await statuses([app, app, other, inbound])).toEqual([200, 503, 503, 503]);
    for (const line of ['sessions{entry="docs"}', 'sessions{entry="code"}'])
      expect([line, await sidecar.metric(`mcp_sluice_entry_${line}`)]).toEqual([line, 2]);
    expect(await sidecar.metric('mcp_sluice_sessions')).toBe(2);
    expect(await sidecar.metric('mcp_sluice_entry_sessions_opened_total{entry="docs",how="initialize"}')).toBe(3);
    expect(await sidecar.metric('mcp_sluice_entry_sessions_ended_total{entry="docs",reason="deleted"}')).toBe(1);
    expect(await sidecar.metric('mcp_sluice_sessions_opened_total{how="initialize"}')).toBe(2);
  });

  it('[entry:sessions-end] are closed where they idle, by the headers and at the address of the entry', async () => {
    const sidecar = await start({ ...redisOf(), sessions: '{max: 1, idleTimeout: 1s}' });
    const app = at(sidecar, 'docs');
    const headers = { 'mcp-protocol-version': '2025-06-18', authorization: 'Bearer of-the-app', cookie: 'a=b' };
    const session = (await app.initialize({ headers })).session ?? '';
    await app.ask(session, { headers });
    await until(() => docs.deleted.includes(session));
    const closing = docs.received.find(({ method }) => method === 'DELETE');
    expect(closing).toMatchObject({
      target: '/v1/mcp?tenant=1',
      headers: { host: 'docs.test', authorization: 'Bearer configured', 'mcp-protocol-version': '2025-06-18', 'mcp-session-id': session },
    });
    expect(closing?.headers).not.toHaveProperty('cookie');
    docs.live.add(session);
    const after = await app.ask(session, { id: 5 });
    expect([after.status, after.body]).toEqual([404, { jsonrpc: '2.0', id: 5, error: { code: -32001, message: 'Session not found' } }]);
    await open(app);
    expect(await sidecar.metric('mcp_sluice_entry_sessions_ended_total{entry="docs",reason="idle"}')).toBe(1);
  });
});

describe('sessions of a remote entry', () => {
  it('[entry:sessions] share one cap over all replicas, and their places are free once a pod has left', async () => {
    const owner = ownerName();
    const both = { redis: redis.url, sessions: '{max: 2}' };
    const [one, two] = [await start(both, { owner, more: ['--pod-name=one'] }), await start(both, { owner, more: ['--pod-name=two'] })];
    expect(await statuses([at(one, 'docs'), at(two, 'docs'), at(one, 'docs'), at(two, 'docs')])).toEqual([200, 200, 503, 503]);
    expect(await statuses([at(two, 'code'), sessionClient(two.url)])).toEqual([200, 200]);
    const places = () => administer(redis.url, (client) => client.hlen(`mcp-sluice:{${owner}}:sessions:e:docs:places`));
    expect(await places()).toBe(2);
    one.beginDrain();
    one.terminate();
    await until(() => one.exits === 1);
    expect(await places()).toBe(1);
    expect(await statuses([at(two, 'docs'), at(two, 'docs')])).toEqual([200, 503]);
    // The app may live on beside a sidecar that is started anew.
    expect(docs.deleted).toEqual([]);
  });

  it('[entry:sessions-leave] leave no place behind when the sidecar closes', async () => {
    const owner = ownerName();
    const sidecar = await start({ redis: redis.url }, { owner });
    await open(at(sidecar, 'docs'));
    await open(at(sidecar, 'code'));
    await sidecar.close();
    started.length = 0;
    const left = await administer(redis.url, (client) => client.keys(`mcp-sluice:{${owner}}:sessions:*`));
    expect(left).toEqual([]);
  });

  it('[entry:sessions] are held to another cap on a running sidecar, also where none is used in between', async () => {
    const sidecar = await start({ sessions: '{max: 3}' });
    const app = at(sidecar, 'docs');
    const [session] = [await open(app), await open(app)];
    await sidecar.annotate({ ...common, sessions: '{max: 3, idleTimeout: 1s}' });
    await until(() => docs.deleted.length === 2);
    expect((await app.ask(session)).status).toBe(404);
    await sidecar.annotate({ ...common, sessions: '{max: 1}' });
    await until(async () => (await sidecar.metric('mcp_sluice_configuration_generation')) === 3);
    expect(await statuses([app, app])).toEqual([200, 503]);
  });

  it('[entry:sessions] strip and close an id that nobody asked for', async () => {
    const sidecar = await start({});
    docs.override = ({ response, method }) =>
      method === 'POST' && response.writeHead(400, { 'mcp-session-id': docs.open() }).end() !== undefined;
    expect((await at(sidecar, 'docs').ask(undefined)).session).toBeUndefined();
    await until(() => docs.deleted.length === 1);
    expect(docs.received.find(({ method }) => method === 'DELETE')?.headers).toMatchObject({ authorization: 'Bearer configured' });
    expect(await sidecar.metric('mcp_sluice_entry_session_anomalies_total{entry="docs",mode="enforce"}')).toBe(1);
  });

  it('[entry:sessions-shadow] are counted in shadow mode, and none is refused or ended', async () => {
    const sidecar = await start({ mode: 'shadow', sessions: '{max: 1}' });
    const app = at(sidecar, 'docs');
    const session = await open(app);
    await open(app);
    expect(await sidecar.metric('mcp_sluice_entry_refusals_total{entry="docs",rung="session:full",mode="shadow"}')).toBe(1);
    await sidecar.annotate({ ...common, mode: 'shadow', sessions: '{max: 1, idleTimeout: 1s}' });
    await until(async () => (await sidecar.metric('mcp_sluice_entry_sessions_ended_total{entry="docs",reason="idle"}')) === 1);
    expect([(await app.ask(session)).status, docs.deleted]).toEqual([200, []]);
  });

  it('[entry:unknown] are no matter of a path without an entry', async () => {
    const sidecar = await start({ sessions: '{max: 1}' });
    const nobody = at(sidecar, 'nobody');
    expect(await statuses([nobody, nobody])).toEqual([404, 404]);
    expect((await nobody.ask('some-session')).status).toBe(404);
    expect((await sidecar.admin('/metrics')).text).not.toMatch(/mcp_sluice_entry_session\w*\{entry=""/);
  });
});
