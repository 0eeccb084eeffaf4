// What comes from a remote, as it comes: over verified TLS, in both transports.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { makeCertificates } from '../support/redis-tls.ts';
import { verifiedOnLoopback } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

const MIB = 1024 * 1024;
let folder: string;
let remote: Server;
let inbound: FakeUpstream;
let sidecar: TestSidecar;
let behave: RequestListener;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  const { ca, certificate: cert, key } = makeCertificates('remote.test');
  await writeFile(join(folder, 'ca.crt'), ca);
  remote = createServer({ cert, key }, (request, response) => {
    request.on('error', () => undefined);
    behave(request, response);
  });
  await new Promise<void>((resolve) => {
    remote.listen(0, '127.0.0.1', resolve);
  });
  inbound = await startFakeUpstream();
  const at = { url: `https://remote.test:${(remote.address() as AddressInfo).port}/mcp`, caBundle: { caFile: join(folder, 'ca.crt') } };
  sidecar = await startTestSidecar({
    upstream: inbound.url,
    annotations: {
      'remote-entries': JSON.stringify([
        { name: 'docs', ...at },
        { name: 'events', ...at, transport: 'sse' },
        { name: 'others', ...at },
      ]),
    },
    createEntryUpstream: verifiedOnLoopback,
  });
  await sidecar.ready();
});
afterAll(async () => {
  await sidecar?.close();
  remote?.closeAllConnections();
  remote?.close();
  await inbound?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Opened {
  readonly response: IncomingMessage;
  readonly text: () => string;
  readonly ended: Promise<string>;
  leave(): void;
}

function open(entry: 'docs' | 'events', { isRead } = { isRead: true }): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: sidecar.entriesPort,
      path: `/${entry}`,
      headers: { accept: 'text/event-stream' },
      agent: false,
    };
    const request = httpRequest(options, (response) => {
      let text = '';
      const ended = new Promise<string>((settle) => {
        response.once('end', () => settle('end')).once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? ''));
      });
      if (isRead)
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
      resolve({ response, text: () => text, ended, leave: () => request.destroy() });
    });
    request.once('error', reject).end();
  });
}
const events = (response: ServerResponse, first = ''): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  if (first !== '') response.write(first);
};
const endpoint = 'event: endpoint\ndata: /messages?sessionId=a\n\n';

describe.each(['docs', 'events'] as const)('a stream of entry %s', (entry) => {
  const first = entry === 'events' ? endpoint : 'data: 0\n\n';

  it('[entry:streams] comes event by event, and is aborted at the remote when the app goes', async () => {
    let stream: ServerResponse | undefined;
    behave = (_, response) => {
      stream = response;
      events(response, first);
    };
    const opened = await open(entry);
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      stream?.write(event);
      await until(() => opened.text().endsWith(event));
    }
    expect(stream?.destroyed).toBe(false);
    opened.leave();
    await until(() => stream?.destroyed === true);
    await until(async () => (await sidecar.metric(`mcp_sluice_entry_in_flight{entry="${entry}"}`)) === 0);
  });

  it('[entry:streams] breaks off, and does not end, when the remote dies', async () => {
    let die = (): void => undefined;
    behave = (request, response) => {
      die = () => request.socket.destroy();
      events(response, first);
    };
    const opened = await open(entry);
    await until(() => opened.text() !== '');
    die();
    expect(await opened.ended).toBe('ECONNRESET');
  });

  it('[entry:streams] is read from the remote no faster than the app reads', async () => {
    let sentBytes = 0;
    const chunk = Buffer.from(`data: ${'x'.repeat(64 * 1024)}\n\n`);
    behave = (_, response) => {
      events(response, first);
      const push = (): void => {
        while (sentBytes < 256 * MIB) {
          sentBytes += chunk.length;
          if (!response.write(chunk)) break;
        }
      };
      response.on('drain', push);
      push();
    };
    const opened = await open(entry, { isRead: false });
    let last = -1;
    await until(() => {
      const isStill = sentBytes === last;
      last = sentBytes;
      return isStill && sentBytes > 0;
    });
    expect(sentBytes).toBeLessThan(64 * MIB);
    let readBytes = 0;
    opened.response
      .on('error', () => undefined)
      .on('data', (part: Buffer) => {
        readBytes += part.length;
      });
    await until(() => readBytes > 96 * MIB);
    opened.leave();
  });
});

it('[entry:room] bodies for remotes that do not answer leave another entry and inbound traffic their room', async () => {
  const waiting: ServerResponse[] = [];
  behave = (request, response) => {
    request.resume();
    waiting.push(response);
  };
  const padding = 'x'.repeat(7 * MIB);
  const body = toolCall('a').replace('"arguments":{}', `"arguments":{"x":"${padding}"}`);
  const send = (port: number, entry = 'docs') => sendRaw(port, rawRequest({ target: `/${entry}`, body }), { quietMs: 200 });
  const holds = (bytes: number) => until(async () => (await sidecar.metric('mcp_sluice_buffered_bytes')) > bytes);
  const hanging = [1, 2].map(() => send(sidecar.entriesPort));
  await holds(14 * MIB);
  expect((await send(sidecar.entriesPort)).status).toBe(503);
  hanging.push(...[3, 4].map(() => send(sidecar.entriesPort, 'others')));
  await holds(28 * MIB);
  expect((await send(sidecar.entriesPort, 'events')).status).toBe(503);
  expect((await send(sidecar.port)).status).toBe(200);
  await until(() => waiting.length === 4);
  for (const response of waiting) response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  expect((await Promise.all(hanging)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  await until(async () => (await sidecar.metric('mcp_sluice_buffered_bytes')) === 0);
});
