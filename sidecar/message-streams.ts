import type { ServerResponse } from 'node:http';
import { type MessageAddress, messageKey } from '../src/mcp/message-address.ts';
import { EventStream, type MessageStream } from './event-stream.ts';
import { isLegibleStream } from './legible-stream.ts';

/** As many open streams as are remembered; the messages of the others are answered like any POST. */
const STREAM_LIMIT = 10_000;
/** A server has one message path, or a few. */
const PATH_LIMIT = 16;
const KEY_LIMIT_CHARACTERS = 2_048;

/** Which message POST belongs to which stream that is open on this pod; learnt from `endpoint` events. */
export class MessageStreams {
  readonly #streams = new Map<string, Set<MessageStream>>();
  readonly #paths: string[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The paths that speak MCP: the message paths seen so far do so whatever the `paths` setting says; none: all do. */
  alongside(paths: readonly string[]): readonly string[] {
    return paths.length === 0 || this.#paths.length === 0 ? paths : [...paths, ...this.#paths];
  }

  /**
   * Reads along where the answer to a GET is a stream of events to read; `hear` is told
   * once what its first event is.
   */
  follow(
    response: ServerResponse,
    { target, status, headers }: { readonly target: string; readonly status: number; readonly headers: readonly string[] },
    hear: (first: MessageAddress | 'other') => void = () => undefined,
  ): EventStream | undefined {
    if (!isLegibleStream(status, headers)) return undefined;
    return new EventStream({
      target,
      onEndpoint: (address, stream) => {
        hear(address);
        return this.open(address, stream);
      },
      onOther: () => hear('other'),
      write: (bytes) => response.write(bytes),
      waitingBytes: () => response.writableLength,
    });
  }

  /** Remembers a stream until the function returned is called. */
  open({ target, path }: MessageAddress, stream: MessageStream): () => void {
    if (path !== '/' && !this.#paths.includes(path) && this.#paths.length < PATH_LIMIT) this.#paths.push(path);
    const key = messageKey(target);
    if (key === undefined || key.length > KEY_LIMIT_CHARACTERS || this.#count >= STREAM_LIMIT) return () => undefined;
    const streams = this.#streams.get(key) ?? new Set();
    this.#streams.set(key, streams.add(stream));
    this.#count += 1;
    return () => {
      if (!streams.delete(stream)) return;
      this.#count -= 1;
      if (streams.size === 0 && this.#streams.get(key) === streams) this.#streams.delete(key);
    };
  }

  /** The stream that the client of a message POST listens to; undefined where it is not on this pod, or not the only one. */
  find(target: string): MessageStream | undefined {
    if (this.#count === 0) return undefined;
    const key = messageKey(target);
    const streams = key === undefined ? undefined : this.#streams.get(key);
    const [stream, ...others] = streams ?? [];
    return others.length === 0 ? stream : undefined;
  }
}
