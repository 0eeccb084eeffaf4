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

/** The modern one lies beside the TypeScript 2.x client. */
export async function startServer(name: ServerName, clients: Readonly<Record<string, Command>>): Promise<RunningServer> {
  if (name === 'reference server') return startEverythingServer('streamableHttp');
  const client = clients['typescript-2'];
  if (client === undefined) throw new Error('the modern server is not installed');
  return startModernServer(client);
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

/** A sidecar of its own, with a Redis of its own, before a server. */
export interface EmptyStage {
  readonly sidecar: TestSidecar;
  readonly redis: StartedRedis;
  readonly recorder: Recorder;
  /** Starts one more client. */
  enter(): Promise<ClientProgram>;
  close(): Promise<void>;
}

/** With a client on it. */
export interface Stage extends EmptyStage {
  readonly client: ClientProgram;
}

interface StageParts {
  readonly command: Command;
  readonly server: RunningServer;
  readonly annotations: Readonly<Record<string, string>>;
}

export async function openStage(parts: StageParts): Promise<Stage> {
  const stage = await openEmptyStage(parts);
  try {
    return { ...stage, client: await stage.enter() };
  } catch (error) {
    await stage.close();
    throw error;
  }
}

export async function openEmptyStage(parts: StageParts): Promise<EmptyStage> {
  const redis = await ownRedis();
  const recorder = await startRecorder(parts.server.url);
  const sidecar = await startTestSidecar({ upstream: recorder.url, annotations: { redis: redis.url, ...parts.annotations } });
  const entered: ClientProgram[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(entered.map((client) => client.stop()));
    await sidecar.close();
    recorder.close();
    await redis.stop();
  };
  async function enter(): Promise<ClientProgram> {
    const client = await startClient(parts.command, `${sidecar.url}/mcp`);
    entered.push(client);
    return client;
  }
  try {
    await sidecar.ready();
    return { sidecar, redis, recorder, enter, close };
  } catch (error) {
    await close();
    throw error;
  }
}
