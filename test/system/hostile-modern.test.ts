// The other side of test/system/hostile.test.ts: what a client of the modern era sends in good faith runs, and is charged.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { modernCallOf, modernHeaders, sentinel } from '../support/hostile/head-cases.ts';
import { bytesOfRequest, exchange, type HostileRequest } from '../support/hostile/request.ts';
import { type HostileServer, startGo, startPython2 } from '../support/hostile/servers.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';

const INSTALL_TIMEOUT_MS = 300_000;
let redis: StartedRedis;
beforeAll(async () => {
  redis = await ownRedis();
});
afterAll(() => redis.stop());

const servers = [
  { name: 'the Python SDK 2.3', start: startPython2 },
  { name: 'the Go SDK 1.8', start: startGo },
] as const;

describe.each(servers)('$name', ({ start }) => {
  let server: HostileServer;
  let sidecar: TestSidecar;
  let owners = 0;

  /** A sidecar whose bucket for that tool holds so many calls, and is nobody else's. */
  const limit = async (tool: string, calls: number): Promise<void> => {
    owners += 1;
    sidecar = await startTestSidecar({
      upstream: server.url,
      annotations: { redis: redis.url, paths: server.path, 'rate-limit': `tools: {${tool}: ${calls}/31d}` },
      args: [`--owner=hostile/Deployment/modern-${new URL(server.url).port}-${owners}`],
    });
    await sidecar.ready();
  };
  const send = (request: HostileRequest) =>
    exchange(sidecar.port, [bytesOfRequest({ target: server.path, ...request })], { endsAtLastChunk: true });
  const expectRefusal = async (request: HostileRequest): Promise<void> => {
    const before = await server.runs();
    const { status, text } = await send(request);
    expect([status, text]).toEqual([429, expect.stringContaining('"code":429')]);
    expect(await server.runs()).toBe(before);
  };

  beforeAll(async () => {
    server = await start();
  }, INSTALL_TIMEOUT_MS);
  afterEach(() => sidecar.close());
  afterAll(() => server.stop());

  const calls: readonly (readonly [string, (tool: string) => HostileRequest])[] = [
    ['with its mirrors', (tool) => ({ body: modernCallOf(tool), headers: modernHeaders(tool) })],
    [
      'without the session id that it brought',
      (tool) => ({ body: modernCallOf(tool), headers: [...modernHeaders(tool), 'Mcp-Session-Id: abc'] }),
    ],
    ['with headers in small letters', (tool) => ({ body: modernCallOf(tool), headers: modernHeaders(tool).map(lowerName) })],
    [
      'with answers of the user',
      (tool) => ({ body: modernCallOf(tool, '2026-07-28', { inputResponses: {} }), headers: modernHeaders(tool) }),
    ],
  ];
  // Go's server takes the encoding of a plain name for a mismatch.
  const encoded: typeof calls = [
    ['with its name encoded', (tool) => ({ body: modernCallOf(tool), headers: modernHeaders(sentinel(tool)) })],
  ];

  it.each(start === startPython2 ? [...calls, ...encoded] : calls)('[hostile:honest] runs and charges a call %s', async (_, request) => {
    await limit(server.expensive, 1);
    const before = await server.runs();
    const wanted = request(server.expensive);
    expect((await send(wanted)).text).toMatch(server.ran.expensive);
    if (before !== undefined) expect(await server.runs()).toBe(before + 1);
    await expectRefusal(wanted);
  });

  // Only this one has a tool that asks.
  it.each(start === startPython2 ? ['asking'] : [])(
    '[hostile:honest] runs a retry of "%s" with the state that the server gave, and charges both',
    async () => {
      await limit('asking', 2);
      const headers = modernHeaders('asking');
      const asked = await send({ body: modernCallOf('asking'), headers });
      expect(asked.text).toMatch(/"resultType":\s*"input_required"/);
      const requestState = /"requestState":\s*"([^"]+)"/.exec(asked.text)?.[1];
      const retry = { body: modernCallOf('asking', '2026-07-28', { requestState }), headers };
      expect((await send(retry)).text).toMatch(/ran asking/);
      await expectRefusal(retry);
    },
  );
});

const lowerName = (line: string): string => line.replace(/^[^:]+/, (name) => name.toLowerCase());
