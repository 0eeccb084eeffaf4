import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let upstream: FakeUpstream;
let redis: StartedRedis;
const open: TestSidecar[] = [];
let owners = 0;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  redis = await ownRedis();
});
afterAll(async () => {
  await upstream.close();
  await redis.stop();
});
afterEach(async () => {
  for (const sidecar of open.splice(0)) await sidecar.close();
});

async function start(annotations: Record<string, string>, options: { owner?: string; url?: string; args?: string[] } = {}) {
  const owner = options.owner ?? `test/Deployment/limits-${++owners}`;
  const sidecar = await startTestSidecar({
    upstream: upstream.url,
    annotations: { redis: options.url ?? redis.url, ...annotations },
    args: [`--owner=${owner}`, ...(options.args ?? [])],
  });
  open.push(sidecar);
  await sidecar.ready();
  return sidecar;
}
const call = (sidecar: TestSidecar, tool: string, options: { id?: number | string; headers?: string[] } = {}) =>
  sendRaw(sidecar.port, rawRequest({ body: toolCall(tool, options.id), headers: options.headers ?? [] }), { quietMs: 60 });
const statuses = async (count: number, one: () => Promise<{ status: number }>) => {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) seen.push((await one()).status);
  return seen;
};

describe('a rate limit', () => {
  it('[sidecar:limit-headers-beside] tells of itself beside what the upstream says of its own limits', async () => {
    const limiting = await startFakeUpstream((request, response) => {
      request.resume();
      response.writeHead(200, { 'Content-Type': 'application/json', RateLimit: '"srv";r=5;t=1' }).end('{}');
    });
    const sidecar = await startTestSidecar({
      upstream: limiting.url,
      annotations: { redis: redis.url, 'rate-limit': 'shared: 3/1h' },
      args: [`--owner=test/Deployment/limits-${++owners}`],
    });
    open.push(sidecar);
    await sidecar.ready();
    const { text } = await call(sidecar, 'search');
    await limiting.close();
    expect(text.match(/^RateLimit(?:-Policy)?: .*$/gim)).toEqual([
      'RateLimit: "srv";r=5;t=1',
      'RateLimit-Policy: "shared";q=3;w=3600',
      expect.stringMatching(/^RateLimit: "shared";r=2;t=\d+$/),
    ]);
  });

  it('[sidecar:over-limit] answers the call beyond it to the letter of the contract', async () => {
    const sidecar = await start({ 'rate-limit': 'tools: {search: 2/1h}' });
    const first = await call(sidecar, 'search');
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"tool:search";q=2;w=3600',
      ratelimit: expect.stringMatching(/^"tool:search";r=1;t=\d+$/),
    });
    await call(sidecar, 'search');
    const before = upstream.received.length;
    const third = await call(sidecar, 'search', { id: 'c-"3"' });
    const wait = Number(third.headers['retry-after']);
    expect(third.text.startsWith('HTTP/1.1 429 Too Many Requests\r\n')).toBe(true);
    expect(wait).toBeGreaterThan(1790);
    expect(wait).toBeLessThanOrEqual(1800);
    expect(third.headers).toMatchObject({
      'content-type': 'application/json',
      'ratelimit-policy': '"tool:search";q=2;w=3600',
      ratelimit: `"tool:search";r=0;t=${wait}`,
    });
    expect(third.body).toBe(
      `{"jsonrpc":"2.0","id":"c-\\"3\\"","error":{"code":-32029,"message":"Rate limit exceeded for tool \\"search\\": 2 per 1h. Retry in ${wait} s.","data":{"retryAfterSeconds":${wait},"limit":"tool:search"}}}`,
    );
    expect(upstream.received.length).toBe(before);
    expect(await statuses(2, () => call(sidecar, 'other'))).toEqual([200, 200]);
    expect(await sidecar.metric('mcp_sluice_calls_total{tool="search",method="tools/call",decision="limited"}')).toBe(1);
    expect(await sidecar.metric('mcp_sluice_calls_total{tool="other",method="tools/call",decision="allowed"}')).toBe(2);
    expect(sidecar.lines).toContainEqual(
      expect.objectContaining({
        msg: 'refused',
        reason: 'rate-limit',
        tool: 'search',
        limit: 'tool:search',
        status: 429,
        waitMs: expect.any(Number),
      }),
    );
  });

  it('[sidecar:never-charged] charges no handshake, list, ping, response or GET', async () => {
    const sidecar = await start({ 'rate-limit': 'shared: 1/1h' });
    const send = (method: string) =>
      sendRaw(sidecar.port, rawRequest({ body: JSON.stringify({ jsonrpc: '2.0', id: 1, method }) }), { quietMs: 60 });
    for (const method of ['initialize', 'tools/list', 'ping', 'server/discover'])
      expect(await statuses(2, () => send(method))).toEqual([200, 200]);
    await sendRaw(sidecar.port, rawRequest({ method: 'GET' }));
    await sendRaw(sidecar.port, rawRequest({ body: '{"jsonrpc":"2.0","id":1,"result":{}}' }));
    expect(await statuses(2, () => call(sidecar, 'a'))).toEqual([200, 429]);
  });

  it('[sidecar:one-bucket] is one for all sidecars of an owner, and another for each other owner', async () => {
    const annotations = { 'rate-limit': 'shared: 10/1h' };
    const two = [await start(annotations, { owner: 'a/Deployment/x' }), await start(annotations, { owner: 'a/Deployment/x' })];
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => call(two[i % 2] as TestSidecar, 'a')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(30);
    expect((await call(await start(annotations, { owner: 'b/Deployment/x' }), 'a')).status).toBe(200);
  });

  it('[sidecar:per-client] counts each client of a trusted peer apart, and all without a name together', async () => {
    const sidecar = await start({ 'rate-limit': 'perClient: 1/1h', identity: 'header: {name: X-User, from: [127.0.0.1/32]}' });
    const as = (user: string) => call(sidecar, 'a', { headers: [`X-User: ${user}`] });
    expect([await as('alice'), await as('alice'), await as('bob')].map(({ status }) => status)).toEqual([200, 429, 200]);
    expect(await statuses(2, () => call(sidecar, 'a'))).toEqual([200, 429]);
    expect(upstream.received.at(-2)?.headers['x-user']).toBe('bob');
    expect(JSON.stringify(sidecar.lines)).not.toMatch(/alice|bob/);
    const twice = await call(sidecar, 'a', { headers: ['X-User: carol', 'x_user: dave'] });
    expect([twice.status, twice.body]).toEqual([400, expect.stringContaining('-32600')]);
  });

  it('[sidecar:untrusted-header] takes the header away from any other peer, and counts it as nobody', async () => {
    const sidecar = await start({ 'rate-limit': 'perClient: 1/1h', identity: 'header: {name: X-User, from: [10.0.0.0/8]}' });
    expect((await call(sidecar, 'a', { headers: ['X-User: alice'] })).status).toBe(200);
    expect(upstream.received.at(-1)?.headers['x-user']).toBeUndefined();
    expect((await call(sidecar, 'a', { headers: ['X-User: bob'] })).status).toBe(429);
  });

  it('[sidecar:retune-limit] follows an edit, and keeps what was spent', async () => {
    const sidecar = await start({ 'rate-limit': 'shared: 2/1h' });
    expect(await statuses(3, () => call(sidecar, 'a'))).toEqual([200, 200, 429]);
    await sidecar.annotate({ redis: redis.url, 'rate-limit': 'shared: 100/1h' });
    await until(async () => (await sidecar.metric('mcp_sluice_configuration_generation')) === 2);
    expect((await call(sidecar, 'a')).status).toBe(429);
    await sidecar.annotate({ redis: redis.url });
    await until(async () => (await call(sidecar, 'a')).status === 200);
  });

  it('[sidecar:shadow] only counts in shadow mode what it would have refused', async () => {
    const sidecar = await start({ 'rate-limit': 'shared: 1/1h', mode: 'shadow' });
    const answers = [await call(sidecar, 'a'), await call(sidecar, 'a')];
    expect(answers.map(({ status, headers }) => [status, headers['ratelimit']])).toEqual([
      [200, undefined],
      [200, undefined],
    ]);
    expect(await sidecar.metric('mcp_sluice_calls_total{tool="other",method="tools/call",decision="would_limit"}')).toBe(1);
    expect(sidecar.lines).toContainEqual(expect.objectContaining({ msg: 'would have refused', reason: 'rate-limit' }));
  });
});

describe('a Redis that goes away', () => {
  it('[sidecar:fail-open] lets calls pass, with a warning and a count, and limits hold again once it is back', async () => {
    const mortal = await ownRedis();
    const sidecar = await start({ 'rate-limit': 'shared: 1/1h' }, { url: mortal.url });
    expect(await statuses(2, () => call(sidecar, 'a'))).toEqual([200, 429]);
    await mortal.stop();
    expect(await statuses(5, () => call(sidecar, 'a'))).toEqual([200, 200, 200, 200, 200]);
    expect(await sidecar.metric('mcp_sluice_fail_open_total')).toBe(5);
    expect(await sidecar.metric('mcp_sluice_breaker_open')).toBe(1);
    expect(await sidecar.metric('mcp_sluice_calls_total{tool="other",method="tools/call",decision="failed_open"}')).toBe(5);
    expect(sidecar.lines.filter(({ level, msg }) => level === 40 && String(msg).includes('let pass'))).toHaveLength(1);
    expect((await sidecar.admin('/readyz')).status).toBe(200);
    const again = await ownRedis({ port: Number(new URL(mortal.url).port) });
    await until(async () => (await sidecar.metric('mcp_sluice_breaker_open')) === 0);
    expect(await statuses(2, () => call(sidecar, 'a'))).toEqual([200, 429]);
    await again.stop();
  });

  it('[sidecar:fail-closed] refuses calls with 503, and nothing else, where that is asked for', async () => {
    const mortal = await ownRedis();
    const sidecar = await start({ 'rate-limit': 'shared: 100/1h', 'on-redis-failure': 'closed' }, { url: mortal.url });
    await mortal.stop();
    const refused = await call(sidecar, 'a', { id: 5 });
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([503, { id: 5, error: { code: -32603 } }]);
    expect(refused.headers['retry-after']).toBe('1');
    expect((await sendRaw(sidecar.port, rawRequest({ body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }))).status).toBe(200);
    await sidecar.annotate({ redis: mortal.url, 'rate-limit': 'shared: 100/1h', 'on-redis-failure': 'open' });
    await until(async () => (await call(sidecar, 'a')).status === 200);
  });

  it('[sidecar:redis-at-start] keeps a sidecar unready that it never answered, and readyz says why', async () => {
    const mortal = await ownRedis();
    await mortal.stop();
    const sidecar = await startTestSidecar({ upstream: upstream.url, annotations: { redis: mortal.url, 'rate-limit': 'shared: 1/1h' } });
    open.push(sidecar);
    await until(async () => (await sidecar.admin('/readyz')).text.includes('ECONNREFUSED'));
    expect((await sidecar.admin('/readyz')).status).toBe(503);
    expect((await sidecar.admin('/startupz')).status).toBe(200);
    const again = await ownRedis({ port: Number(new URL(mortal.url).port) });
    await sidecar.ready();
    await again.stop();
  });
});
