import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ByteBudget } from './byte-budget.ts';
import type { Flow } from './forward.ts';

/** One request received and the response that it gets; everything that must end with it is let go here. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly isLoopbackListener: boolean;
  /** The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1). */
  readonly isContinueAwaited: boolean;
  /** For a body that is held; between two pieces of one that passes on as it comes. */
  readonly bodyTimeoutMs: number;
  #budget: ByteBudget;
  #bufferedBytes = 0;
  #flow: Flow | undefined;
  #survive: (flow: Flow) => boolean = () => false;
  readonly #onClose: (() => void)[] = [];
  #isGone = false;

  constructor(received: {
    request: IncomingMessage;
    response: ServerResponse;
    isLoopbackListener: boolean;
    isContinueAwaited: boolean;
    bodyTimeoutMs: number;
    budget: ByteBudget;
  }) {
    this.request = received.request;
    this.response = received.response;
    this.socket = received.request.socket;
    this.isLoopbackListener = received.isLoopbackListener;
    this.isContinueAwaited = received.isContinueAwaited;
    this.bodyTimeoutMs = received.bodyTimeoutMs;
    this.#budget = received.budget;
  }

  /** The response was sent or its connection is gone. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** What is held from now on counts against a part of what all may hold; to be called before any is. */
  chargeTo(part: ByteBudget): void {
    this.#budget = part;
  }

  /** Counts bytes held for this request against what all may hold; false where there is no room. */
  hold(bytes: number): boolean {
    if (this.#isGone || !this.#budget.take(bytes)) return false;
    this.#bufferedBytes += bytes;
    return true;
  }

  /** The body need not be kept any longer. */
  letGo(): void {
    this.#budget.give(this.#bufferedBytes);
    this.#bufferedBytes = 0;
  }

  /** To be called once, when the response was sent or its connection is gone; at once where that is so already. */
  onClose(listener: () => void): void {
    if (this.#isGone) listener();
    else this.#onClose.push(listener);
  }

  /** From here on the upstream is aborted when the client goes, unless `survive` answers that it takes the flow over. */
  attach(flow: Flow, survive: (flow: Flow) => boolean = () => false): void {
    this.#flow = flow;
    this.#survive = survive;
    if (this.#isGone && !survive(flow)) flow.abort();
  }

  /** Ends the response where it stands, and the upstream's with it. */
  finish(): void {
    this.#flow?.abort();
    this.#flow = undefined;
    if (!this.response.writableEnded) this.response.end();
  }

  resumeUpstream(): void {
    this.#flow?.resume();
  }

  /** The upstream has said all it had to. */
  detach(): void {
    this.#flow = undefined;
  }

  /** True where that aborted the upstream. */
  close(): boolean {
    const isAbort = this.#flow !== undefined;
    this.#isGone = true;
    if (this.#flow !== undefined && !this.#survive(this.#flow)) this.#flow.abort();
    this.#flow = undefined;
    this.letGo();
    for (const listener of this.#onClose.splice(0)) listener();
    return isAbort;
  }
}
