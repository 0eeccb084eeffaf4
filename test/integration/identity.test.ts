import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { startIssuer, TEST_AUDIENCE, type TestIssuer } from '../support/issuer.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { administer, ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { rawToken } from '../support/tokens.ts';

let upstream: FakeUpstream;
let redis: StartedRedis;
let issuer: TestIssuer;
let folder: string;
const open: TestSidecar[] = [];
let owners = 0;

beforeAll(async () => {
  [upstream, redis, issuer] = [await startFakeUpstream(), await ownRedis(), await startIssuer()];
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  await writeFile(join(folder, 'ca.crt'), issuer.ca);
});
afterAll(async () => {
  await Promise.all([upstream.close(), redis.stop(), issuer.close(), rm(folder, { recursive: true })]);
});
afterEach(async () => {
  for (const sidecar of open.splice(0)) await sidecar.close();
});

async function start(jwt: object = {}, annotations: Record<string, string> = {}): Promise<TestSidecar> {
  const identity = JSON.stringify({ jwt: { issuer: issuer.url, audience: TEST_AUDIENCE, jwksUri: `${issuer.url}/keys`, ...jwt } });
  const sidecar = await startTestSidecar({
    upstream: upstream.url,
    annotations: { redis: redis.url, identity, ...annotations },
    args: [`--identity-ca-file=${join(folder, 'ca.crt')}`, `--owner=test/Deployment/identity-${++owners}`],
  });
  open.push(sidecar);
  await sidecar.ready();
  return sidecar;
}
const send = (sidecar: TestSidecar, token: string | undefined, parts: Parameters<typeof rawRequest>[0] = { body: toolCall('a') }) =>
  sendRaw(
    sidecar.port,
    rawRequest({ ...parts, headers: [...(parts.headers ?? []), ...(token === undefined ? [] : [`Authorization: Bearer ${token}`])] }),
    {
      quietMs: 60,
    },
  );
const tool = (name: string) => ({ body: toolCall(name) });
const user = (sub: string) => issuer.token({ sub });

describe('a limit of each client', () => {
  it('[jwt:buckets] counts each client apart, over all and of each tool, and all without a token together', async () => {
    const sidecar = await start({}, { 'rate-limit': 'perClient: 3/1h\ntools: {search: {perClient: 1/1h}}' });
    const as = async (token: string | undefined, ...tools: string[]) => {
      const seen: number[] = [];
      for (const name of tools) seen.push((await send(sidecar, token, tool(name))).status);
      return seen;
    };
    expect(await as(await user('alice'), 'search', 'search', 'a', 'a', 'a')).toEqual([200, 429, 200, 200, 429]);
    // Another token of the same client opens no other bucket.
    expect(await as(await issuer.token({ sub: 'alice', jti: 'new' }), 'a', 'search')).toEqual([429, 429]);
    expect(await as(await user('bob'), 'search', 'a', 'a', 'a')).toEqual([200, 200, 200, 429]);
    expect(await as(undefined, 'search', 'a', 'search', 'a', 'a')).toEqual([200, 200, 429, 200, 429]);
  });

  it('[jwt:buckets] is one for all sidecars of an owner', async () => {
    const limited = { 'rate-limit': 'perClient: 1/1h' };
    const first = await start({}, limited);
    owners -= 1;
    const second = await start({}, limited);
    expect((await send(first, await user('alice'))).status).toBe(200);
    expect((await send(second, await user('alice'))).status).toBe(429);
    expect((await send(second, await user('bob'))).status).toBe(200);
  });

  it('[jwt:privacy] names nobody in Redis, logs and metrics, and keeps no token', async () => {
    const sidecar = await start({}, { 'rate-limit': 'perClient: 1/1h', 'log-level': 'trace' });
    const token = await user('carol.private');
    const bad = await issuer.token({ sub: 'dave.private', aud: 'other' });
    expect([(await send(sidecar, token)).status, (await send(sidecar, token)).status, (await send(sidecar, bad)).status]).toEqual([
      200, 429, 401,
    ]);
    const kept = await administer(redis.url, async (client) => {
      const keys = await client.keys('*');
      return JSON.stringify([keys, await Promise.all(keys.map((key) => client.dump(key)))]);
    });
    const { text } = await sidecar.admin('/metrics');
    const everything = `${kept}${text}${JSON.stringify(sidecar.lines)}`;
    for (const secret of ['carol', 'dave', token.slice(-20), bad.slice(-20), Buffer.from('carol.private').toString('base64url')]) {
      expect(everything).not.toContain(secret);
    }
    expect(sidecar.lines).toContainEqual(expect.objectContaining({ msg: 'refused', reason: 'identity:token-audience', status: 401 }));
    expect(text).toContain('mcp_sluice_refusals_total{rung="identity:token-audience",mode="enforce"} 1');
  });
});

describe('a request with a token', () => {
  it('[jwt:forwarded] goes on with it as it came, in whatever case', async () => {
    const sidecar = await start();
    const token = await user('alice');
    await send(sidecar, undefined, { body: toolCall('a'), headers: [`AUTHORIZATION: bEaReR ${token}`] });
    expect(upstream.received.at(-1)?.headers.authorization).toBe(`bEaReR ${token}`);
  });

  it('[jwt:challenge] is refused with 401 and a challenge where the token is not good', async () => {
    const sidecar = await start();
    const before = upstream.received.length;
    const answer = await send(sidecar, await issuer.token({ exp: 1 }));
    expect([answer.status, answer.headers['www-authenticate'], answer.body]).toEqual([
      401,
      'Bearer error="invalid_token", error_description="The token has expired"',
      '{"jsonrpc":"2.0","error":{"code":-32600,"message":"The token has expired."}}',
    ]);
    for (const token of [rawToken({ alg: 'none' }, { iss: issuer.url }, ''), '.'.repeat(9000), 'opaque']) {
      expect((await send(sidecar, token)).status).toBe(401);
    }
    for (const [method, target] of [
      ['GET', '/'],
      ['DELETE', '/mcp'],
      ['POST', '/.well-known/x'],
    ] as const) {
      const parts = { method, target, ...(method === 'POST' && { body: toolCall('a') }) };
      expect((await send(sidecar, 'opaque', parts)).status).toBe(401);
    }
    expect(upstream.received.length).toBe(before);
  });

  it('[jwt:challenge] [jwt:anonymous] passes with whatever token where no MCP is spoken', async () => {
    const sidecar = await start({ required: true }, { paths: '/mcp' });
    expect((await send(sidecar, 'sk-of-another-api', { method: 'GET', target: '/admin' })).status).toBe(200);
    expect(upstream.received.at(-1)?.headers.authorization).toBe('Bearer sk-of-another-api');
    expect((await send(sidecar, 'sk-of-another-api', { target: '/admin', body: toolCall('a') })).status).toBe(401);
  });

  it('[jwt:duplicate] is refused with 400 where it has two', async () => {
    const sidecar = await start();
    const token = await user('alice');
    const answer = await send(sidecar, token, { body: toolCall('a'), headers: [`Authorization: Bearer ${await user('bob')}`] });
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([400, expect.stringContaining('invalid_request')]);
  });

  it('[jwt:shadow] passes in shadow mode whatever its token is, as nobody', async () => {
    const sidecar = await start({ required: true }, { mode: 'shadow', 'rate-limit': 'perClient: 1/1h' });
    for (const token of [undefined, 'opaque', await issuer.token({ exp: 1 }), await user('alice')]) {
      expect((await send(sidecar, token)).status).toBe(200);
    }
    const noted = sidecar.lines.filter(({ msg }) => msg === 'would have refused').map(({ reason }) => reason);
    expect(noted).toEqual(['identity:token-missing', 'identity:token-malformed', 'rate-limit', 'identity:token-expired', 'rate-limit']);
  });
});

describe('a required token', () => {
  it('[jwt:required] is asked for wherever MCP is spoken', async () => {
    const sidecar = await start({ required: true });
    const answer = await send(sidecar, undefined);
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    for (const parts of [
      { method: 'GET' },
      { method: 'DELETE' },
      { target: '/elsewhere', body: toolCall('a') },
      { target: '/.well-known/../mcp', method: 'GET' },
      { target: '/.well-known/%2e%2e/mcp', method: 'GET' },
      { target: '/.well-known/x', body: toolCall('a') },
      { target: '/.well-known/x', body: toolCall('a'), headers: ['Content-Type: text/plain'] },
      { method: 'GET', headers: ['Authorization: Basic dTpw'] },
    ]) {
      expect([parts, (await send(sidecar, undefined, parts)).status]).toEqual([parts, 401]);
    }
    expect((await send(sidecar, undefined, { method: 'OPTIONS', headers: ['Origin: http://localhost'] })).status).toBe(200);
    expect((await send(sidecar, await user('alice'))).status).toBe(200);
  });

  it('[jwt:required] is asked for at the paths that speak MCP, and of JSON-RPC elsewhere', async () => {
    const sidecar = await start({ required: true }, { paths: '/mcp' });
    const statusOf = async (parts: Parameters<typeof rawRequest>[0]) => (await send(sidecar, undefined, parts)).status;
    expect(await statusOf({ method: 'GET', target: '/mcp/x' })).toBe(401);
    expect(await statusOf({ target: '/other', body: toolCall('a', 7) })).toBe(401);
    expect(await statusOf({ method: 'GET', target: '/healthz' })).toBe(200);
    expect(await statusOf({ target: '/register', body: '{"client_name":"x"}', headers: ['Content-Type: application/json'] })).toBe(200);
    expect(await statusOf({ target: '/token', body: 'grant_type=x', headers: ['Content-Type: application/x-www-form-urlencoded'] })).toBe(
      200,
    );
    expect((await send(sidecar, undefined, { target: '/other', body: toolCall('a', 7) })).body).toContain('"id":7');
  });
});
