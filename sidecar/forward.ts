import type { Readable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import type { Refusal } from '../src/mcp/message.ts';

/** What the upstream is asked: checked, and not to be changed any more. */
export interface UpstreamRequest {
  readonly method: string;
  /** Origin-form, as the client spelt it. */
  readonly target: string;
  /** Names and values by turns, `Host` among them. */
  readonly headers: readonly string[];
  /** Empty or absent: none. The length of bytes is said by a fresh `Content-Length`; a stream's by the headers, else it goes in chunks. */
  readonly body?: Uint8Array | Readable | undefined;
}

export interface Failure {
  readonly error: Error;
  /** False where no byte of the request was written: no connection could be made. */
  readonly wasSent: boolean;
  /** True where the head of the response had been given to the sink. */
  readonly hadHead: boolean;
  /** What the client is told, where the upstream knows it better than what says that it gave no answer. */
  readonly refusal?: UpstreamRefusal | undefined;
}

/** An answer in an upstream's place, without what is of the request. */
export type UpstreamRefusal = Pick<Refusal, 'rung' | 'status' | 'message' | 'headers' | 'data'>;

/** Receives one response. After `fail` or `end` nothing follows. */
export interface Sink {
  /** A 1xx, before the final response. */
  inform(status: number, rawHeaders: readonly Uint8Array[]): void;
  begin(status: number, reason: string, rawHeaders: readonly Uint8Array[]): void;
  /** False: no more until `resume` of the flow. */
  write(chunk: Uint8Array): boolean;
  end(rawTrailers: readonly Uint8Array[]): void;
  fail(failure: Failure): void;
}

export interface Flow {
  resume(): void;
  /** Breaks the connection to the upstream at once; the sink hears nothing more. */
  abort(): void;
}

/** The narrow interface behind which a leaner client may stand one day (performance.md). */
export interface Upstream {
  dispatch(request: UpstreamRequest, sink: Sink): Flow;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Below uvicorn's 5 s, which it does not announce; Node's own 5 s is announced and undici heeds it. */
const KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_LIMIT_MS = 60_000;
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * An upstream over undici, at the first of several origins that accepts.
 *
 * No timeout on responses, head or body: a tool may think for an hour, a stream
 * is silent for days; the client's own patience ends it, as its abort is ours.
 */
export function createUpstream(origins: readonly string[]): Upstream {
  const pools = origins.map(
    (origin) =>
      new Pool(origin, {
        connections: null,
        pipelining: 1,
        allowH2: false,
        connect: { timeout: CONNECT_TIMEOUT_MS },
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE_MS,
        keepAliveMaxTimeout: KEEP_ALIVE_LIMIT_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
      }),
  );
  const choice = { pools, current: 0 };
  return {
    dispatch: (request, sink) => new Attempt(choice, request, sink).start(),
    close: async () => {
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}

export function hasBody(body: UpstreamRequest['body']): body is Uint8Array | Readable {
  return body instanceof Uint8Array ? body.byteLength > 0 : body !== undefined;
}

/**
 * A kept connection may end just as we write on it. What was written may have been acted upon, so only what changes
 * nothing is sent again, once (RFC 9110 §9.2.2); never a POST.
 */
export function mayBeSentAgain({ method, body }: UpstreamRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && !hasBody(body);
}

interface Choice {
  readonly pools: readonly Pool[];
  /** Which pool accepted last. */
  current: number;
}

/** One request on its way: undici's handler and the sink's flow in one object. */
class Attempt implements Dispatcher.DispatchHandler, Flow {
  readonly #choice: Choice;
  readonly #request: UpstreamRequest;
  readonly #sink: Sink;
  #controller: Dispatcher.DispatchController | undefined;
  #origin: number;
  #originsTried = 0;
  #wasSent = false;
  #hadHead = false;
  #wasHeard = false;
  #isAgain = false;
  #isOver = false;

  constructor(choice: Choice, request: UpstreamRequest, sink: Sink) {
    this.#choice = choice;
    this.#request = request;
    this.#sink = sink;
    this.#origin = choice.current;
  }

  start(): this {
    const { method, target, headers, body } = this.#request;
    const pool = this.#choice.pools[this.#origin];
    try {
      pool?.dispatch(
        {
          method,
          path: target,
          headers: headers as string[],
          body: hasBody(body) ? body : null,
          idempotent: false,
        },
        this,
      );
    } catch (error) {
      this.#fail(error as Error);
    }
    return this;
  }

  abort(): void {
    this.#isOver = true;
    this.#controller?.abort(new Error('the client is gone'));
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) {
      // The client left while we were connecting: nothing was written yet.
      controller.abort(new Error('the client is gone'));
      return;
    }
    this.#wasSent = true;
    this.#choice.current = this.#origin;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, reason?: string): void {
    this.#wasHeard = true;
    const rawHeaders = (controller.rawHeaders ?? []) as Buffer[];
    if (status < 200) {
      this.#sink.inform(status, rawHeaders);
      return;
    }
    this.#hadHead = true;
    this.#sink.begin(status, reason ?? '', rawHeaders);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#sink.write(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#isOver = true;
    this.#sink.end((controller.rawTrailers ?? []) as Buffer[]);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#isOver) return;
    this.#originsTried += 1;
    if (!this.#wasSent && this.#originsTried < this.#choice.pools.length) {
      this.#origin = (this.#origin + 1) % this.#choice.pools.length;
      this.start();
      return;
    }
    if (this.#wasSent && !this.#wasHeard && !this.#isAgain && mayBeSentAgain(this.#request)) {
      this.#isAgain = true;
      this.start();
      return;
    }
    this.#fail(error);
  }

  #fail(error: Error): void {
    this.#isOver = true;
    this.#sink.fail({ error, wasSent: this.#wasSent, hadHead: this.#hadHead });
  }
}
