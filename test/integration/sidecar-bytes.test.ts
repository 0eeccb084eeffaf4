// What passes through is what was sent, byte for byte, in both directions.
import { randomBytes } from 'node:crypto';
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_MAX_BODY_BYTES } from '../../sidecar/options.ts';
import { classifyBody } from '../../src/mcp/classify.ts';
import { validMessage } from '../fuzz/messages.ts';
import { nearMiss } from '../fuzz/near-misses.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';

interface Received {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What the upstream got last, and what it does with the next request. */
let received: Received | undefined;
/** Not narrowed: another turn may have set it. */
const last = (): Received | undefined => received;
let behave: (response: ServerResponse) => Promise<void>;
let upstream: Server;
let sidecar: TestSidecar;
const agent = new Agent({ keepAlive: true, maxSockets: 2 });

beforeAll(async () => {
  upstream = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: target = '', headers } = incoming;
      received = { method, target, headers, body: Buffer.concat(chunks) };
      behave(response).catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => {
    upstream.listen(0, '127.0.0.1', resolve);
  });
  sidecar = await startTestSidecar({
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    annotations: { paths: '/mcp' },
  });
});
afterAll(async () => {
  agent.destroy();
  await sidecar.close();
  upstream.closeAllConnections();
  upstream.close();
});

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: readonly string[];
  readonly rawTrailers: readonly string[];
  readonly body: Buffer;
}

/** Sends a body in these pieces, each by itself, with a length said before or in chunks. */
function send(
  pieces: readonly Uint8Array[],
  options: {
    readonly method?: string;
    readonly target?: string;
    readonly lines?: readonly (readonly [string, string])[];
    readonly isChunked?: boolean;
  } = {},
): Promise<Answer> {
  const { method = 'POST', target = '/mcp', lines = [], isChunked = false } = options;
  const headers = ['Host', 'localhost', 'TE', 'trailers', ...lines.flat()];
  if (!isChunked && method === 'POST') headers.push('Content-Length', String(Buffer.concat(pieces).length));
  return new Promise((resolve, reject) => {
    const outgoing = request({ port: sidecar.port, host: '127.0.0.1', agent, method, path: target, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode: status = 0, statusMessage: reason = '', rawHeaders, rawTrailers } = response;
        resolve({ status, reason, rawHeaders, rawTrailers, body: Buffer.concat(chunks) });
      });
    });
    outgoing.once('error', reject);
    writeAll(outgoing, pieces).then(() => outgoing.end(), reject);
  });
}

async function writeAll(to: { write(chunk: Uint8Array): boolean }, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    if (piece.length > 0) to.write(piece);
    await nextTurn();
  }
}

/** Cuts bytes at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const places = fc.array(fc.nat(), { maxLength: 4 });
const anyBytes = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 2_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => new Uint8Array(200_000).fill(byte)) },
);
const plain = async (response: ServerResponse): Promise<void> => void response.writeHead(202).end();

describe('a request', () => {
  it('[sidecar:request-bytes] reaches the server byte for byte, however it is cut and framed, if it is accepted at all', async () => {
    behave = plain;
    let accepted = 0;
    const sent = fc.oneof({ weight: 3, arbitrary: validMessage }, { weight: 1, arbitrary: nearMiss });
    await fc.assert(
      fc.asyncProperty(sent, places, fc.boolean(), async ({ body, lines }, at, isChunked) => {
        received = undefined;
        const { status } = await send(cut(body, at), { lines, isChunked });
        const isAccepted = classifyBody(body, { method: 'POST', target: '/mcp', rawHeaders: lines.flat() }, true).ok;
        expect({ status: status === 202, reached: last() !== undefined }).toEqual({ status: isAccepted, reached: isAccepted });
        if (!isAccepted) return;
        accepted += 1;
        expect(last()?.body.equals(body)).toBe(true);
        expect(last()).toMatchObject({ method: 'POST', target: '/mcp', headers: { 'content-length': String(body.length) } });
        for (const [name, value] of lines) expect(last()?.headers[name.toLowerCase()]).toBe(value);
      }),
      { numRuns: 1500 },
    );
    expect(accepted).toBeGreaterThan(800);
  });

  it('[sidecar:request-bytes] [sidecar:response-bytes] goes through whole at the largest size, and so does a larger response', async () => {
    const [start, end] = ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"a":"', '"}}}'];
    // # to [: characters that a JSON string holds as they are.
    const filler = Buffer.alloc(DEFAULT_MAX_BODY_BYTES - start.length - end.length).map((_, at) => 0x23 + ((at * 7919) % 57));
    const body = Buffer.concat([Buffer.from(start), filler, Buffer.from(end)]);
    const large = randomBytes(3 * DEFAULT_MAX_BODY_BYTES);
    behave = async (response) => void response.writeHead(202).end(large);
    const answer = await send(cut(body, [1, 70_000, 4_000_001]), { lines: [['Content-Type', 'application/json']] });
    expect(answer.status).toBe(202);
    expect(last()?.body.equals(body)).toBe(true);
    expect(answer.body.equals(large)).toBe(true);
  });

  it('[sidecar:request-bytes] that is no MCP by nature passes byte for byte too, whatever its bytes', async () => {
    behave = plain;
    await fc.assert(
      fc.asyncProperty(anyBytes, places, fc.boolean(), async (body, at, isChunked) => {
        received = undefined;
        const { status } = await send(cut(body, at), {
          target: '/upload',
          lines: [['Content-Type', 'application/octet-stream']],
          isChunked,
        });
        // By chance some are refused, as they could be read as JSON-RPC; none reaches the server then.
        expect(last() !== undefined).toBe(status === 202);
        if (last() !== undefined) expect(last()?.body.equals(body)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a response', () => {
  const framing = fc.constantFrom('length', 'chunks', 'close');
  const head = fc.record({
    status: fc.constantFrom(200, 201, 202, 299, 400, 404, 500, 503),
    reason: fc.constantFrom('OK', 'Fine Indeed', 'X'),
    type: fc.constantFrom('application/json', 'text/event-stream', 'application/octet-stream', 'text/plain; charset=utf-16'),
    value: fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/),
  });
  const tool = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}');

  it('[sidecar:response-bytes] reaches the client byte for byte: head, body, trailers, however it is cut and framed', async () => {
    await fc.assert(
      fc.asyncProperty(
        head,
        anyBytes,
        places,
        framing,
        fc.option(fc.stringMatching(/^[!-~]{1,20}$/)),
        async (said, body, at, frame, trailer) => {
          const hasTrailer = trailer !== null && frame === 'chunks';
          behave = async (response) => {
            const headers = ['Content-Type', said.type, 'X-Value', said.value, 'x-value', 'again', 'ETag', '"a"'];
            if (frame === 'length') headers.push('Content-Length', String(body.length));
            if (hasTrailer) headers.push('Trailer', 'X-Sum');
            response.useChunkedEncodingByDefault = frame === 'chunks';
            if (frame === 'close') response.shouldKeepAlive = false;
            response.writeHead(said.status, said.reason, headers);
            await writeAll(response, cut(body, at));
            if (hasTrailer) response.addTrailers([['X-Sum', trailer]]);
            response.end();
          };
          const answer = await send([tool], { lines: [['Content-Type', 'application/json']] });
          expect([answer.status, answer.reason]).toEqual([said.status, said.reason]);
          expect(answer.body.equals(body)).toBe(true);
          const kept = ['Content-Type', said.type, 'X-Value', said.value, 'x-value', 'again', 'ETag', '"a"'];
          expect(answer.rawHeaders.slice(0, kept.length)).toEqual(kept);
          expect(answer.rawTrailers).toEqual(hasTrailer ? ['X-Sum', trailer] : []);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('[sidecar:response-bytes] that is an event stream comes event by event as it was cut, comments and odd ends of line included', async () => {
    const line = fc.constantFrom(
      'data: {"a":1}',
      'data:',
      ': keepalive',
      'id: 7',
      'retry: 10',
      'event: message',
      'data: \u{1f600}\u2028',
      '\ufeffdata: x',
      'nonsense',
    );
    const stream = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n')), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(stream, places, fc.boolean(), async (lines, at, isGet) => {
        const body = Buffer.from(lines.flat().join(''));
        behave = async (response) => {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          await writeAll(response, cut(body, at));
          response.end();
        };
        const answer = isGet
          ? await send([], { method: 'GET', lines: [['Accept', 'text/event-stream']] })
          : await send([tool], { lines: [['Content-Type', 'application/json']] });
        expect(answer.body.equals(body)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
