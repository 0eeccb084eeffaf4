// Who calls is nobody's to read: not in Redis, where all that is sent to it is watched here, nor in logs and metrics.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { startIssuer, TEST_AUDIENCE, type TestIssuer } from '../support/issuer.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

const limits = { 'rate-limit': '{perClient: 2/1h, tools: {search: {perClient: 1/1h}}}', 'log-level': 'trace' };
const name = 'carol.private';
/** As it would stand there in the clear, or in a coding that hides nothing. */
const spellings = [name, Buffer.from(name).toString('base64url').slice(0, -2), Buffer.from(name).toString('hex')];

let upstream: FakeUpstream;
let issuer: TestIssuer;
let folder: string;
beforeAll(async () => {
  [upstream, issuer] = [await startFakeUpstream(), await startIssuer()];
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  await writeFile(join(folder, 'ca.crt'), issuer.ca);
});
afterAll(async () => {
  await Promise.all([upstream.close(), issuer.close(), rm(folder, { recursive: true })]);
});

/** What Redis is told from now on. */
async function watch(url: string): Promise<{ readonly said: string[]; stop(): void }> {
  const said: string[] = [];
  const admin = new Redis(url);
  const monitor = await admin.monitor();
  monitor.on('monitor', (_time: string, args: string[]) => said.push(args.join(' ')));
  return {
    said,
    stop() {
      monitor.disconnect();
      admin.disconnect();
    },
  };
}

async function start(redis: StartedRedis, identity: object): Promise<TestSidecar> {
  const sidecar = await startTestSidecar({
    upstream: upstream.url,
    annotations: { redis: redis.url, 'on-redis-failure': 'local', identity: JSON.stringify(identity), ...limits },
    args: [`--identity-ca-file=${join(folder, 'ca.crt')}`, '--owner=test/Deployment/privacy'],
  });
  await sidecar.ready();
  return sidecar;
}

it.each([
  ['a header', { header: { name: 'X-User', from: ['127.0.0.1/32'] } }, async (): Promise<string> => `X-User: ${name}`],
  ['a token', undefined, async (): Promise<string> => `Authorization: Bearer ${await issuer.token({ sub: name })}`],
] as const)('[identity:privacy] a client named by %s stands nowhere, while Redis answers and while it is away', async (_, header, line) => {
  const redis = await ownRedis();
  const watched = await watch(redis.url);
  const identity = header ?? { jwt: { issuer: issuer.url, audience: TEST_AUDIENCE, jwksUri: `${issuer.url}/keys` } };
  const sidecar = await start(redis, identity);
  const call = async (tool: string): Promise<number> =>
    (await sendRaw(sidecar.port, rawRequest({ body: toolCall(tool), headers: [await line()] }), { quietMs: 60 })).status;
  expect([await call('search'), await call('search'), await call('other'), await call('other')]).toEqual([200, 429, 200, 429]);
  // Both buckets of the client were asked for while Redis was watched: else nothing could have been seen.
  await until(() => [/:b:c:[\w-]{20,}/, /:b:tc:[\w-]+:[\w-]{20,}/].every((bucket) => watched.said.some((said) => bucket.test(said))));
  watched.stop();
  await redis.stop();
  await until(async () => (await sidecar.metric('mcp_sluice_breaker_open')) === 1);
  expect(await call('other')).toBe(429);
  const everything = [...watched.said, (await sidecar.admin('/metrics')).text, ...sidecar.lines.map((each) => JSON.stringify(each))].join(
    '\n',
  );
  await sidecar.close();
  for (const spelling of spellings) expect(everything.toLowerCase()).not.toContain(spelling.toLowerCase());
});
