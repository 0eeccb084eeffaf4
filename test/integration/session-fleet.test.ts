import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { headerIdentity } from '../support/gated.ts';
import { ownRedis } from '../support/redis.ts';
import { type SessionClient, sessionClient } from '../support/session-client.ts';
import { type SessionServer, startSessionServer } from '../support/session-server.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let redis: StartedRedis;
let asking: Redis;
let server: SessionServer;
let sidecars: TestSidecar[] = [];
let clients: SessionClient[] = [];
let owner = 0;

const annotations = (sessions: string, more: Readonly<Record<string, string>> = {}) => ({
  redis: redis.url,
  identity: headerIdentity,
  rejection: 'http',
  sessions,
  ...more,
});
const args = (pod: number) => [`--owner=test/Deployment/fleet-${owner}`, `--pod-name=pod-${pod}`];

/** Replicas of one owner; all have the same server, as if it kept its sessions for all of them. */
async function start(count: number, sessions: string, more?: Readonly<Record<string, string>>): Promise<void> {
  for (let pod = 0; pod < count; pod++) {
    const sidecar = await startTestSidecar({ upstream: server.url, annotations: annotations(sessions, more), args: args(pod) });
    sidecars.push(sidecar);
    await sidecar.ready();
  }
  clients = sidecars.map(({ url }) => sessionClient(url));
}

beforeAll(async () => {
  redis = await ownRedis();
  asking = new Redis(redis.url);
  server = await startSessionServer();
});
afterAll(async () => {
  asking.disconnect();
  await server.close();
  await redis.stop();
});
beforeEach(() => {
  owner += 1;
});
afterEach(async () => {
  await Promise.all(sidecars.map((sidecar) => sidecar.close()));
  sidecars = [];
  server.live.clear();
  server.deleted.length = 0;
});

/** Places that Redis has, all owners together. */
const stored = async () => {
  const keys = await asking.keys('*:sessions:places');
  const counts = await Promise.all(keys.map((key) => asking.hlen(key)));
  return counts.reduce((sum, count) => sum + count, 0);
};
const held = async () => {
  const counts = await Promise.all(sidecars.map((sidecar) => sidecar.metric('mcp_sluice_sessions')));
  return counts.reduce((sum, count) => sum + count, 0);
};

describe('three sidecars and one cap', () => {
  it('[gate:race] let through exactly as many of a crowd as the cap has places, again and again', async () => {
    await start(3, '{max: 20, maxPerClient: 20}');
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(Array.from({ length: 90 }, (_, i) => clients[i % 3]?.initialize()));
      const opened = answers.map((answer, i) => ({ pod: i % 3, id: answer?.session })).filter(({ id }) => id !== undefined);
      expect(answers.filter((answer) => answer?.status === 503)).toHaveLength(70);
      expect([opened.length, server.live.size, await held()]).toEqual([20, 20, 20]);
      await Promise.all(opened.map(({ pod, id }) => clients[pod]?.delete(id ?? '')));
      expect([server.live.size, await held()]).toEqual([0, 0]);
      await until(async () => (await stored()) === 0);
    }
  });

  it('[gate:owner] know whose a session is that another of them has, and which of them were reaped', async () => {
    await start(2, '{max: 5, idleTimeout: 2s}');
    const session = (await clients[0]?.initialize({ user: 'ann' }))?.session;
    await until(async () => (await clients[1]?.ask(session, { user: 'bob' }))?.body.error?.message === 'Session not found');
    await until(() => server.deleted.includes(session ?? ''));
    server.live.add(session ?? '');
    await until(async () => (await clients[1]?.ask(session, { user: 'ann' }))?.body.error?.message === 'Session not found');
  });

  it('[gate:elsewhere] one that is used at another pod goes to the server there, and keeps the one place that it has', async () => {
    await start(2, '{max: 2, maxPerClient: 2}');
    const session = (await clients[0]?.initialize())?.session;
    expect((await clients[1]?.ask(session))?.status).toBe(200);
    expect((await clients[0]?.ask(session))?.status).toBe(200);
    const counts = await Promise.all(sidecars.map((sidecar) => sidecar.metric('mcp_sluice_sessions')));
    expect(counts).toEqual([1, 0]);
    expect((await clients[1]?.initialize())?.status).toBe(200);
    expect((await clients[1]?.initialize())?.status).toBe(503);
    expect(server.deleted).toEqual([]);
  });
});

describe('a sidecar that comes back', () => {
  it("[gate:adopted] goes on with the sessions that it had, each its client's, in the places that they had", async () => {
    await start(1, '{max: 2}');
    const session = (await clients[0]?.initialize({ user: 'ann' }))?.session;
    expect((await clients[0]?.initialize())?.status).toBe(200);
    const again = await startTestSidecar({ upstream: server.url, annotations: annotations('{max: 2}'), args: args(0) });
    sidecars.push(again);
    await again.ready();
    const client = sessionClient(again.url);
    expect((await client.initialize()).status).toBe(503);
    expect((await client.ask(session, { user: 'bob' })).status).toBe(404);
    expect((await client.ask(session, { user: 'ann' })).status).toBe(200);
    expect((await client.delete(session ?? '', { user: 'ann' })).status).toBe(200);
    expect((await client.initialize()).status).toBe(200);
  });
});
