import type { ResponseReader } from './event-reader.ts';
import type { EventStream } from './event-stream.ts';
import type { Exchange } from './exchange.ts';
import type { Failure, Sink } from './forward.ts';
import { headerValue, responseHeaders } from './headers.ts';

export interface RelayOptions {
  /** Origins of the upstream, which the client does not know. */
  readonly upstreams: readonly string[];
  /** Added as lines of their own. */
  readonly extraHeaders?: Readonly<Record<string, string>> | undefined;
  /** What of the head of the final response is for the client; names and values by turns. */
  readonly admitHead: (status: number, headers: string[]) => string[];
  /** The head, or nothing of it, came when the client was gone. */
  readonly onOrphaned: (headers: readonly string[] | undefined) => void;
  /** Makes what reads a response along. */
  readonly openReader?: (status: number, headers: readonly string[]) => ResponseReader | undefined;
  /** Makes what reads the events of a response, where there are any to read; names and values by turns. */
  readonly openEvents?: (status: number, headers: readonly string[]) => EventStream | undefined;
  readonly isDraining: () => boolean;
  /** The head of the final response came; names and values by turns. */
  readonly onAnswered: (status: number, headers: readonly string[]) => void;
  /** The upstream ended the exchange before it was complete. */
  readonly onBroken: (phase: 'connect' | 'head' | 'body') => void;
  /** Nothing of a response was sent yet: the caller answers. */
  readonly onUnanswered: (failure: Failure) => void;
}

/** Gives an upstream's response to the client, as it comes. */
export class Relay implements Sink {
  readonly #exchange: Exchange;
  readonly #options: RelayOptions;
  #events: EventStream | undefined;
  #reader: ResponseReader | undefined;

  constructor(exchange: Exchange, options: RelayOptions) {
    this.#exchange = exchange;
    this.#options = options;
  }

  /** RFC 9110 §15.2: a proxy forwards 1xx, but never to an HTTP/1.0 client; `100` was answered by us. */
  inform(status: number, rawHeaders: readonly Uint8Array[]): void {
    const { request, response } = this.#exchange;
    if (this.#exchange.isGone || request.httpVersion === '1.0' || status === 100 || status === 101) return;
    response.writeInformation(status, responseHeaders(rawHeaders, this.#options.upstreams));
  }

  begin(status: number, reason: string, rawHeaders: readonly Uint8Array[]): void {
    const exchange = this.#exchange;
    const received = responseHeaders(rawHeaders, this.#options.upstreams);
    if (exchange.isGone) {
      this.#options.onOrphaned(received);
      return;
    }
    exchange.letGo();
    const { response } = exchange;
    const headers = this.#options.admitHead(status, received);
    // Lists both (draft-ietf-httpapi-ratelimit-headers), so that what the upstream says of its own limits stays beside ours.
    for (const [name, value] of Object.entries(this.#options.extraHeaders ?? {})) headers.push(name, value);
    if (this.#options.isDraining()) response.shouldKeepAlive = false;
    response.writeHead(status, soundReason(reason), headers);
    const events = this.#options.openEvents?.(status, headers);
    this.#events = events;
    this.#reader = this.#options.openReader?.(status, headers);
    if (events !== undefined) response.once('close', () => events.close());
    this.#options.onAnswered(status, headers);
    // Sent together with the first bytes where they came along, alone where
    // they did not: a stream's client waits for the head.
    setImmediate(flushHead, exchange);
    response.on('drain', resume.bind(undefined, exchange));
  }

  write(chunk: Uint8Array): boolean {
    if (this.#exchange.isGone) return true;
    const bytes = this.#events === undefined ? chunk : this.#events.transform(chunk);
    this.#reader?.read(chunk);
    // What was read may have ended it.
    if (this.#exchange.response.writableEnded) return true;
    // Nothing to write is no reason to wait.
    return bytes.byteLength === 0 || this.#exchange.response.write(bytes);
  }

  end(rawTrailers: readonly Uint8Array[]): void {
    const exchange = this.#exchange;
    exchange.detach();
    if (exchange.isGone) return;
    const { request, response } = exchange;
    const held = this.#events?.end();
    if (held?.byteLength) response.write(held);
    // RFC 9110 §6.5.1: trailers only for a client that said it reads them.
    if (rawTrailers.length > 0 && /\btrailers\b/i.test(headerValue(request.rawHeaders, 'te') ?? '')) {
      const trailers = responseHeaders(rawTrailers, this.#options.upstreams);
      response.addTrailers(trailers.flatMap((name, i) => (i % 2 === 0 ? [[name, trailers[i + 1] ?? '']] : [])) as [string, string][]);
    }
    response.end();
  }

  fail(failure: Failure): void {
    const exchange = this.#exchange;
    exchange.detach();
    if (exchange.isGone) {
      this.#options.onOrphaned(undefined);
      return;
    }
    this.#options.onBroken(failure.hadHead ? 'body' : failure.wasSent ? 'head' : 'connect');
    if (!exchange.response.headersSent) {
      this.#options.onUnanswered(failure);
      return;
    }
    // Never a clean end: the client must see that the rest is missing. Chunks
    // without the last one and a length not reached say so; to HTTP/1.0, where the
    // close may be the end of the body, only a reset does.
    if (exchange.request.httpVersion === '1.0') exchange.socket.resetAndDestroy();
    else exchange.socket.destroy();
  }
}

/**
 * Nothing in place of one that Node would not write: it keeps the text that it throws at, so that no other head could
 * be written either and the client would wait for ever. RFC 9112 §4: a reason says nothing that the status does not.
 */
function soundReason(reason: string): string {
  return /^[\t\x20-\x7e]*$/.test(reason) ? reason : '';
}

function flushHead(exchange: Exchange): void {
  if (!exchange.isGone && !exchange.response.writableEnded) exchange.response.flushHeaders();
}

function resume(exchange: Exchange): void {
  exchange.resumeUpstream();
}
