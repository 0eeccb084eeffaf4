import { EventBoundary } from '../src/mcp/event-boundary.ts';
import { answeredId, blocksOf, readEvent, type ServerEvent } from '../src/mcp/server-event.ts';

/** Of one event; what is longer is a result, as nothing else is of that size. */
const EVENT_LIMIT_BYTES = 16 * 1024;

/** Reads along with a response; holds nothing up. */
export interface ResponseReader {
  read(chunk: Uint8Array): void;
}

/**
 * The end of a stream, copied: a piece of it would keep all that it came with.
 * Told apart are only the last events, once the stream is over.
 */
export class StreamTail implements ResponseReader {
  #room: Buffer = Buffer.alloc(0);
  #length = 0;
  #isCut = false;

  read(chunk: Uint8Array): void {
    const rest = chunk.length > EVENT_LIMIT_BYTES ? chunk.subarray(-EVENT_LIMIT_BYTES) : chunk;
    if (rest.length < chunk.length) {
      this.#length = 0;
      this.#isCut = true;
    }
    if (this.#length + rest.length > 2 * EVENT_LIMIT_BYTES) {
      this.#room.copyWithin(0, this.#length - EVENT_LIMIT_BYTES, this.#length);
      this.#length = EVENT_LIMIT_BYTES;
      this.#isCut = true;
    }
    if (this.#length + rest.length > this.#room.length) {
      const room = Buffer.allocUnsafeSlow(Math.min(2 * EVENT_LIMIT_BYTES, 2 * (this.#length + rest.length)));
      this.#room.copy(room, 0, 0, this.#length);
      this.#room = room;
    }
    this.#room.set(rest, this.#length);
    this.#length += rest.length;
  }

  /**
   * What became of the call with that id: by its last events it was answered, or
   * the ids from which the client may go on to wait for it.
   */
  judge(id: string): { readonly isAnswered: boolean; readonly eventIds: readonly string[] } {
    const blocks = blocksOf(this.#room.toString('utf8', 0, this.#length));
    // Cut somewhere within its first event. Where that is all, it was one of the large ones.
    const events = (this.#isCut ? blocks.slice(1) : blocks).map(readEvent);
    const isAnswered = (this.#isCut && events.length === 0) || events.some(({ data }) => answeredId(data) === id);
    return { isAnswered, eventIds: events.flatMap((event) => event.id || []) };
  }
}

/** Every event of a stream, one by one; `undefined` stands for one that is too long to be read. */
export class EventReader implements ResponseReader {
  readonly #onEvent: (event: ServerEvent | undefined) => void;
  readonly #boundary = new EventBoundary();
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(onEvent: (event: ServerEvent | undefined) => void) {
    this.#onEvent = onEvent;
  }

  read(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0) {
      const taken = this.#boundary.advance(rest);
      if (this.#heldBytes <= EVENT_LIMIT_BYTES) this.#held.push(Buffer.from(rest.subarray(0, taken)));
      this.#heldBytes += taken;
      rest = rest.subarray(taken);
      if (this.#boundary.isBetween) this.#tell();
    }
  }

  #tell(): void {
    const isLegible = this.#heldBytes <= EVENT_LIMIT_BYTES;
    const text = isLegible ? Buffer.concat(this.#held).toString() : '';
    this.#held = [];
    this.#heldBytes = 0;
    this.#onEvent(isLegible ? readEvent(text) : undefined);
  }
}
