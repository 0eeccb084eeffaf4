import type { RemoteEntry } from '../src/settings/settings.ts';
import { entryResponseHeaders } from './entry-headers.ts';
import type { EntryMessages } from './entry-messages.ts';
import { codedStream, foreignEndpoint, loginAsked, ofFault } from './entry-refusals.ts';
import { EventStream } from './event-stream.ts';
import type { Failure, Flow, Sink, UpstreamRefusal } from './forward.ts';

export interface EntryAnswerDeps {
  readonly entry: RemoteEntry;
  /** Where this may be a stream of the HTTP+SSE transport: learns where its messages go. */
  readonly messages: EntryMessages | undefined;
  /** As the app asked. */
  readonly appTarget: string;
  readonly onForeignEndpoint: () => void;
}

type Head = Parameters<Sink['begin']>;

/** One answer of a remote on its way to the pipeline: headers chosen, addresses made those of the app. */
export class EntryAnswer implements Sink, Flow {
  readonly #sink: Sink;
  readonly #deps: EntryAnswerDeps;
  #flow: Flow | undefined;
  #isOver = false;
  #events: EventStream | undefined;
  #isForeign = false;
  /** Held until the first event is known, so that a refusal of the stream can still be one. */
  #heldHead: Head | undefined;

  constructor(sink: Sink, deps: EntryAnswerDeps) {
    this.#sink = sink;
    this.#deps = deps;
  }

  /** To be told of the flow that it comes from; is one itself. */
  follow(flow: Flow): Flow {
    this.#flow = flow;
    if (this.#isOver) flow.abort();
    return this;
  }

  inform(status: number, rawHeaders: readonly Uint8Array[]): void {
    if (!this.#isOver) this.#sink.inform(status, entryResponseHeaders(rawHeaders));
  }

  begin(status: number, reason: string, rawHeaders: readonly Uint8Array[]): void {
    if (this.#isOver) return;
    if (status === 401) {
      this.#refuse(loginAsked(this.#deps.entry));
      return;
    }
    const head: Head = [status, reason, entryResponseHeaders(rawHeaders)];
    if (this.#deps.messages !== undefined && isEvents(rawHeaders)) {
      if (isCoded(rawHeaders)) {
        this.#refuse(codedStream(this.#deps.entry.name));
        return;
      }
      this.#events = this.#follow(this.#deps.messages);
      // What is rewritten has another length.
      this.#heldHead = [status, reason, withoutLength(head[2])];
    } else this.#sink.begin(...head);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    const bytes = this.#events === undefined ? chunk : this.#events.transform(chunk);
    if (this.#isForeign) {
      this.#deps.onForeignEndpoint();
      this.#refuse(foreignEndpoint(this.#deps.entry.name));
      return true;
    }
    if (bytes.byteLength === 0) return true;
    this.#releaseHead();
    return this.#sink.write(bytes);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#releaseHead();
    const held = this.#events?.end();
    if (held?.byteLength) this.#sink.write(held);
    // A trailer is a header that comes late: none is in the list that makes sense there.
    this.#sink.end([]);
  }

  fail(failure: Failure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events?.close();
    this.#sink.fail({ ...failure, refusal: ofFault(failure.error) });
  }

  resume(): void {
    this.#flow?.resume();
  }

  abort(): void {
    this.#isOver = true;
    this.#events?.close();
    this.#flow?.abort();
  }

  #follow(messages: EntryMessages): EventStream {
    return new EventStream({
      target: this.#deps.appTarget,
      readEndpoint: (data) => {
        const address = messages.read(data);
        if (address !== 'foreign') return address;
        this.#isForeign = true;
        return undefined;
      },
      onEndpoint: ({ target }) => messages.open(target),
      // Ours are put on the stream after this, by the pipeline's own reader.
      write: () => undefined,
      waitingBytes: () => 0,
    });
  }

  #releaseHead(): void {
    const head = this.#heldHead;
    this.#heldHead = undefined;
    if (head !== undefined) this.#sink.begin(...head);
  }

  #refuse(refusal: UpstreamRefusal): void {
    const hadHead = this.#events !== undefined && this.#heldHead === undefined;
    this.abort();
    this.#sink.fail({ error: new Error(refusal.message), wasSent: true, hadHead, refusal });
  }
}

function withoutLength(headers: readonly Uint8Array[]): Uint8Array[] {
  return headers.filter((_, i) => text(headers[i - (i % 2)] ?? new Uint8Array()).toLowerCase() !== 'content-length');
}

/** Of any of several lines, as clients join them and take one that they know (Fetch Standard, "extract a MIME type"). */
function isEvents(rawHeaders: readonly Uint8Array[]): boolean {
  return valuesOf(rawHeaders, 'content-type').some((value) => /(?:^|,)\s*text\/event-stream\s*(?:[;,]|$)/i.test(value));
}

function isCoded(rawHeaders: readonly Uint8Array[]): boolean {
  return valuesOf(rawHeaders, 'content-encoding').some((value) => !/^\s*(?:identity)?\s*$/i.test(value));
}

function valuesOf(rawHeaders: readonly Uint8Array[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && text(rawHeaders[i - 1] ?? new Uint8Array()).toLowerCase() === name).map(text);
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
