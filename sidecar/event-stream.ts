import { readBlock } from '../src/mcp/endpoint-event.ts';
import { EventBoundary } from '../src/mcp/event-boundary.ts';
import type { MessageAddress, readEndpoint } from '../src/mcp/message-address.ts';

/** A first event longer than that is no `endpoint` event. */
const FIRST_EVENT_LIMIT_BYTES = 16 * 1024;
/** What may wait for a client that does not read, or for an event that does not end. */
const BACKLOG_LIMIT_BYTES = 64 * 1024;

/** A stream of the HTTP+SSE transport on which the client hears the answers to its messages. */
export interface MessageStream {
  /** Puts a message on the stream, after what is under way; false where it cannot. */
  deliver(json: string): boolean;
}

export interface EventStreamDeps {
  /** Target of the GET. */
  readonly target: string;
  /** Where the data of an `endpoint` event lead; by default, as the client would resolve them. */
  readonly readEndpoint?: typeof readEndpoint | undefined;
  /** Called with what the `endpoint` event says; the function returned, once the stream is gone. */
  readonly onEndpoint: (address: MessageAddress, stream: MessageStream) => () => void;
  /** Called where the first event is another one. */
  readonly onOther?: () => void;
  /** Writes to the client. */
  readonly write: (bytes: Uint8Array) => unknown;
  /** What was written and not yet taken. */
  readonly waitingBytes: () => number;
}

/**
 * The server's events on their way to the client. Where the first of them is an
 * `endpoint` event, this is a stream of the HTTP+SSE transport, and events of ours
 * may be put between the server's; else bytes pass as they come.
 */
export class EventStream implements MessageStream {
  readonly #deps: EventStreamDeps;
  readonly #boundary = new EventBoundary();
  #state: 'first' | 'messages' | 'plain' | 'closed' = 'first';
  /** Bytes of the block that is not whole yet, while the first event is awaited. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Events of ours that wait for the server's event to end. */
  #queue: string[] = [];
  #queuedBytes = 0;
  #forget: () => void = () => undefined;

  constructor(deps: EventStreamDeps) {
    this.#deps = deps;
  }

  /** What the client gets for a chunk of the server's. */
  transform(chunk: Uint8Array): Uint8Array {
    if (this.#state === 'plain' || this.#state === 'closed') return chunk;
    const out: Uint8Array[] = [];
    let rest = chunk;
    while (rest.length > 0 && this.#state === 'first') rest = this.#await(rest, out);
    while (rest.length > 0 && this.#state === 'messages') {
      const taken = this.#boundary.advance(rest);
      out.push(rest.subarray(0, taken), this.#takeQueue());
      rest = rest.subarray(taken);
    }
    out.push(rest);
    return out.length === 2 && out[1]?.length === 0 && out[0] !== undefined ? out[0] : Buffer.concat(out);
  }

  /** Looks at the next block for the first event; returns what of the bytes comes after it. */
  #await(bytes: Uint8Array, out: Uint8Array[]): Uint8Array {
    const taken = this.#boundary.advance(bytes);
    this.#held.push(bytes.subarray(0, taken));
    this.#heldBytes += taken;
    if (!this.#boundary.isBetween) {
      if (this.#heldBytes > FIRST_EVENT_LIMIT_BYTES) this.#pass(out);
      return bytes.subarray(taken);
    }
    const block = readBlock(Buffer.concat(this.#held), this.#deps.target, this.#deps.readEndpoint);
    if (block.kind === 'endpoint') {
      this.#held = [block.bytes];
      this.#forget = this.#deps.onEndpoint(block.address, this);
      this.#turn('messages', out);
    } else if (block.kind === 'event') this.#pass(out);
    else this.#release(out);
    return bytes.subarray(taken);
  }

  #pass(out: Uint8Array[]): void {
    this.#turn('plain', out);
    this.#deps.onOther?.();
  }

  #turn(state: 'messages' | 'plain', out: Uint8Array[]): void {
    this.#state = state;
    this.#release(out);
  }

  #release(out: Uint8Array[]): void {
    out.push(...this.#held);
    this.#held = [];
    this.#heldBytes = 0;
  }

  deliver(json: string): boolean {
    const event = `event: message\ndata: ${json}\n\n`;
    const waiting = this.#deps.waitingBytes() + this.#queuedBytes;
    if (this.#state !== 'messages' || waiting > BACKLOG_LIMIT_BYTES) return false;
    this.#queue.push(event);
    this.#queuedBytes += event.length;
    if (this.#boundary.isBetween) this.#deps.write(this.#takeQueue());
    return true;
  }

  #takeQueue(): Uint8Array {
    if (this.#queue.length === 0 || !this.#boundary.isBetween) return nothing;
    // After a CR alone: its LF may still come, and is then an empty line more.
    const text = (this.#boundary.isAfterCr ? '\n' : '') + this.#queue.join('');
    this.#queue = [];
    this.#queuedBytes = 0;
    return Buffer.from(text);
  }

  /** The server ended the stream: what was held of it. */
  end(): Uint8Array {
    const out: Uint8Array[] = [];
    this.#release(out);
    this.close();
    return Buffer.concat(out);
  }

  close(): void {
    this.#state = 'closed';
    this.#forget();
  }
}

const nothing = Buffer.alloc(0);
