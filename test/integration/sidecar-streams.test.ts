import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

/** What the upstream does with the next request. */
let behave: (request: IncomingMessage, response: ServerResponse) => void;
let upstream: FakeUpstream;
let sidecar: TestSidecar;

beforeAll(async () => {
  upstream = await startFakeUpstream((request, response) => behave(request, response));
  sidecar = await startTestSidecar({ upstream: upstream.url });
});
afterAll(async () => {
  await sidecar.close();
  await upstream.close();
});
afterEach(() => {
  upstream.received.length = 0;
});

interface Opened {
  readonly response: IncomingMessage;
  /** What came so far. */
  text(): string;
  /** `end`, or the error's code. */
  readonly ended: Promise<string>;
  abort(): void;
}

/** Opens a stream and resolves with its head. */
function open(path = '/mcp', headers: Record<string, string> = {}): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${sidecar.url}${path}`, { headers: { accept: 'text/event-stream', ...headers }, agent: false });
    request.once('error', reject);
    request.once('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      const ended = new Promise<string>((done) => {
        response.once('end', () => done('end'));
        response.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'error'));
      });
      resolve({ response, text: () => text, ended, abort: () => request.destroy() });
    });
    request.end();
  });
}

describe('a stream', () => {
  it('[sidecar:flush] has its head at once and each event as it is sent, before the stream ends', async () => {
    let stream: ServerResponse | undefined;
    behave = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      stream = response;
    };
    const opened = await open();
    expect(opened.response.headers['content-type']).toBe('text/event-stream');
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      stream?.write(event);
      await until(() => opened.text().endsWith(event));
    }
    expect(opened.response.complete).toBe(false);
    stream?.end();
    expect(await opened.ended).toBe('end');
  });

  it('[sidecar:client-gone] is aborted at the upstream when its client goes, before or after the head', async () => {
    let closed = 0;
    let asked = 0;
    behave = (request, response) => {
      asked += 1;
      request.socket.once('close', () => {
        closed += 1;
      });
      if (request.url === '/head') response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    };
    const opened = await open('/head');
    opened.abort();
    await until(() => closed === 1);
    const silent = httpRequest(`${sidecar.url}/silent`, { agent: false }).on('error', () => {});
    silent.end();
    await until(() => asked === 2);
    silent.destroy();
    await until(() => closed === 2);
    expect(await sidecar.metric('mcp_sluice_in_flight_requests')).toBe(0);
    expect(await sidecar.metric('mcp_sluice_client_aborts_total')).toBe(2);
  });

  it.each(['1.1', '1.0'])('[sidecar:upstream-gone] breaks off, and does not end, when the upstream dies (HTTP/%s)', async (version) => {
    behave = (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      setTimeout(() => request.socket.destroy(), 50);
    };
    if (version === '1.1') {
      const opened = await open();
      expect(await opened.ended).toBe('ECONNRESET');
      expect(opened.text()).toBe('data: 1\n\n');
      return;
    }
    const answer = await sendRaw(sidecar.port, rawRequest({ method: 'GET' }).replace('HTTP/1.1', 'HTTP/1.0'), { quietMs: 2_000 });
    expect(answer.text).toContain('data: 1');
    expect(answer.error).toBe('ECONNRESET');
  });

  it('[sidecar:backpressure] is read from the upstream no faster than its client reads', async () => {
    let sentBytes = 0;
    const chunk = Buffer.alloc(64 * 1024);
    behave = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      const push = () => {
        while (sentBytes < 256 * 1024 * 1024) {
          sentBytes += chunk.length;
          if (!response.write(chunk)) break;
        }
      };
      response.on('drain', push);
      push();
    };
    const before = process.memoryUsage.rss();
    const request = httpRequest(`${sidecar.url}/big`, { agent: false }).on('error', () => {});
    const response = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve).end());
    let last = -1;
    await until(() => {
      const isStill = sentBytes === last;
      last = sentBytes;
      return isStill && sentBytes > 0;
    });
    // What the kernel holds of two loopback connections, and no more.
    expect(sentBytes).toBeLessThan(48 * 1024 * 1024);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
    let readBytes = 0;
    response.on('data', (part: Buffer) => {
      readBytes += part.length;
    });
    await until(() => readBytes > 64 * 1024 * 1024);
    request.destroy();
  });
});

describe('a response', () => {
  it('[sidecar:as-is] keeps status, reason, repeated headers and bytes', async () => {
    behave = (request) => {
      request.socket.end(
        'HTTP/1.1 299 Fine Indeed\r\nSet-Cookie: a\r\nX-B: \xe9\r\nset-cookie: b\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\nhi',
        'latin1',
      );
    };
    const { text } = await sendRaw(sidecar.port, rawRequest({ method: 'GET' }));
    expect(text).toMatch(/^HTTP\/1\.1 299 Fine Indeed\r\nSet-Cookie: a\r\nX-B: \xe9\r\nset-cookie: b\r\nContent-Length: 2\r\n/);
    expect(text).not.toContain('X-Hop');
    expect(text).toMatch(/hi$/);
  });

  it('[sidecar:trailers] brings its trailers to a client that reads them, and its 1xx to one that knows them', async () => {
    behave = (_, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    };
    const knowing = await sendRaw(sidecar.port, rawRequest({ method: 'GET', headers: ['TE: trailers'] }));
    expect(knowing.text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK/i);
    expect(knowing.text).toMatch(/\r\n0\r\nx-sum: 42\r\n\r\n$/);
    const old = await sendRaw(sidecar.port, rawRequest({ method: 'GET' }).replace('HTTP/1.1', 'HTTP/1.0'));
    expect(old.text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(old.text).not.toContain('x-sum');
  });

  it.each([
    ['HEAD', 200, { 'content-length': '5' }],
    ['GET', 204, {}],
    ['GET', 304, { etag: '"a"' }],
  ])('to %s with status %s has no body and leaves the connection usable', async (method, status, headers) => {
    behave = (_, response) => void response.writeHead(status, headers).end();
    const answer = await sendRaw(sidecar.port, rawRequest({ method }) + rawRequest({ method }));
    expect(answer.text.match(/HTTP\/1\.1 (\d+)/g)).toEqual([`HTTP/1.1 ${status}`, `HTTP/1.1 ${status}`]);
    expect(answer.headers).toMatchObject(headers);
  });

  it('with a redirect to the upstream names no address that the client cannot reach', async () => {
    behave = (_, response) => void response.writeHead(307, { location: `${upstream.url}/mcp/` }).end();
    expect((await sendRaw(sidecar.port, rawRequest({ body: toolCall('a') }))).headers['location']).toBe('/mcp/');
  });
});

describe('an upstream that gives no answer', () => {
  it('[sidecar:no-retry] is asked a POST and a DELETE once, a GET twice, and the client gets 502 with its id', async () => {
    behave = (request) => request.socket.destroy();
    const post = await sendRaw(sidecar.port, rawRequest({ body: toolCall('a', 'seven') }));
    expect(post.status).toBe(502);
    expect(JSON.parse(post.body)).toMatchObject({ jsonrpc: '2.0', id: 'seven', error: { code: -32603 } });
    expect(upstream.received).toHaveLength(1);
    expect((await sendRaw(sidecar.port, rawRequest({ method: 'GET' }))).status).toBe(502);
    expect(upstream.received).toHaveLength(3);
    expect((await sendRaw(sidecar.port, rawRequest({ method: 'DELETE' }))).status).toBe(502);
    expect(upstream.received).toHaveLength(4);
  });

  it('[sidecar:stale-connection] is asked on a new connection where it closed the kept one before', async () => {
    behave = (_, response) => void response.writeHead(200).end();
    await sendRaw(sidecar.port, rawRequest({ body: toolCall('a') }));
    upstream.server.closeIdleConnections();
    expect((await sendRaw(sidecar.port, rawRequest({ body: toolCall('a') }))).status).toBe(200);
  });

  it('[sidecar:unreachable] is 502 where nothing listens, and not ready', async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => {
      probe.listen(0, '127.0.0.1', resolve);
    });
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => {
      probe.close(resolve);
    });
    const lonely = await startTestSidecar({ upstream: `http://127.0.0.1:${port}` });
    const answer = await sendRaw(lonely.port, rawRequest({ body: toolCall('a', 3) }));
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([502, { id: 3, error: { code: -32603 } }]);
    const ready = await lonely.admin('/readyz');
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining(`nothing accepts at http://127.0.0.1:${port}`)]);
    await lonely.close();
  });
});
