import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';

let upstream: FakeUpstream;
let sidecar: TestSidecar;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  sidecar = await startTestSidecar({ upstream: upstream.url, annotations: { paths: '/mcp' }, args: ['--max-body=100000'] });
});
afterAll(async () => {
  await sidecar.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.received.length = 0;
});

const body = toolCall('search');
const errorOf = (text: string) => (JSON.parse(text) as { error: { code: number }; id?: unknown }).error.code;

describe('what may be read in two ways', () => {
  it.each([
    [
      'Content-Length and Transfer-Encoding',
      rawRequest({ headers: ['Content-Length: 5', 'Transfer-Encoding: chunked'], body: '0\r\n\r\nGET /x HTTP/1.1\r\n\r\n' }),
    ],
    ['two Content-Lengths', rawRequest({ headers: [`Content-Length: ${body.length}`, 'Content-Length: 3'], body })],
    ['two equal Content-Lengths', rawRequest({ headers: [`Content-Length: ${body.length}`, `Content-Length: ${body.length}`], body })],
    ['a signed Content-Length', rawRequest({ headers: [`Content-Length: +${body.length}`], body })],
    ['a folded header', rawRequest({ headers: ['X-Folded: a\r\n b'], body })],
    ['a space before the colon', rawRequest({ headers: [`Content-Length : ${body.length}`], body })],
    ['a bare line feed', rawRequest({ body }).replace('\r\n', '\n')],
    ['a bad chunk size', rawRequest({ headers: ['Transfer-Encoding: chunked'], body: '0x5\r\nhello\r\n0\r\n\r\n' })],
    ['two Hosts', rawRequest({ headers: ['Host: localhost', 'Host: 127.0.0.1'], body })],
    ['no Host', rawRequest({ body }).replace('Host: localhost\r\n', '')],
    ['an absolute-form target', rawRequest({ target: 'http://localhost/mcp', body })],
    ['an authority as the target', rawRequest({ target: 'localhost', body })],
    ['a transfer coding beside chunked', rawRequest({ headers: ['Transfer-Encoding: gzip, chunked'], body: '0\r\n\r\n' })],
    ['NUL in a header', rawRequest({ headers: ['X: a\0b'], body })],
    ['no HTTP', 'hello\r\n\r\n'],
  ])('[sidecar:smuggling] refuses %s, and the upstream hears nothing', async (_, bytes) => {
    const answer = await sendRaw(sidecar.port, bytes);
    expect([400, 415]).toContain(answer.status);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.body.slice(0, Number(answer.headers['content-length'])))).toMatchObject({ jsonrpc: '2.0' });
    expect(answer.text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(upstream.received).toEqual([]);
  });

  it('[sidecar:smuggling] opens no tunnel, neither by CONNECT nor by Upgrade', async () => {
    expect((await sendRaw(sidecar.port, 'CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: localhost\r\n\r\n')).status).toBe(405);
    const answer = await sendRaw(sidecar.port, rawRequest({ method: 'GET', headers: ['Connection: Upgrade', 'Upgrade: websocket'] }));
    expect(answer.status).toBe(200);
    expect(upstream.received[0]?.rawHeaders.map((text) => text.toLowerCase())).not.toContain('upgrade');
  });
});

describe('what is forwarded', () => {
  it('[sidecar:byte-for-byte] is the body as it came, with one Content-Length, whether it came in chunks or not', async () => {
    const odd =
      '{ "jsonrpc" :"2.0","id":9007199254740991, "method":"tools/call","params":{"name":"a\\u0062","arguments":{"n":1e400}} }\r\n';
    const half = Math.floor(odd.length / 2);
    const [first, second] = [odd.slice(0, half), odd.slice(half)];
    const chunked = `${first.length.toString(16)};ext=1\r\n${first}\r\n${second.length.toString(16)}\r\n${second}\r\n0\r\nX-Trailer: 1\r\n\r\n`;
    await sendRaw(sidecar.port, rawRequest({ body: odd }));
    await sendRaw(sidecar.port, rawRequest({ headers: ['Transfer-Encoding: chunked'], body: chunked }));
    for (const { body, headers } of upstream.received) {
      expect(body).toBe(odd);
      expect(headers['content-length']).toBe(String(odd.length));
      expect(headers['transfer-encoding']).toBeUndefined();
    }
    expect(upstream.received).toHaveLength(2);
  });

  it('[sidecar:host-rewritten] has the upstream as its Host, and no Origin', async () => {
    const answer = await sendRaw(sidecar.port, rawRequest({ headers: ['Host: localhost:1234', 'Origin: http://localhost:6274'], body }));
    expect(answer.status).toBe(200);
    expect(upstream.received[0]?.headers).toMatchObject({ host: new URL(upstream.url).host });
    expect(upstream.received[0]?.headers.origin).toBeUndefined();
  });

  it('keeps target and repeated headers as they were spelt', async () => {
    await sendRaw(sidecar.port, rawRequest({ method: 'GET', target: '/other/%7Ea//b?q=%20%zz', headers: ['X-A: 1', 'x-a: 2'] }));
    expect(upstream.received[0]?.target).toBe('/other/%7Ea//b?q=%20%zz');
    expect(upstream.received[0]?.rawHeaders.join(' ')).toContain('X-A 1 x-a 2');
  });

  it('[sidecar:pipelining] answers pipelined requests in their order', async () => {
    const requests = ['a', 'b', 'c'].map((target) => rawRequest({ method: 'GET', target: `/${target}` })).join('');
    const answer = await sendRaw(sidecar.port, requests);
    expect(answer.text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
    expect(upstream.received.map(({ target }) => target).sort()).toEqual(['/a', '/b', '/c']);
  });

  it('asks for the body only where the head is in order', async () => {
    const expecting = (headers: string[]) => rawRequest({ headers: [...headers, 'Expect: 100-continue'], body });
    expect((await sendRaw(sidecar.port, expecting([]))).text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
    expect((await sendRaw(sidecar.port, expecting(['Origin: http://evil.example']))).text).toMatch(/^HTTP\/1\.1 403/);
    expect((await sendRaw(sidecar.port, rawRequest({ headers: ['Expect: magic'], body }))).status).toBe(417);
  });
});

describe('refusals', () => {
  it.each([
    ['400', { body: '{"jsonrpc":"2.0"' }, 400, -32700],
    ['400 for a batch', { body: `[${body}]` }, 400, -32600],
    ['403', { headers: ['Host: localhost', 'Origin: https://evil.example'], body }, 403, -32600],
    ['403 for another Host', { headers: ['Host: evil.example'], body }, 403, -32600],
    ['404', { target: '/MCP', body }, 404, -32600],
    ['413', { headers: ['Content-Length: 100001'], body }, 413, -32600],
    ['415', { headers: ['Content-Encoding: gzip'], body }, 415, -32600],
    ['431', { headers: [`X: ${'a'.repeat(40_000)}`], body }, 431, -32600],
  ])('[sidecar:refusal-body] %s with a JSON-RPC error', async (_, parts, status, code) => {
    const answer = await sendRaw(sidecar.port, rawRequest(parts));
    expect([answer.status, errorOf(answer.body)]).toEqual([status, code]);
    expect(answer.headers['mcp-session-id']).toBeUndefined();
    expect(upstream.received).toEqual([]);
  });

  it('[sidecar:too-large] 413 for chunks that add up to more, and the connection serves the next request', async () => {
    const piece = 'a'.repeat(50_000);
    const chunks = `${`c350\r\n${piece}\r\n`.repeat(3)}0\r\n\r\n`;
    const answer = await sendRaw(
      sidecar.port,
      rawRequest({ headers: ['Transfer-Encoding: chunked'], body: chunks }) + rawRequest({ body }),
    );
    expect(answer.status).toBe(413);
    expect(answer.text.match(/HTTP\/1\.1 (\d+)/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
    expect(await sidecar.metric('mcp_sluice_buffered_bytes')).toBe(0);
  });

  it('has one line in the log, without what the client sent, and is counted', async () => {
    sidecar.lines.length = 0;
    const before = await sidecar.metric('mcp_sluice_refusals_total{rung="batch",mode="enforce"}');
    await sendRaw(sidecar.port, rawRequest({ headers: ['Authorization: Bearer secret'], body: `[${toolCall('hidden')}]` }));
    expect(sidecar.lines).toMatchObject([{ msg: 'refused', reason: 'batch', status: 400 }]);
    expect(JSON.stringify(sidecar.lines)).not.toMatch(/secret|hidden/);
    expect(await sidecar.metric('mcp_sluice_refusals_total{rung="batch",mode="enforce"}')).toBe(before + 1);
  });
});
