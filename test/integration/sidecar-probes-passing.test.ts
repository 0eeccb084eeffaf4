import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';

let upstream: FakeUpstream;
let redis: StartedRedis;
const open: TestSidecar[] = [];

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

async function start(annotations: Record<string, string>, url = upstream.url): Promise<TestSidecar> {
  const sidecar = await startTestSidecar({ upstream: url, annotations });
  open.push(sidecar);
  return sidecar;
}
/** As a kubelet asks; `undefined`: the connection broke. */
const asKubelet = (url: string, as: 'probe' | 'lifecycle') =>
  fetch(url, { headers: { 'user-agent': `kube-${as}/1.34` } }).then(
    ({ status }) => status,
    () => undefined,
  );

describe('an httpGet probe of the captured port', () => {
  it('[probe:http] passes by its own path however much of the limit is spent, and spends none', async () => {
    const sidecar = await start({ redis: redis.url, 'rate-limit': 'shared: 1/31d' });
    await sidecar.ready();
    const call = () =>
      fetch(`${sidecar.url}/mcp`, { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}' });
    for (const _ of [1, 2, 3]) expect(await asKubelet(`${sidecar.url}/mcp/health?full=1`, 'probe')).toBe(200);
    expect((await call()).status).toBe(200);
    expect((await call()).status).toBe(429);
    expect(await asKubelet(`${sidecar.url}/mcp/health?full=1`, 'probe')).toBe(200);
    const probed = upstream.received.filter(({ method }) => method === 'GET').map(({ target }) => target);
    expect(probed).toEqual(Array(4).fill('/mcp/health?full=1'));
  });

  it('[probe:http] fails while the app is away', async () => {
    const away = await startFakeUpstream();
    await away.close();
    expect(await asKubelet(`${(await start({}, away.url)).url}/health`, 'probe')).toBe(502);
  });
});

describe('an httpGet hook of the captured port', () => {
  it('[probe:hook] passes, and its answer is the one of the app', async () => {
    expect(await asKubelet(`${(await start({})).url}/leave`, 'lifecycle')).toBe(200);
    expect(upstream.received.at(-1)?.target).toBe('/leave');
  });

  it('[probe:hook] gets no answer at all while the app is away, as any would look like success', async () => {
    const away = await startFakeUpstream();
    await away.close();
    expect(await asKubelet(`${(await start({}, away.url)).url}/leave`, 'lifecycle')).toBeUndefined();
  });

  it('[probe:hook] gets no answer where it needs a token', async () => {
    const identity = '{jwt: {issuer: "https://127.0.0.1:9", audience: a, required: true}}';
    const sidecar = await start({ inject: 'true', identity });
    expect(await asKubelet(`${sidecar.url}/mcp`, 'lifecycle')).toBeUndefined();
    expect(await asKubelet(`${sidecar.url}/mcp`, 'probe')).toBe(401);
  });
});
