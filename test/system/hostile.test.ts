// research/mcp-on-the-wire.md §5 against real servers: no case runs a tool whose bucket is empty.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { bodyCases, callOf, type HostileCase } from '../support/hostile/body-cases.ts';
import { eraCases } from '../support/hostile/era-cases.ts';
import { headCases, pathCases } from '../support/hostile/head-cases.ts';
import { bytesOfRequest, exchange, type HostileRequest } from '../support/hostile/request.ts';
import { type HostileServer, startEverything, startExpress, startGo, startPython, startPython2 } from '../support/hostile/servers.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';

const INSTALL_TIMEOUT_MS = 300_000;
let redis: StartedRedis;
beforeAll(async () => {
  redis = await ownRedis();
});
afterAll(() => redis.stop());

const portOf = (url: string) => Number(new URL(url).port);
const send = (url: string, server: HostileServer, request: HostileRequest) => {
  const headers = [...(request.headers ?? []), ...(server.headers ?? [])];
  return exchange(portOf(url), [bytesOfRequest({ target: server.path, ...request, headers })], { endsAtLastChunk: true });
};

const everyCase: readonly HostileCase[] = [...bodyCases, ...headCases, ...eraCases, ...pathCases];

/** Cases that are known to run the tool where nobody stands before the server; without them the table would prove nothing. */
const servers = [
  {
    name: 'the TypeScript SDK behind express.json()',
    start: startExpress,
    paths: '/mcp',
    cases: everyCase,
    knownToRun: [
      'name twice, the expensive one last',
      'a batch of one',
      'gzip',
      'UTF-16LE; charset=utf-16le',
      'the target /MCP',
      'no headers at all',
    ],
  },
  {
    name: 'server-everything, with a session',
    start: startEverything,
    paths: '/mcp',
    cases: everyCase,
    knownToRun: ['name twice, the expensive one last', 'a batch of one', 'the target /mcp/', 'a byte order mark'],
  },
  {
    name: 'the Python SDK 1.30',
    start: () => startPython('streamable-http'),
    paths: '/mcp',
    cases: everyCase,
    knownToRun: ['name twice, the expensive one last', 'a result beside the call', 'UTF-16LE', 'the number NaN', 'the target /%6dcp'],
  },
  {
    name: 'the Python SDK 2.3, of both eras',
    start: startPython2,
    paths: '/mcp',
    cases: everyCase,
    knownToRun: [
      'name twice, the expensive one last',
      'a result beside the call',
      'the number NaN',
      'the target /%6dcp',
      'no headers at all',
      'a legacy version in the header',
      'two versions',
      'the true name encoded',
      'modern under 2025-11-25',
      'modern under no version',
      'modern under an underscore',
      'modern, the name twice',
      'modern, a result beside the call',
      'modern, NaN',
      'modern, a retry with answers',
    ],
  },
  {
    name: 'the Go SDK 1.8',
    start: startGo,
    paths: undefined,
    cases: everyCase,
    knownToRun: ['name twice, the expensive one last', 'a batch of one', 'the expensive value first', 'an error beside the call'],
  },
] as const;

describe.each(servers)('$name', ({ start, paths, cases, knownToRun }) => {
  let server: HostileServer;
  let sidecar: TestSidecar;
  let runsBefore: number | undefined;

  beforeAll(async () => {
    server = await start();
    sidecar = await startTestSidecar({
      upstream: server.url,
      annotations: { redis: redis.url, 'rate-limit': `tools: {${server.expensive}: 1/31d}`, ...(paths !== undefined && { paths }) },
      args: [`--owner=hostile/Deployment/${portOf(server.url)}`],
    });
    await sidecar.ready();
    // The one token of the bucket: from here on, whatever runs the tool does so for free.
    const honest = await send(sidecar.url, server, { body: callOf(server.expensive) });
    if (!server.ran.expensive.test(honest.text)) throw new Error(`an honest call does not run the tool: ${honest.text}`);
    runsBefore = await server.runs();
  }, INSTALL_TIMEOUT_MS);
  afterAll(async () => {
    await sidecar.close();
    await server.stop();
  });

  it.each(cases)('[hostile:charged] does not run the expensive tool for $name', async ({ request, isHarmless }: HostileCase) => {
    const answer = await send(sidecar.url, server, request(server));
    expect(answer.text).not.toMatch(server.ran.expensive);
    // No answer at all would hide what was done.
    expect(answer.status).toBeGreaterThanOrEqual(isHarmless ? 200 : 400);
    expect(await server.runs()).toBe(runsBefore);
  });

  it.each<[string, (cheap: string) => HostileRequest]>([
    ['a plain call', (cheap) => ({ body: callOf(cheap) })],
    ['a call with an id of letters', (cheap) => ({ body: callOf(cheap, { id: 'é-"1"' }) })],
    ['a call in many lines', (cheap) => ({ body: JSON.stringify(JSON.parse(callOf(cheap)), undefined, 2) })],
    ['the charset utf-8', (cheap) => ({ body: callOf(cheap), headers: ['Content-Type: application/json; charset=utf-8'] })],
    ['escapes', (cheap) => ({ body: callOf(cheap).replace('tools/call', 'tools\\/c\\u0061ll') })],
    ['mirrored headers in the legacy era', (cheap) => ({ body: callOf(cheap), headers: ['Mcp-Method: x', 'Mcp-Name: y'] })],
    [
      'a call that quotes another',
      (cheap) => ({ body: callOf(cheap, {}, { _meta: { note: '{"method":"tools/call","params":{"name":"expensive"}}' } }) }),
    ],
    ['a token of progress', (cheap) => ({ body: callOf(cheap, {}, { _meta: { progressToken: 1 } }) })],
    ['a legacy version', (cheap) => ({ body: callOf(cheap), headers: ['MCP-Protocol-Version: 2025-11-25'] })],
    ['chunks', (cheap) => ({ headers: ['Transfer-Encoding: chunked'], body: chunked(callOf(cheap)) })],
    ['Expect: 100-continue', (cheap) => ({ body: callOf(cheap), headers: ['Expect: 100-continue'] })],
  ])('[hostile:honest] runs the cheap tool for %s', async (_, request) => {
    expect((await send(sidecar.url, server, request(server.cheap))).text).toMatch(server.ran.cheap);
  });

  it('[hostile:real] would run it for what is known to, without us', async () => {
    const known = cases.filter(({ name }) => (knownToRun as readonly string[]).includes(name));
    const ran: string[] = [];
    for (const { name, request } of known) {
      const before = await server.runs();
      const wanted = request(server);
      const host = `Host: ${new URL(server.url).host}`;
      const { text } = await send(server.url, server, { ...wanted, headers: [host, ...(wanted.headers ?? [])] });
      if (server.ran.expensive.test(text) || (await server.runs()) !== before) ran.push(name);
    }
    expect(ran.sort()).toEqual([...knownToRun].sort());
  });
});

const chunked = (body: string): string => {
  const half = Math.floor(body.length / 2);
  return [body.slice(0, half), body.slice(half), ''].map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join('');
};
