import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedis, type RedisBinary } from './find-redis.ts';

export interface StartedRedis {
  readonly url: string;
  readonly port: number;
  /** Absent where `REDIS_URL` named a Redis that is not ours to stop. */
  readonly pid?: number;
  /** Ends the process, also a stopped (SIGSTOP) one, and removes its directory; nothing for a Redis that is not ours. */
  stop(): Promise<void>;
}
export interface RedisStart {
  /** A fixed port; without it a free one. */
  readonly port?: number;
  /** More arguments of redis-server. */
  readonly args?: readonly string[];
  /** Uses this program, whatever `REDIS_URL` says. */
  readonly binary?: RedisBinary;
}

/** Starts a Redis of our own on loopback, without persistence, or hands back the one of `REDIS_URL`. */
export async function startRedis(start: RedisStart = {}): Promise<StartedRedis> {
  const found = start.binary ?? (await findRedis());
  if (found.kind === 'url') {
    return { url: found.url, port: Number(new URL(found.url).port || 6379), stop: async () => undefined };
  }
  const directory = await mkdtemp(join(tmpdir(), 'mcp-sluice-redis-'));
  let reason = '';
  // A port that was free a moment ago may be taken by now.
  for (let attempt = 0; attempt < (start.port === undefined ? 5 : 1); attempt++) {
    const port = start.port ?? (await freePort());
    const outcome = await launch(found, port, directory, start.args ?? []);
    if (typeof outcome !== 'string') return outcome;
    reason = outcome;
  }
  await rm(directory, { recursive: true, force: true });
  throw new Error(`redis-server did not start: ${reason}`);
}

async function launch(binary: RedisBinary, port: number, directory: string, args: readonly string[]): Promise<StartedRedis | string> {
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory];
  const child = spawn(binary.path, [...fixed, ...args], { env: { ...binary.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-2000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  // The child must not outlive us, however we end.
  const onExit = (): void => void child.kill('SIGKILL');
  process.once('exit', onExit);
  const stop = async (): Promise<void> => {
    await end(child, ended);
    process.removeListener('exit', onExit);
    await rm(directory, { recursive: true, force: true });
  };
  const deadlineMs = Date.now() + 10_000;
  while (Date.now() < deadlineMs && child.exitCode === null && child.pid !== undefined) {
    // Where it listens by TLS only, `--port 0` stands among the arguments and the log line is all there is.
    if (/Ready to accept connections/i.test(output) && (args.includes('--tls-port') || (await answers(port)))) {
      return { url: `redis://127.0.0.1:${port}`, port, pid: child.pid, stop };
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await end(child, ended);
  process.removeListener('exit', onExit);
  return output.trim().split('\n').at(-1) || 'it ended without a word';
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
    await ended;
    clearTimeout(timer);
  }
}

/** Any answer to a PING, an error for want of a password too, says that it listens. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(500, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('data', () => finish(true));
    socket.once('connect', () => socket.write('PING\r\n'));
  });
}

/** A loopback port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
