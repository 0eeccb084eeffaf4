import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { headerIdentity } from '../support/gated.ts';
import { ownRedis } from '../support/redis.ts';
import { type SessionClient, sessionClient } from '../support/session-client.ts';
import { readPlaces } from '../support/session-keys.ts';
import { type SessionServer, startSessionServer } from '../support/session-server.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let redis: StartedRedis;
let asking: Redis;
let first: SessionServer;
let second: SessionServer;
const sidecars: TestSidecar[] = [];
let owner = '';
let owners = 0;

beforeAll(async () => {
  redis = await ownRedis();
  asking = new Redis(redis.url);
});
afterAll(async () => {
  asking.disconnect();
  await redis.stop();
});
// Anew for each: both give `s-1` first.
beforeEach(async () => {
  [first, second] = [await startSessionServer(), await startSessionServer()];
  owner = `test/Deployment/ports-${++owners}`;
});
afterEach(async () => {
  await Promise.all(sidecars.splice(0).map((each) => each.close()));
  await Promise.all([first.close(), second.close()]);
});

interface Started {
  readonly sidecar: TestSidecar;
  /** At the two ports. */
  readonly clients: readonly [SessionClient, SessionClient];
}

async function start(annotations: Readonly<Record<string, string>>): Promise<Started> {
  const started = await startTestSidecar({
    upstream: first.url,
    further: [{ upstream: second.url }],
    annotations: { identity: headerIdentity, rejection: 'http', ...annotations },
    args: [`--owner=${owner}`, '--pod-name=pod-1'],
  });
  sidecars.push(started);
  await started.ready();
  const [one = '', other = ''] = started.urls;
  return { sidecar: started, clients: [sessionClient(one), sessionClient(other)] };
}

const sessionOf = async (client: SessionClient, user?: string) =>
  (await client.initialize(user === undefined ? {} : { user })).session ?? 'refused';
/** 128 bits of a hash, as places are named. */
const nameOf = (text: string) => createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
const namesInRedis = async () => [...(await readPlaces(asking, `mcp-sluice:{${owner}}:`)).places.keys()].sort();

describe.each([
  ['in memory', () => ({})],
  ['in Redis', () => ({ redis: redis.url })],
])('sessions of two servers of one pod, counted %s', (_, kept) => {
  it('[ports:sessions-apart] are two where their ids are equal: what becomes of one is nothing to the other', async () => {
    const { clients, sidecar: started } = await start(kept());
    const [one, other] = clients;
    expect([await sessionOf(one, 'ann'), await sessionOf(other, 'bob')]).toEqual(['s-1', 's-1']);
    expect(await started.metric('mcp_sluice_sessions')).toBe(2);
    expect((await one.ask('s-1', { user: 'ann' })).status).toBe(200);
    expect((await other.ask('s-1', { user: 'bob' })).status).toBe(200);
    // Whose each is, is judged by its own port.
    expect((await other.ask('s-1', { user: 'ann' })).status).toBe(404);
    expect((await one.ask('s-1', { user: 'bob' })).status).toBe(404);

    expect((await one.delete('s-1', { user: 'ann' })).status).toBe(200);
    expect([first.deleted, second.deleted]).toEqual([['s-1'], []]);
    expect((await other.ask('s-1', { user: 'bob' })).status).toBe(200);
    expect((await one.ask('s-1', { user: 'ann' })).status).toBe(404);
    await until(async () => (await started.metric('mcp_sluice_sessions')) === 1);
  });

  it('[ports:shared-caps] have their places together, and a retuned cap holds for both', async () => {
    const { clients, sidecar: started } = await start({ ...kept(), sessions: '{max: 3, maxPerClient: 2}' });
    const [one, other] = clients;
    expect([await sessionOf(one, 'ann'), await sessionOf(other, 'ann')]).toEqual(['s-1', 's-1']);
    expect([await sessionOf(one, 'ann'), await sessionOf(other, 'ann')]).toEqual(['refused', 'refused']);
    expect(await sessionOf(other, 'bob')).toBe('s-2');
    expect([await sessionOf(one, 'bob'), await sessionOf(other, 'cid')]).toEqual(['refused', 'refused']);
    await one.delete('s-1', { user: 'ann' });
    expect(await sessionOf(other, 'cid')).toBe('s-3');
    await started.annotate({ identity: headerIdentity, rejection: 'http', ...kept(), sessions: '{max: 4, maxPerClient: 2}' });
    await expect.poll(() => sessionOf(other, 'dot'), { timeout: 20_000 }).toBe('s-4');
  });

  it('[ports:closed-at-own] are closed where they idle at the server that has them, each once', async () => {
    const { clients } = await start({ ...kept(), sessions: '{max: 5, idleTimeout: 1s}' });
    const [one, other] = clients;
    await sessionOf(one);
    await sessionOf(other);
    await sessionOf(other);
    await until(() => first.deleted.length > 0 && second.deleted.length > 1);
    expect([first.deleted, second.deleted.toSorted()]).toEqual([['s-1'], ['s-1', 's-2']]);
    // Ended for good, at each port by itself: of the first server's `s-2` nobody has heard.
    second.live.add('s-2');
    first.live.add('s-2');
    expect([(await other.ask('s-2')).status, (await one.ask('s-2')).status]).toEqual([404, 200]);
  });

  it('[ports:closed-at-own] are ended whatever their ids look like: a stream of the first server may have any address', async () => {
    for (const server of [first, second]) {
      const name = server === first ? `port ${new URL(second.url).port}` : 'x';
      server.override = ({ method, response }) => {
        if (method !== 'GET') return false;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        return response.write(`event: endpoint\ndata: /message?sessionId=${encodeURIComponent(`${name}\0s-1`)}\n\n`) || true;
      };
    }
    const { sidecar: started } = await start({ ...kept(), sessions: '{max: 5, idleTimeout: 1s}' });
    const streams = await Promise.all(started.urls.map((url) => fetch(`${url}/sse`, { headers: { accept: 'text/event-stream' } })));
    // Each is ended by us: its server does not.
    for (const stream of streams) expect(await stream.text()).toContain('endpoint');
    await until(async () => (await started.metric('mcp_sluice_sessions_ended_total{reason="idle"}')) === 2);
  });

  it('[ports:closed-at-own] are evicted from a full house at the server that has them', async () => {
    const { clients } = await start({ ...kept(), sessions: '{max: 1, evictIdle: 10s}' });
    const [one, other] = clients;
    await sessionOf(other);
    await expect.poll(() => sessionOf(one), { timeout: 30_000 }).toBe('s-1');
    await until(() => second.deleted.length > 0);
    expect([first.deleted, second.deleted]).toEqual([[], ['s-1']]);
  });
});

describe('sessions of two servers in Redis', () => {
  it('[ports:one-as-ever] [ports:sessions-apart] are named at the first port as where it is the only one, and at others with the port', async () => {
    const { clients } = await start({ redis: redis.url });
    for (const client of clients) await sessionOf(client);
    const port = new URL(second.url).port;
    const expected = [nameOf(`${owner}\0s-1`), nameOf(`${owner}\0port ${port}\0s-1`)].sort();
    await expect.poll(namesInRedis, { timeout: 20_000 }).toEqual(expected);
  });

  it('[ports:sessions-apart] go on at their own ports after a restart of the sidecar', async () => {
    const { clients } = await start({ redis: redis.url });
    for (const [index, client] of clients.entries()) await sessionOf(client, ['ann', 'bob'][index]);
    await expect.poll(async () => (await namesInRedis()).length, { timeout: 20_000 }).toBe(2);
    // Under the same name, and of the first nothing was given back: as after a crash.
    const [one, other] = (await start({ redis: redis.url })).clients;
    expect([(await one.ask('s-1', { user: 'bob' })).status, (await other.ask('s-1', { user: 'ann' })).status]).toEqual([404, 404]);
    expect([(await one.ask('s-1', { user: 'ann' })).status, (await other.ask('s-1', { user: 'bob' })).status]).toEqual([200, 200]);
    await expect.poll(namesInRedis, { timeout: 20_000 }).toHaveLength(2);
  });
});
