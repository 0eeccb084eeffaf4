import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { startEverythingServer } from '../support/everything-server.ts';
import { ownRedis } from '../support/redis.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import type { ServerName } from './catalog.ts';
import { type ClientProgram, type Command, startClient } from './client-program.ts';
import { type Recorder, startRecorder } from './recorder.ts';

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** `modern` is how the TypeScript 2.x client is started: the server lies beside it. */
export function startServer(name: ServerName, modern: Command): Promise<RunningServer> {
  return name === 'reference server' ? startEverythingServer('streamableHttp') : startModernServer(modern);
}

async function startModernServer({ file, args }: Command): Promise<RunningServer> {
  const child = spawn(file, [(args[0] ?? '').replace(/client\.mjs$/, 'server.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  for await (const port of createInterface({ input: child.stdout })) {
    return {
      url: `http://127.0.0.1:${port}`,
      stop() {
        child.kill('SIGKILL');
        return closed;
      },
    };
  }
  throw new Error('the modern server did not start');
}

/** A client before a sidecar of its own, with a Redis of its own, before a server. */
export interface Stage {
  readonly client: ClientProgram;
  readonly sidecar: TestSidecar;
  readonly redis: StartedRedis;
  readonly recorder: Recorder;
  close(): Promise<void>;
}

export async function openStage(parts: {
  readonly command: Command;
  readonly server: RunningServer;
  readonly annotations: Readonly<Record<string, string>>;
}): Promise<Stage> {
  const redis = await ownRedis();
  const recorder = await startRecorder(parts.server.url);
  const sidecar = await startTestSidecar({ upstream: recorder.url, annotations: { redis: redis.url, ...parts.annotations } });
  const closeRest = async (): Promise<void> => {
    await sidecar.close();
    recorder.close();
    await redis.stop();
  };
  try {
    await sidecar.ready();
    const client = await startClient(parts.command, `${sidecar.url}/mcp`);
    return {
      client,
      sidecar,
      redis,
      recorder,
      async close() {
        await client.stop();
        await closeRest();
      },
    };
  } catch (error) {
    await closeRest();
    throw error;
  }
}
