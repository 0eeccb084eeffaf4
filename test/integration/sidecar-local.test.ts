import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let upstream: FakeUpstream;
const open: TestSidecar[] = [];
beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(async () => upstream.close());
afterEach(async () => {
  for (const sidecar of open.splice(0)) await sidecar.close();
});

async function start(annotations: Record<string, string>): Promise<TestSidecar> {
  const sidecar = await startTestSidecar({ upstream: upstream.url, annotations, args: ['--owner=test/Deployment/local'] });
  open.push(sidecar);
  await sidecar.ready();
  return sidecar;
}
const call = (sidecar: TestSidecar, tool = 'a') => sendRaw(sidecar.port, rawRequest({ body: toolCall(tool) }), { quietMs: 40 });
const statuses = async (count: number, sidecar: TestSidecar) => {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) seen.push((await call(sidecar)).status);
  return seen;
};

describe('on-redis-failure: local', () => {
  it('[sidecar:local] holds two sidecars to the half of what was left each, says so, and is taken up by an edit', async () => {
    const redis = await ownRedis();
    const limits = { redis: redis.url, 'rate-limit': 'shared: 10/1h' };
    const both = [await start({ ...limits, 'on-redis-failure': 'local' }), await start({ ...limits, 'on-redis-failure': 'local' })];
    const [one, two] = both as [TestSidecar, TestSidecar];
    for (const sidecar of both) await until(async () => (await sidecar.metric('mcp_sluice_replicas')) === 2);
    expect([await statuses(1, one), await statuses(1, two)]).toEqual([[200], [200]]);
    await redis.stop();
    for (const sidecar of both) await until(async () => (await sidecar.metric('mcp_sluice_breaker_open')) === 1);

    // Eight were left: four each, though the first one knows of nine only.
    expect(await statuses(6, one)).toEqual([200, 200, 200, 200, 429, 429]);
    expect(await statuses(5, two)).toEqual([200, 200, 200, 200, 429]);
    const refused = await call(two);
    const wait = Number(refused.headers['retry-after']);
    // A half of 10 per hour is a token in 720 s.
    expect(wait).toBeGreaterThan(680);
    expect(wait).toBeLessThanOrEqual(720);
    expect(refused.headers).toMatchObject({ 'ratelimit-policy': '"shared";q=10;w=3600', ratelimit: `"shared";r=0;t=${wait}` });
    expect(await two.metric('mcp_sluice_local_decisions_total')).toBe(6);
    expect(await two.metric('mcp_sluice_local_excess_tokens_total')).toBe(0);
    expect(await two.metric('mcp_sluice_fail_open_total')).toBe(0);
    expect(await two.metric('mcp_sluice_calls_total{tool="other",method="tools/call",decision="limited"}')).toBe(2);
    expect(two.lines).toContainEqual(
      expect.objectContaining({ level: 40, msg: expect.stringContaining("held to this replica's share (1 of 2) of the limit") }),
    );
    expect((await two.admin('/readyz')).status).toBe(200);

    await two.annotate({ ...limits, 'on-redis-failure': 'open' });
    await until(async () => (await call(two)).status === 200);
    await two.annotate({ ...limits, 'on-redis-failure': 'local' });
    await until(async () => (await call(two)).status === 429);
  });
});
