import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_DEADLINE_MS = 20_000;

export interface Child {
  readonly pid: number;
  /** What it wrote, the last 4000 characters. */
  output(): string;
  /** Ends it, at once. */
  stop(): Promise<void>;
}

/**
 * Starts a program and waits until `isUp` says so. It does not outlive this process.
 *
 * @throws with the program's last words when it ends or is not up within 20 s.
 */
export async function startChild(
  command: string,
  args: readonly string[],
  isUp: () => Promise<boolean>,
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let text = '';
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(error.message)));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', kill);
    if (hasEnded(child) || child.pid === undefined) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    kill();
    await ended;
  };
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  while (!(await isUp())) {
    if (child.pid === undefined || hasEnded(child)) throw new Error(`${command} ended at once:\n${text}`);
    if (performance.now() > deadlineMs) {
      await stop();
      throw new Error(`${command} did not come up within ${START_DEADLINE_MS / 1000} s:\n${text}`);
    }
    await sleep(30);
  }
  return { pid: child.pid ?? 0, output: () => text, stop };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Whether anything answers there. */
export async function answers(url: string, isOk = false): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  await response?.body?.cancel();
  return response !== undefined && (!isOk || response.ok);
}

/** Whether something listens at that port of 127.0.0.1. */
export function tcpAccepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}
