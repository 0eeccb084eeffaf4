import { normalId, type ServerEvent } from '../src/mcp/server-event.ts';
import type { Caller } from './caller.ts';
import { EventReader, type ResponseReader, StreamTail } from './event-reader.ts';
import { headerValue } from './headers.ts';
import type { PolledCall } from './polled-calls.ts';
import type { SessionBook, SessionRecord } from './session-book.ts';

/** Calls over one stream whose answers are awaited; of more than that the clock heeds the POST alone. */
const MOST_AWAITED = 256;

/**
 * One request in a session, as far as the session's clock goes. The clock stands
 * still during requests and notifications; answers of the client, pings and streams
 * that it only listens to make no difference, or a client that merely exists would
 * keep its session for ever.
 */
export class SessionStay {
  readonly record: SessionRecord;
  readonly #caller: Caller;
  readonly #book: SessionBook;
  /** The call that this GET goes on with. */
  readonly #polled: PolledCall | undefined;
  readonly #isTouching: boolean;
  #isBegun = false;
  #isClosed = false;
  #awaits: string | undefined;
  #tail: StreamTail | undefined;

  constructor(record: SessionRecord, caller: Caller, book: SessionBook) {
    const { message, method, headers } = caller;
    this.record = record;
    this.#caller = caller;
    this.#book = book;
    this.#polled = method === 'GET' && headers.lastEventId !== undefined ? record.pollable?.find(headers.lastEventId) : undefined;
    const isWork = message.kind === 'notification' || (message.kind === 'request' && message.method !== 'ping');
    this.#isTouching = isWork || this.#polled !== undefined;
  }

  /** False: the session has ended. */
  begin(): boolean | Promise<boolean> {
    const { headers, rawHeaders } = this.#caller;
    if (!this.#book.touch(this.record, headers.protocolVersion, headerValue(rawHeaders, 'authorization'))) return false;
    if (!this.#isTouching) return true;
    const begun = this.record.held.begin();
    if (begun === true) return this.#start();
    return begun.then((isAlive) => isAlive && this.#start());
  }

  #start(): true {
    // The client left while the store was asked.
    if (this.#isClosed) this.record.held.finish();
    else {
      this.#isBegun = true;
      if (this.record.isStream) this.#await();
    }
    return true;
  }

  /** The POST of a message ends before its call does (MCP 2024-11-05, "HTTP with SSE"). */
  #await(): void {
    const { record } = this;
    const { message, body } = this.#caller;
    if (message.kind === 'notification' && message.method === 'notifications/cancelled') record.stopAwaiting(cancelledId(body));
    if (message.kind !== 'request' || record.awaited.size >= MOST_AWAITED) return;
    const id = normalId(message.id);
    if (record.awaited.has(id) || record.held.begin() !== true) return;
    record.awaited.add(id);
    this.#awaits = id;
  }

  /** For a stream of events that answers the request: whether a call was answered is seen on its stream alone. */
  openReader(): ResponseReader | undefined {
    if (!this.#isBegun) return undefined;
    if (this.#polled !== undefined) return new EventReader((event) => this.#hear(event));
    if (this.#caller.message.kind !== 'request') return undefined;
    this.#tail = new StreamTail();
    return this.#tail;
  }

  /** From its answer on the stream is one like others, which keeps no session alive. */
  #hear(event: ServerEvent | undefined): void {
    if (this.#polled !== undefined && this.record.calls.hear(this.#polled, event)) this.#finish();
  }

  /** `isAccepted`: the upstream answered with a 2xx. */
  close({ isAccepted }: { readonly isAccepted: boolean }): void {
    this.#isClosed = true;
    this.#judgeCall();
    this.#finish();
    this.record.streams.delete(this.#caller.exchange);
    if (!isAccepted) this.record.stopAwaiting(this.#awaits);
  }

  /** Its stream ended after the answer, or without it: then the call is to be polled. */
  #judgeCall(): void {
    const { message } = this.#caller;
    if (this.#tail === undefined || message.kind !== 'request') return;
    const id = normalId(message.id);
    const { isAnswered, eventIds } = this.#tail.judge(id);
    if (!isAnswered && eventIds.length > 0) this.record.calls.add(id, eventIds);
  }

  #finish(): void {
    if (!this.#isBegun) return;
    this.#isBegun = false;
    this.record.held.finish();
  }
}

/** Undefined for what names no request. The body was read by the parser already, so that it is JSON. */
function cancelledId(body: Uint8Array | undefined): string | undefined {
  const { params } = JSON.parse(Buffer.from(body ?? []).toString() || '{}') as { params?: { requestId?: unknown } };
  return params?.requestId === undefined ? undefined : JSON.stringify(params.requestId);
}
