import { createHash } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

interface Upload {
  readonly headers: IncomingMessage['headers'];
  receivedBytes: number;
  hash: string;
  end: 'whole' | 'broken' | undefined;
}

let uploads: Upload[] = [];
/** What the upstream does on the head of a request. */
let behave: (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let sidecar: TestSidecar;

beforeAll(async () => {
  server = createServer((request, response) => {
    const upload: Upload = { headers: request.headers, receivedBytes: 0, hash: '', end: undefined };
    uploads.push(upload);
    const hash = createHash('sha256');
    request.on('data', (chunk: Buffer) => {
      upload.receivedBytes += chunk.byteLength;
      hash.update(chunk);
    });
    request.on('error', () => undefined);
    request.on('close', () => {
      upload.hash = hash.digest('hex');
      upload.end = request.complete ? 'whole' : 'broken';
    });
    behave(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  sidecar = await startTestSidecar({ upstream, annotations: { paths: '/mcp' }, args: ['--max-body=100000'] });
});
afterAll(async () => {
  await sidecar.close();
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});
beforeEach(() => {
  uploads = [];
  behave = (request, response) => void request.on('end', () => response.end('stored'));
});

const MEBIBYTE = 1024 * 1024;
const large = Buffer.alloc(20 * MEBIBYTE, 'abcdefg');
const digest = createHash('sha256').update(large).digest('hex');

/** Sends a body in pieces and resolves with the answer; `undefined` cuts it off there. */
function upload(
  pieces: readonly (Buffer | undefined)[],
  options: { readonly path?: string; readonly headers?: Record<string, string> } = {},
) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = { 'content-type': 'application/octet-stream', ...options.headers };
    const request = httpRequest(`${sidecar.url}${options.path ?? '/files'}`, { method: 'PUT', headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    const send = (index: number): void => {
      const piece = pieces[index];
      if (index === pieces.length) request.end();
      else if (piece === undefined) request.destroy();
      else request.write(piece, () => send(index + 1));
    };
    send(0);
  });
}

describe('a large body outside the MCP paths', () => {
  it.each([
    ['of a length that was told', { 'content-length': String(large.byteLength) }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('[uploads:pass] %s passes byte for byte, whatever the bound of held bodies is', async (_, headers) => {
    expect(await upload([large], { headers })).toEqual({ status: 200, text: 'stored' });
    expect(uploads).toMatchObject([{ hash: digest, end: 'whole', headers }]);
  });

  it('[uploads:pass] is not held: the upstream has its beginning before its end is sent', async () => {
    let isSeen = false;
    const waiting = new Promise<void>((resolve) => {
      behave = (request, response) => {
        request.once('data', () => {
          isSeen = true;
          resolve();
        });
        request.on('end', () => response.end('stored'));
      };
    });
    const first = httpRequest(`${sidecar.url}/files`, { method: 'PUT', agent: false });
    const answered = new Promise((resolve) => first.once('response', (response) => resolve(response.statusCode)));
    first.write('beginning');
    await waiting;
    expect([isSeen, await sidecar.metric('mcp_sluice_buffered_bytes')]).toEqual([true, 0]);
    first.end('end');
    expect(await answered).toBe(200);
  });

  it('[uploads:broken] of a client that leaves is never taken for whole', async () => {
    await upload([Buffer.from('beginning'), large.subarray(0, MEBIBYTE), undefined], { headers: { 'content-length': '5000000' } }).catch(
      () => undefined,
    );
    await until(() => uploads[0]?.end !== undefined);
    expect(uploads).toMatchObject([{ end: 'broken' }]);
    await upload([Buffer.from('beginning'), undefined]).catch(() => undefined);
    await until(async () => (await sidecar.metric('mcp_sluice_in_flight_requests')) === 0);
    expect(uploads.filter(({ end }) => end === 'whole')).toEqual([]);
  });

  it('[uploads:answered] that the upstream refuses at once has its answer all the same', async () => {
    behave = (_, response) => void response.writeHead(413).end('too much');
    const answer = await upload([large], { headers: { 'transfer-encoding': 'chunked' } });
    expect(answer).toEqual({ status: 413, text: 'too much' });
  });
});

describe('what still is read whole', () => {
  const batch = `[${toolCall('a')}]`;
  it.each([
    ['a batch behind white space', `${' \n\t'.repeat(20_000)}${batch}`, 400],
    ['a batch behind a byte order mark', `\ufeff${batch}`, 400],
    ['JSON that is too large', `{"a":"${'a'.repeat(200_000)}"}`, 413],
    ['white space that is too large', ' '.repeat(200_000), 413],
  ])('[uploads:read] is %s', async (_, body, status) => {
    expect((await sendRaw(sidecar.port, rawRequest({ target: '/files', body }))).status).toBe(status);
    expect(uploads).toEqual([]);
  });

  it('[uploads:read] is all that comes to an MCP path, forms apart', async () => {
    const body = 'a'.repeat(200_000);
    expect((await sendRaw(sidecar.port, rawRequest({ headers: ['Content-Type: text/plain'], body }))).status).toBe(413);
    const form = ['Content-Type: application/x-www-form-urlencoded'];
    expect((await sendRaw(sidecar.port, rawRequest({ headers: form, body }))).status).toBe(200);
    expect((await sendRaw(sidecar.port, rawRequest({ headers: form, body: `[${body}` }))).status).toBe(413);
  });
});
