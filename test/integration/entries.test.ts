// The remote entries of a pod, with remotes in the clear at this machine: how they are reached is shown elsewhere.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { entriesAnnotation, reachedAt, type TestEntry } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let remote: FakeUpstream;
let inbound: FakeUpstream;
let answer: (response: import('node:http').ServerResponse) => void;
const open: TestSidecar[] = [];
beforeAll(async () => {
  remote = await startFakeUpstream((_, response) => answer(response));
  inbound = await startFakeUpstream((_, response) => answer(response));
});
afterAll(() => Promise.all([remote.close(), inbound.close()]));
afterEach(async () => {
  for (const sidecar of open.splice(0)) await sidecar.close();
  remote.received.length = 0;
  answer = usual;
});
const usual: typeof answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
answer = usual;

async function start(entries: readonly TestEntry[], annotations: Record<string, string> = {}): Promise<TestSidecar> {
  const sidecar = await startTestSidecar({
    upstream: inbound.url,
    annotations: { 'remote-entries': entriesAnnotation(entries), ...annotations },
    createEntryUpstream: reachedAt(Object.fromEntries(entries.map(({ name }) => [name, remote.url]))),
  });
  open.push(sidecar);
  await sidecar.ready();
  return sidecar;
}
const send = (sidecar: TestSidecar, parts: Parameters<typeof rawRequest>[0]) =>
  sendRaw(sidecar.entriesPort, rawRequest(parts), { quietMs: 100 });

describe('a remote entry', () => {
  it('[entry:address] [entry:bytes] is asked at its URL to the letter, whatever the app calls it', async () => {
    const sidecar = await start([{ name: 'docs', path: '/v1/%6dcp?tenant=a' }]);
    const body = '{"jsonrpc":"2.0", "id":1, "method":"x", "params":{"n":12345678901234567890}}';
    for (const target of ['/docs', '/docs/']) expect((await send(sidecar, { target, body })).body).toContain('{"ok":true}');
    expect(remote.received.map(({ target, headers, body: got }) => [target, headers.host, got])).toEqual([
      ['/v1/%6dcp?tenant=a', 'docs.test', body],
      ['/v1/%6dcp?tenant=a', 'docs.test', body],
    ]);
  });

  it('[entry:unknown] is 404 at any other path, with the names of those that there are', async () => {
    const sidecar = await start([{ name: 'docs' }, { name: 'code' }]);
    const { status, body } = await send(sidecar, { target: '/other', body: toolCall('a', 'x-1') });
    expect([status, JSON.parse(body)]).toEqual([
      404,
      {
        jsonrpc: '2.0',
        id: 'x-1',
        error: { code: -32600, message: 'No remote entry is at this path; there are: /docs, /code.' },
      },
    ]);
    expect(remote.received).toEqual([]);
  });

  it.each(['/Docs', '//docs', '/./docs', '/%64ocs', '/docs;x', '/x/../docs', '/docs/x', '/docs?x=1', '/docs//', '/', '/docsx'])(
    '[entry:spelling] is not at %s',
    async (target) => {
      const sidecar = await start([{ name: 'docs' }]);
      expect((await send(sidecar, { target, body: toolCall('a') })).status).toBe(404);
      expect(remote.received).toEqual([]);
    },
  );

  it('[entry:loopback] is nothing for a page of the web', async () => {
    const sidecar = await start([{ name: 'docs' }]);
    const rebound = await send(sidecar, { target: '/docs', headers: ['Host: evil.test'], body: toolCall('a') });
    const cross = await send(sidecar, { target: '/docs', headers: ['Origin: https://evil.test'], body: toolCall('a') });
    expect([rebound.status, cross.status, remote.received.length]).toEqual([403, 403, 0]);
  });

  it('[entry:port] needs its port: a sidecar that does not get it says so, and takes it once it is free', async () => {
    const first = await start([{ name: 'docs' }]);
    const second = await startTestSidecar({
      upstream: inbound.url,
      annotations: { 'remote-entries': entriesAnnotation([{ name: 'docs' }]) },
      args: [`--entries=127.0.0.1:${first.entriesPort}`],
    });
    open.push(second);
    const { status, text } = await second.admin('/startupz');
    expect([status, text]).toEqual([503, expect.stringContaining(`127.0.0.1:${first.entriesPort} held by another process`)]);
    open.splice(open.indexOf(first), 1);
    await first.close();
    await second.ready();
  });

  it('[entry:parse] gets nothing that could be read in two ways', async () => {
    const sidecar = await start([{ name: 'docs' }]);
    const refused = async (body: string, headers: string[] = []) => {
      const { status, body: text } = await send(sidecar, { target: '/docs', headers, body });
      return [status, (JSON.parse(text) as { error: { code: number } }).error.code];
    };
    expect(await refused('[{"jsonrpc":"2.0","id":1,"method":"ping"}]')).toEqual([400, -32600]);
    expect(await refused('{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}')).toEqual([400, -32700]);
    const modern = ['MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/list'];
    const call = toolCall('a').replace('"arguments"', '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"},"arguments"');
    expect(await refused(call, modern)).toEqual([400, -32020]);
    expect(remote.received).toEqual([]);
  });

  it('[entry:request-headers] [entry:response-headers] is told nothing of the inside, and tells nothing of itself', async () => {
    const sidecar = await start([{ name: 'docs' }]);
    answer = (response) =>
      void response
        .writeHead(200, {
          'content-type': 'application/json',
          'set-cookie': 'a=b',
          location: `${remote.url}/x`,
          'mcp-session-id': 's1',
          server: 'x',
        })
        .end('{}');
    const inside = ['Authorization: Bearer inbound', 'Cookie: a=b', 'X-Forwarded-For: 10.0.0.1', 'X-User: carol', 'baggage: user=carol'];
    const { headers } = await send(sidecar, { target: '/docs', headers: [...inside, 'Mcp-Session-Id: s1'], body: toolCall('a') });
    expect(Object.keys(headers).sort()).toEqual([
      'connection',
      'content-type',
      'date',
      'keep-alive',
      'mcp-session-id',
      'transfer-encoding',
    ]);
    const names = remote.received[0]?.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    expect(names?.toSorted()).toEqual(['connection', 'content-length', 'host', 'mcp-session-id']);
  });

  it('[entry:bytes] may give a reason that Node would not write: it answers all the same, as the server of the pod does', async () => {
    const sidecar = await start([{ name: 'docs' }]);
    // Bytes: Node would encode the head as it does a text after it.
    answer = (response) => void response.writeHead(200, 'D\u00e9j\u00e0 vu', { 'content-length': '11' }).end(Buffer.from('{"ok":true}'));
    for (const [port, target] of [
      [sidecar.entriesPort, '/docs'],
      [sidecar.port, '/mcp'],
    ] as const) {
      const { status, body } = await sendRaw(port, rawRequest({ target, body: toolCall('a') }), { quietMs: 100 });
      expect([status, body]).toEqual([200, '{"ok":true}']);
    }
  });

  it('[entry:request-headers] is asked with methods of MCP only, in shadow mode too, so that no TRACE echoes a Secret', async () => {
    const sidecar = await start([{ name: 'docs' }], { mode: 'shadow' });
    for (const method of ['TRACE', 'PUT', 'PATCH']) {
      const { status, headers } = await send(sidecar, { method, target: '/docs' });
      expect([status, headers['allow']], method).toEqual([405, 'POST, GET, DELETE, HEAD, OPTIONS']);
    }
    expect(remote.received).toEqual([]);
    expect((await send(sidecar, { method: 'GET', target: '/docs' })).status).toBe(200);
  });

  it('[entry:login] that asks for a login is refused with what to configure, and begins none', async () => {
    const sidecar = await start([{ name: 'docs' }]);
    answer = (response) =>
      void response.writeHead(401, { 'www-authenticate': 'Bearer resource_metadata="https://docs.test/.well-known/x"' }).end('no');
    const { status, headers, body } = await send(sidecar, {
      target: '/docs',
      headers: ['Authorization: Bearer own'],
      body: toolCall('a', 7),
    });
    expect([status, headers['www-authenticate']]).toEqual([502, undefined]);
    expect(JSON.parse(body)).toMatchObject({
      id: 7,
      error: { message: expect.stringMatching(/Remote entry "docs" asks for a login.*headers: \[/) },
    });
    const metadata = await send(sidecar, { method: 'GET', target: '/.well-known/oauth-protected-resource/docs' });
    expect([metadata.status, metadata.body]).toEqual([404, expect.stringContaining('A login (OAuth) is not offered here')]);
  });

  it('[entry:alone] that cannot be reached is 502 with the id, and costs the others nothing', async () => {
    const sidecar = await startTestSidecar({
      upstream: inbound.url,
      annotations: { 'remote-entries': entriesAnnotation([{ name: 'dead' }, { name: 'docs' }]) },
      createEntryUpstream: reachedAt({ docs: remote.url }),
    });
    open.push(sidecar);
    await sidecar.ready();
    const dead = await send(sidecar, { target: '/dead', body: toolCall('a', 7) });
    expect([dead.status, JSON.parse(dead.body)]).toMatchObject([502, { id: 7 }]);
    expect((await send(sidecar, { target: '/docs', body: toolCall('a') })).status).toBe(200);
    expect((await sendRaw(sidecar.port, rawRequest({ body: toolCall('a') }))).status).toBe(200);
    expect((await sidecar.admin('/readyz')).status).toBe(200);
  });

  it('[entry:skipped] that is not valid is left out and says why, and the others are kept', async () => {
    const entries = JSON.parse(entriesAnnotation([{ name: 'docs' }, { name: 'bad' }])) as object[];
    const sidecar = await startTestSidecar({
      upstream: inbound.url,
      annotations: { 'remote-entries': JSON.stringify([entries[0], { ...entries[1], allowInsecure: false }]) },
      createEntryUpstream: reachedAt({ docs: remote.url }),
    });
    open.push(sidecar);
    await sidecar.ready();
    const bad = await send(sidecar, { target: '/bad', body: toolCall('a', 7) });
    expect([bad.status, JSON.parse(bad.body)]).toMatchObject([
      503,
      { id: 7, error: { message: expect.stringMatching(/"bad" is left out.*not encrypted/) } },
    ]);
    expect((await send(sidecar, { target: '/docs', body: toolCall('a') })).status).toBe(200);
    expect(JSON.parse((await sidecar.admin('/readyz')).text)).toMatchObject({
      ready: true,
      checks: { 'entry:docs': 'ok', 'entry:bad': expect.stringContaining('left out') },
    });
  });

  it('[entry:alone] that we cannot even start costs the others nothing', async () => {
    const reach = reachedAt({ docs: remote.url });
    const sidecar = await startTestSidecar({
      upstream: inbound.url,
      annotations: { 'remote-entries': entriesAnnotation([{ name: 'bad' }, { name: 'docs' }]) },
      createEntryUpstream: (entry, deps) => {
        if (entry.name === 'bad') throw new Error('out of luck');
        return reach(entry, deps);
      },
    });
    open.push(sidecar);
    await sidecar.ready();
    const bad = await send(sidecar, { target: '/bad', body: toolCall('a') });
    expect([bad.status, bad.body]).toEqual([503, expect.stringContaining('out of luck')]);
    expect((await send(sidecar, { target: '/docs', body: toolCall('a') })).status).toBe(200);
  });

  it('[entry:only] may be all that a pod has', async () => {
    const sidecar = await startTestSidecar({
      annotations: { 'remote-entries': entriesAnnotation([{ name: 'docs' }]) },
      createEntryUpstream: reachedAt({ docs: remote.url }),
    });
    open.push(sidecar);
    await sidecar.ready();
    expect((await send(sidecar, { target: '/docs', body: toolCall('a') })).status).toBe(200);
    expect((await sidecar.admin('/readyz')).text).not.toContain('upstream');
  });

  it('[entry:drain] serves what is in flight while the pod drains', async () => {
    const sidecar = await start([{ name: 'docs' }]);
    let finish = (): void => undefined;
    answer = (response) => {
      finish = () => usual(response);
    };
    const slow = send(sidecar, { target: '/docs', body: toolCall('a') });
    await until(() => remote.received.length === 1);
    sidecar.terminate();
    await until(async () => (await sidecar.admin('/readyz')).status === 503);
    finish();
    expect((await slow).status).toBe(200);
    await until(() => sidecar.exits === 1);
  });
});
