import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What a caller of the client was told: the result's text, or all that the error says. */
export interface Answer {
  readonly ok: boolean;
  readonly text: string;
  /** The client's session, or the client itself, is no more. */
  readonly dead?: boolean;
  /** How many notifications of progress the caller heard. */
  readonly progress?: number;
}

export interface ClientProgram {
  call(name: string, given: object): Promise<Answer>;
  stop(): Promise<void>;
}

const PATIENCE_MS = 30_000;

/** Starts a client against a server; resolves once it is connected. */
export async function startClient({ file, args, env }: Command, url: string): Promise<ClientProgram> {
  const child = spawn(file, [...args, url], { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  child.stdin.on('error', () => undefined);
  const heard = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));

  async function next(): Promise<{ readonly ready?: boolean } & Answer> {
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const { value, done } = await heard.next();
    clearTimeout(timer);
    return done ? { ok: false, dead: true, text: `the client has ended: ${errors}` } : JSON.parse(value);
  }

  const first = await next();
  if (!first.ready) throw new Error(`the client did not connect: ${first.text}`);
  return {
    call(name, given) {
      child.stdin.write(`${JSON.stringify({ name, arguments: given })}\n`);
      return next();
    },
    async stop() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await closed;
      clearTimeout(timer);
    },
  };
}
