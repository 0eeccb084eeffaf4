// Values that nobody may see, through whatever becomes of a call: planted, and looked for in all that the sidecar says.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { CreateEntryUpstream } from '../../sidecar/entry-upstream.ts';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { makeCertificates } from '../support/redis-tls.ts';
import { verifiedOnLoopback, writeSecret } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

const secret = 'canary-of-the-secret-9d2e';
const inboundToken = 'canary-of-a-client-71bb';
const key = 'canary-of-a-private-key-c04f';
/** In the clear, and in codings that hide nothing. */
const spellings = [secret, inboundToken, key].flatMap((canary) => [
  canary,
  Buffer.from(canary).toString('base64').slice(0, -2),
  Buffer.from(canary).toString('hex'),
]);

const { ca, certificate: cert, key: serverKey } = makeCertificates('remote.test');
const stranger = makeCertificates('remote.test').ca;
let folder: string;
let redis: StartedRedis;
let remote: Server;
let behave: RequestListener;
let sidecar: TestSidecar;
/** What went wrong inside, as a crash would print it. */
const errors: unknown[] = [];
const said: string[] = [];

const watched: CreateEntryUpstream = (entry, deps) => {
  const upstream = verifiedOnLoopback(entry, deps);
  return {
    start: () => upstream.start(),
    problem: () => upstream.problem(),
    warnings: () => upstream.warnings(),
    close: () => upstream.close(),
    dispatch: (request, sink) =>
      upstream.dispatch(request, {
        inform: (...all) => sink.inform(...all),
        begin: (...all) => sink.begin(...all),
        write: (chunk) => sink.write(chunk),
        end: (trailers) => sink.end(trailers),
        fail(failure) {
          errors.push(failure.error);
          sink.fail(failure);
        },
      }),
  };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  redis = await ownRedis();
  remote = createServer({ cert, key: serverKey }, (request, response) => {
    request.resume();
    behave(request, response);
  });
  await new Promise<void>((resolve) => {
    remote.listen(0, '127.0.0.1', resolve);
  });
  const { port } = remote.address() as AddressInfo;
  await mkdir(join(folder, 'bundle'));
  await writeFile(join(folder, 'bundle', 'ca.crt'), ca);
  const headers = [
    { name: 'Authorization', secret: 'token', key: 'header' },
    { name: 'X-Api-Key', secret: 'token', key: 'api.key' },
  ];
  const caBundle = { caFile: join(folder, 'bundle', 'ca.crt'), exclusive: true };
  const entry = { headers, rateLimit: { tools: { metered: '1/1h' } }, caBundle };
  sidecar = await startTestSidecar({
    annotations: {
      redis: redis.url,
      'log-level': 'trace',
      'remote-entries': JSON.stringify([
        { name: 'docs', url: `https://remote.test:${port}/mcp`, ...entry },
        { name: 'closed', url: 'https://remote.test:1/mcp', ...entry },
      ]),
    },
    args: ['--owner=test/Deployment/canaries'],
    createEntryUpstream: watched,
  });
  await sidecar.ready();
});
afterAll(async () => {
  await sidecar?.close();
  remote?.closeAllConnections();
  remote?.close();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function call(options: { entry?: string; tool?: string; body?: string } = {}): Promise<number> {
  const { entry = 'docs', tool = 'a', body = toolCall(tool) } = options;
  const headers = [`Authorization: Bearer ${inboundToken}`, `Cookie: session=${inboundToken}`, `X-Api-Key: ${inboundToken}`];
  const answer = await sendRaw(sidecar.entriesPort, rawRequest({ target: `/${entry}`, headers, body }), { quietMs: 100 });
  said.push(answer.text);
  return answer.status;
}
const putSecrets = async (authorization: string): Promise<void> => {
  await writeSecret(sidecar.folder, { entry: 'docs', secret: 'token', key: 'header' }, authorization);
  for (const entry of ['docs', 'closed']) await writeSecret(sidecar.folder, { entry, secret: 'token', key: 'api.key' }, `${secret}\n`);
  await writeSecret(sidecar.folder, { entry: 'closed', secret: 'token', key: 'header' }, `Bearer ${secret}`);
};

afterEach(async () => {
  for (const path of ['/readyz', '/startupz', '/healthz', '/metrics']) said.push((await sidecar.admin(path)).text);
  const all = [...said, ...sidecar.lines.map((line) => JSON.stringify(line))];
  const dumps = errors.map((error) => inspect(error, { depth: 20, showHidden: true }));
  for (const text of [...all, ...dumps]) for (const spelling of spellings) expect(text).not.toContain(spelling);
});

it('[entry:secrecy] goes to the remote and nowhere else', async () => {
  const received: string[][] = [];
  behave = (request, response) => {
    received.push(request.rawHeaders);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  };
  expect(await call()).toBe(503);
  await putSecrets(`Bearer ${secret}`);
  await until(async () => (await call()) === 200);
  const lines = received.at(-1) ?? [];
  expect(lines.filter((_, i) => /^(authorization|x-api-key)$/i.test(lines[i - 1] ?? ''))).toEqual([`Bearer ${secret}`, secret]);
  expect(JSON.stringify(received)).not.toContain(inboundToken);
});

it('[entry:secrecy] stands in no answer of ours, whatever the remote does', async () => {
  const outcomes: [number, RequestListener][] = [
    [502, (_, response) => void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end()],
    [502, (_, response) => void response.writeHead(307, { location: 'https://evil.test/x' }).end()],
    [502, (_, response) => void response.writeHead(307, { location: '/mcp' }).end()],
    [403, (_, response) => void response.writeHead(403).end()],
    [500, (_, response) => void response.writeHead(500).end()],
    [502, (request) => void request.socket.destroy()],
    [502, (request) => void request.socket.end('HTTP/1.1 nonsense\r\n\r\n')],
  ];
  for (const [status, behaviour] of outcomes) {
    behave = behaviour;
    expect(await call()).toBe(status);
  }
  behave = (request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{');
    setImmediate(() => request.socket.destroy());
  };
  await call();
  expect(errors.length).toBeGreaterThan(2);
});

it('[entry:secrecy] stands in no refusal', async () => {
  behave = (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  const statuses = [
    await call({ tool: 'metered' }),
    await call({ tool: 'metered' }),
    await call({ body: '[]' }),
    await call({ entry: 'x' }),
  ];
  expect(statuses).toEqual([200, 429, 400, 404]);
  // Until the breaker is open, and once more.
  for (let i = 0; i < 8; i++) expect(await call({ entry: 'closed' })).toBeGreaterThanOrEqual(502);
});

it('[entry:secrecy] stands in no report of a bundle or a Secret that is wrong', async () => {
  const bundle = join(folder, 'bundle', 'ca.crt');
  for (const text of [stranger, `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`, `${ca}\n${key}`, key]) {
    const linesBefore = sidecar.lines.length;
    await writeFile(bundle, text);
    await until(() => sidecar.lines.slice(linesBefore).some((line) => line['entry'] === 'docs'));
    await call();
  }
  await putSecrets(`Bearer ${secret}\r\nX-Evil: 1`);
  await until(async () => (await call()) === 503);
});
