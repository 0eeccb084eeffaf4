import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { startIssuer, TEST_AUDIENCE, type TestIssuer } from '../support/issuer.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';

const PRM = '/.well-known/oauth-protected-resource/mcp';
const CHALLENGE = 'Bearer realm="mcp", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp", scope="a b"';

let issuer: TestIssuer;
let server: FakeUpstream;
let authorization: FakeUpstream;
let sidecar: TestSidecar;
let folder: string;
/** Whether the server itself asks for a token too. */
let isServerStrict: boolean;

beforeEach(async () => {
  isServerStrict = true;
  issuer = await startIssuer();
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  await writeFile(join(folder, 'ca.crt'), issuer.ca);
  authorization = await startFakeUpstream((request, response) => {
    const at = `http://${request.headers.host}`;
    const json = (body: object) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url === '/.well-known/oauth-authorization-server') {
      json({ issuer: at, authorization_endpoint: `${at}/authorize`, token_endpoint: `${at}/token`, response_types_supported: ['code'] });
    } else if (request.url === '/token')
      void issuer.token({ sub: 'agent' }).then((token) => json({ access_token: token, token_type: 'Bearer' }));
    else response.writeHead(404).end();
  });
  server = await startFakeUpstream((request, response) => {
    const json = (status: number, body: object, headers: object = {}) =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    if (request.url === PRM) json(200, { resource: `${sidecar.url}/mcp`, authorization_servers: [authorization.url] });
    else if (isServerStrict && request.headers.authorization === undefined)
      json(401, { error: 'unauthorized' }, { 'WWW-Authenticate': CHALLENGE });
    else if (request.method !== 'POST') response.writeHead(405).end();
    else {
      const { id, method } = JSON.parse(server.received.at(-1)?.body ?? '{}') as { id?: number; method: string };
      const serverInfo = { name: 'test', version: '1' };
      const results: Record<string, object> = { initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo } };
      if (id === undefined) response.writeHead(202).end();
      else json(200, { jsonrpc: '2.0', id, result: results[method] ?? { content: [{ type: 'text', text: 'done' }] } });
    }
  });
});
afterEach(async () => {
  await Promise.all([sidecar.close(), server.close(), authorization.close(), issuer.close(), rm(folder, { recursive: true })]);
});

async function start(required: boolean): Promise<void> {
  sidecar = await startTestSidecar({
    upstream: server.url,
    annotations: { identity: JSON.stringify({ jwt: { issuer: issuer.url, audience: TEST_AUDIENCE, required } }) },
    args: [`--identity-ca-file=${join(folder, 'ca.crt')}`],
  });
  await sidecar.ready();
}

describe('an OAuth login through the sidecar', () => {
  it("[jwt:login] is begun by the server's own 401, which passes untouched with what it points at", async () => {
    await start(false);
    const answer = await sendRaw(sidecar.port, rawRequest({ body: toolCall('a') }), { quietMs: 60 });
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, CHALLENGE]);
    expect(answer.body).toContain('{"error":"unauthorized"}');
    const metadata = await fetch(`${sidecar.url}${PRM}`);
    expect(await metadata.json()).toEqual({ resource: `${sidecar.url}/mcp`, authorization_servers: [authorization.url] });
  });

  it.each([
    ['by the server', false, true],
    ['by the sidecar', true, false],
    ['by both', true, true],
  ])('[jwt:login] works for the official client where a token is asked for %s', async (_, required, strict) => {
    isServerStrict = strict;
    await start(required);
    const authProvider = new ClientCredentialsProvider({ clientId: 'agent', clientSecret: 'secret', expectedIssuer: authorization.url });
    const client = new Client({ name: 'test', version: '1' });
    // The server's challenge names the public host, which in this test is the sidecar's own.
    const reach: typeof fetch = (input, init) => fetch(String(input).replace('https://mcp.example', sidecar.url), init);
    await client.connect(new StreamableHTTPClientTransport(new URL(`${sidecar.url}/mcp`), { authProvider, fetch: reach }) as never);
    expect(await client.callTool({ name: 'a', arguments: {} })).toEqual({ content: [{ type: 'text', text: 'done' }] });
    expect(server.received.some(({ target }) => target === PRM)).toBe(true);
    expect(authorization.received.filter(({ target }) => target === '/token')).toHaveLength(1);
    await client.close();
  });
});
