import { isModernRevision } from '../src/mcp/era.ts';
import { ByteBudget } from './byte-budget.ts';
import type { Sink, Upstream } from './forward.ts';

/** What a session is closed by at its server. */
export interface Closing {
  readonly id: string;
  readonly target: string;
  readonly protocolVersion: string | undefined;
  /** Servers that bind a session to its credential close it to nobody else. */
  readonly authorization: string | undefined;
}

const AT_ONCE = 8;
const DEADLINE_MS = 10_000;
/** As many as a pod may hold at most, all reaped in one sweep. */
const QUEUE_LIMIT = 100_000;
const QUEUE_LIMIT_CHARACTERS = 64 * 1024 * 1024;

/** Targets and tokens have what length the client likes: a slow server's queue of them is not to be our end, nor are several. */
export function closingBudget(): ByteBudget {
  return new ByteBudget(QUEUE_LIMIT_CHARACTERS);
}

/** Closes sessions at their server, a few at a time; what its answer is makes no difference. */
export class SessionCloser {
  readonly #upstream: Upstream;
  readonly #host: string;
  /** In characters, over all whose budget it is. */
  readonly #budget: ByteBudget;
  #queue: Closing[] = [];
  #next = 0;
  #running = 0;

  constructor(upstream: Upstream, host: string, budget = closingBudget()) {
    this.#upstream = upstream;
    this.#host = host;
    this.#budget = budget;
  }

  /** Those that wait. */
  get waiting(): number {
    return this.#queue.length - this.#next;
  }

  /** False where too many wait already: its server is left to close it. */
  close(closing: Closing): boolean {
    if (this.waiting >= QUEUE_LIMIT || !this.#budget.take(lengthOf(closing))) return false;
    this.#queue.push(closing);
    this.#run();
    return true;
  }

  #run(): void {
    while (this.#running < AT_ONCE && this.#next < this.#queue.length) {
      const closing = this.#queue[this.#next] as Closing;
      this.#next += 1;
      this.#budget.give(lengthOf(closing));
      if (this.#next === this.#queue.length) {
        this.#queue = [];
        this.#next = 0;
      }
      this.#running += 1;
      this.#send(closing);
    }
  }

  #send({ id, target, protocolVersion, authorization }: Closing): void {
    const headers = ['Host', this.#host, 'Mcp-Session-Id', id];
    // By a revision without sessions a server of both eras would take it for another request.
    if (protocolVersion !== undefined && !isModernRevision(protocolVersion)) headers.push('MCP-Protocol-Version', protocolVersion);
    if (authorization !== undefined) headers.push('Authorization', authorization);
    let isOver = false;
    const done = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(deadline);
      this.#running -= 1;
      // Not from here: where each fails at once the stack would end before the queue.
      queueMicrotask(() => this.#run());
    };
    const deadline = setTimeout(() => {
      flow.abort();
      done();
    }, DEADLINE_MS);
    deadline.unref();
    const sink: Sink = { inform: ignore, begin: ignore, write: () => true, end: done, fail: done };
    const flow = this.#upstream.dispatch({ method: 'DELETE', target, headers }, sink);
  }
}

function lengthOf({ id, target, authorization }: Closing): number {
  return id.length + target.length + (authorization?.length ?? 0);
}

function ignore(): void {}
