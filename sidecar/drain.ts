import { mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { readArguments } from '../src/lib/arguments.ts';

const SOCKET = 'drain.sock';
const CHECK_MS = 50;
/** Before the grace period's end, at which the kubelet kills. */
const MARGIN_MS = 1_000;

export interface DrainDeps {
  readonly graceMs: number;
  /** From the start of the drain until nothing is accepted any more: endpoints elsewhere take a while to forget us. */
  readonly acceptMs: number;
  readonly nowMs: () => number;
  readonly inFlight: () => number;
  readonly stopAccepting: () => void;
  readonly cut: () => void;
  readonly onPhase: (phase: 'draining' | 'stopping' | 'cutting', inFlight: number) => void;
  readonly exit: () => void;
}

/**
 * The way out. Draining: not ready, responses say `Connection: close`, everything
 * is served on. Stopping (SIGTERM): after a moment nothing new is accepted; what
 * is in flight goes on until the grace period, counted from the drain's start, is
 * over.
 */
export class Drain {
  readonly #deps: DrainDeps;
  #startedMs: number | undefined;
  #isStopping = false;
  #isAccepting = true;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
  }

  get isDraining(): boolean {
    return this.#startedMs !== undefined;
  }

  begin(): void {
    if (this.#startedMs !== undefined) return;
    this.#startedMs = this.#deps.nowMs();
    this.#deps.onPhase('draining', this.#deps.inFlight());
  }

  /** SIGTERM or SIGINT; a second one ends at once. */
  terminate(): void {
    if (this.#isStopping) {
      this.#deps.exit();
      return;
    }
    this.begin();
    this.#isStopping = true;
    this.#step();
  }

  #step(): void {
    const sinceMs = this.#deps.nowMs() - (this.#startedMs ?? 0);
    if (this.#isAccepting && sinceMs >= this.#deps.acceptMs) {
      this.#isAccepting = false;
      this.#deps.onPhase('stopping', this.#deps.inFlight());
      this.#deps.stopAccepting();
    }
    const isOver = sinceMs >= Math.max(this.#deps.graceMs - MARGIN_MS, this.#deps.acceptMs);
    if (!this.#isAccepting && (isOver || this.#deps.inFlight() === 0)) {
      if (this.#deps.inFlight() > 0) this.#deps.onPhase('cutting', this.#deps.inFlight());
      this.#deps.cut();
      this.#deps.exit();
      return;
    }
    setTimeout(() => this.#step(), CHECK_MS);
  }
}

/** Whoever can open this socket can start the drain: the kubelet's preStop, by a command in our own container. */
export async function openDrainSocket(stateDir: string, begin: () => void): Promise<Server> {
  const path = join(stateDir, SOCKET);
  await mkdir(stateDir, { recursive: true });
  await rm(path, { force: true });
  const server = createServer((socket) => {
    begin();
    socket.on('error', () => {});
    socket.end('draining\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  return server;
}

/** `drain --socket=PATH` or `--state-dir=DIR`: tells the sidecar to drain. Exits 1 where none answers. */
export async function runDrain(argv: readonly string[]): Promise<void> {
  const { values, errors } = readArguments(argv, { socket: { type: 'string' }, 'state-dir': { type: 'string' } });
  const stateDir = values.get('state-dir')?.[0];
  const path = values.get('socket')?.[0] ?? (stateDir === undefined ? undefined : join(stateDir, SOCKET));
  if (errors.length > 0 || path === undefined) {
    const all = path === undefined ? [...errors, '--socket is missing (or --state-dir, where it lies)'] : errors;
    process.stderr.write(`mcp-sluice drain: ${all.join('\nmcp-sluice drain: ')}\n`);
    process.exitCode = 64;
    return;
  }
  try {
    process.stdout.write(`mcp-sluice drain: ${await ask(path)}`);
  } catch (error) {
    process.stderr.write(`mcp-sluice drain: no sidecar answers at ${path}: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function ask(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    connect(path)
      .on('data', (chunk: Buffer) => {
        answer += chunk.toString();
      })
      .once('error', reject)
      .once('close', () => resolve(answer));
  });
}
