import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 5_000;

export interface Started {
  readonly pid: number;
  /** What it wrote so far, the last 4000 characters. */
  output(): string;
}

export interface Processes {
  /**
   * Starts Node with these arguments and waits until `isUp` says so.
   *
   * @throws with the child's last words when it ends or is not up within 20 s.
   */
  start(name: string, args: readonly string[], isUp: () => Promise<boolean>, env?: Readonly<Record<string, string>>): Promise<Started>;
  /** Ends all of them, by pid, with SIGTERM and after 5 s with SIGKILL. */
  stopAll(): Promise<void>;
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** The children of the demo; none outlives it, however it ends. */
export function createProcesses({ cwd, env: ours }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }): Processes {
  const children = new Set<ChildProcess>();
  let isClosed = false;
  // Where nothing asynchronous runs any more: an exit in the midst of things.
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
  });

  async function stop(child: ChildProcess): Promise<void> {
    if (!hasEnded(child)) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      await ended;
      clearTimeout(timer);
    }
    children.delete(child);
  }

  return {
    async start(name, args, isUp, env = {}) {
      // An interrupted scene runs on until its next step.
      if (isClosed) throw new Error('The demo has ended.');
      // A group of its own: a terminal's Ctrl-C reaches the demo alone, which then ends its children in order.
      const child = spawn(process.execPath, args, {
        cwd,
        detached: true,
        env: { ...ours, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let text = '';
      const keep = (chunk: Buffer): void => {
        text = (text + chunk.toString()).slice(-4000);
      };
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
      child.on('error', (error) => keep(Buffer.from(error.message)));
      children.add(child);
      const deadlineMs = performance.now() + START_DEADLINE_MS;
      while (!(await isUp())) {
        if (child.pid === undefined || hasEnded(child)) throw new Error(`${name} ended at once:\n${text}`);
        if (performance.now() > deadlineMs) throw new Error(`${name} did not come up within ${START_DEADLINE_MS / 1000} s:\n${text}`);
        await sleep(50);
      }
      return { pid: child.pid ?? 0, output: () => text };
    },
    async stopAll() {
      isClosed = true;
      await Promise.all([...children].map(stop));
    },
  };
}
