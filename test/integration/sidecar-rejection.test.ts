import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';

let upstream: FakeUpstream;
let redis: StartedRedis;
let sidecar: TestSidecar;
const annotations = { 'rate-limit': '{tools: {search: 1/1h}}' };

beforeAll(async () => {
  redis = await ownRedis();
  let sessions = 0;
  upstream = await startFakeUpstream((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': `session-${++sessions}` }).end('{"ok":true}');
  });
  sidecar = await startTestSidecar({ upstream: upstream.url, annotations: { redis: redis.url, ...annotations } });
  await sidecar.ready();
  await call([]);
});
afterAll(async () => {
  await sidecar.close();
  await upstream.close();
  await redis.stop();
});

const call = (headers: string[]) => sendRaw(sidecar.port, rawRequest({ body: toolCall('search', 7), headers }), { quietMs: 60 });
const initialize = (name: string) =>
  sendRaw(
    sidecar.port,
    rawRequest({ body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { clientInfo: { name, version: '1' } } }) }),
    { quietMs: 60 },
  );

describe('the refusal of a limit', () => {
  it('[rejection:auto] is HTTP 429 by default, and HTTP 200 for a client that would not survive that', async () => {
    const [plain, python] = [await call(['User-Agent: undici']), await call(['User-Agent: python-httpx/0.28.1'])];
    expect([plain.status, python.status]).toEqual([429, 200]);
    expect(JSON.parse(python.body)).toEqual(JSON.parse(plain.body));
    expect(python.headers).toMatchObject({
      'content-type': 'application/json',
      'retry-after': expect.stringMatching(/^\d+$/),
      ratelimit: expect.stringMatching(/^"tool:search";r=0;t=\d+$/),
      'ratelimit-policy': '"tool:search";q=1;w=3600',
    });
  });

  it('[rejection:memory] goes by what the session said when it began', async () => {
    const opened = await initialize('secret-name (via mcp-remote 0.1.38)');
    const other = await initialize('secret-name');
    const id = (answer: typeof opened) => [`Mcp-Session-Id: ${answer.headers['mcp-session-id']}`, 'User-Agent: secret-agent'];
    expect((await call(id(opened))).status).toBe(200);
    expect((await call(id(other))).status).toBe(429);
  });

  it('[rejection:words] names no client in logs and metrics', async () => {
    expect(JSON.stringify(sidecar.lines) + (await sidecar.admin('/metrics')).text).not.toMatch(/secret|httpx/);
  });

  it('[rejection:retune] changes its shape without a restart', async () => {
    await sidecar.annotate({ redis: redis.url, ...annotations, rejection: 'tool-result' });
    await expect.poll(async () => (await call([])).status, { timeout: 10_000 }).toBe(200);
    expect(JSON.parse((await call([])).body)).toMatchObject({
      id: 7,
      result: {
        isError: true,
        structuredContent: { limit: 'tool:search' },
        content: [{ text: expect.stringContaining('Rate limit exceeded') }],
      },
    });
  });
});
