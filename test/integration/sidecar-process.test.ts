import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/everything-server.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { until } from '../support/until-true.ts';

const program = join(import.meta.dirname, '../../src/cli/main.ts');
let folder: string;
let upstream: FakeUpstream;
let port: number;
let adminPort: number;
let output = '';
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  await writeFile(join(folder, 'annotations.yaml'), 'mcp-sluice.dev/inject: "true"\n');
  upstream = await startFakeUpstream((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
    if (request.method !== 'GET') response.end();
  });
  [port, adminPort] = [await freePort(), await freePort()];
  output = '';
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

interface Exit {
  code?: number | null;
}

async function start(args: string[] = []): Promise<Exit> {
  const argv = [`--listen=127.0.0.1:${port}`, `--upstream=${upstream.url}`, `--admin=127.0.0.1:${adminPort}`, `--state-dir=${folder}`];
  const started = spawn(process.execPath, [program, 'sidecar', ...argv, `--annotations=${join(folder, 'annotations.yaml')}`, ...args]);
  child = started;
  const exit: Exit = {};
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  started.stdout.on('data', collect);
  started.stderr.on('data', collect);
  started.once('close', (code) => {
    exit.code = code;
  });
  await until(() => readiness().then((status) => status === 200));
  return exit;
}
const readiness = () =>
  fetch(`http://127.0.0.1:${adminPort}/readyz`).then(
    ({ status }) => status,
    () => 0,
  );

function openStream(): Promise<{ ended: Promise<string>; stop: () => void }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, path: '/mcp', agent: false });
    request.once('error', reject);
    request.once('response', (response: IncomingMessage) => {
      response.resume();
      const ended = new Promise<string>((done) => {
        response.once('end', () => done('end'));
        response.once('error', () => done('broken'));
      });
      resolve({ ended, stop: () => request.destroy() });
    });
    request.end();
  });
}

describe('the sidecar as a process', () => {
  it('[sidecar:drain-command] drains when told so through its socket: not ready, in flight goes on, then ends with 0', async () => {
    const exit = await start();
    const stream = await openStream();
    const drained = spawnSync(process.execPath, [program, 'drain', `--socket=${join(folder, 'drain.sock')}`]);
    expect([drained.status, drained.stdout.toString()]).toEqual([0, 'mcp-sluice drain: draining\n']);
    expect(await readiness()).toBe(503);
    const answer = await sendRaw(port, rawRequest({ body: toolCall('a') }));
    expect([answer.status, answer.headers['connection']]).toEqual([200, 'close']);
    child?.kill('SIGTERM');
    await until(() =>
      sendRaw(port, rawRequest({ body: toolCall('a') })).then(
        () => false,
        () => true,
      ),
    );
    expect(exit.code).toBeUndefined();
    stream.stop();
    await until(() => exit.code === 0);
  });

  it('[sidecar:drain-grace] cuts a stream that outlives the grace period, and ends with 0', async () => {
    const exit = await start(['--grace-seconds=2']);
    const stream = await openStream();
    child?.kill('SIGTERM');
    expect(await stream.ended).toBe('broken');
    await until(() => exit.code === 0);
  });

  it('[sidecar:drain-twice] ends at once at the second SIGINT', async () => {
    const exit = await start();
    await openStream().then(({ ended }) => void ended);
    child?.kill('SIGINT');
    await until(() => output.includes('draining'));
    child?.kill('SIGINT');
    await until(() => exit.code === 0);
  });

  it('[sidecar:all-errors] ends with 64 and every error where the command line is wrong', () => {
    const { status, stderr } = spawnSync(process.execPath, [program, 'sidecar', '--listen=x', '--nonsense']);
    expect(status).toBe(64);
    expect(stderr.toString().trim().split('\n')).toHaveLength(4);
  });

  it('says that nobody answers where a drain finds no sidecar', () => {
    const { status, stderr } = spawnSync(process.execPath, [program, 'drain', `--state-dir=${folder}`]);
    expect([status, stderr.toString()]).toEqual([1, expect.stringContaining('no sidecar answers')]);
  });
});
