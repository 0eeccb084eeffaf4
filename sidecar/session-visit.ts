import { randomUUID } from 'node:crypto';
import { type MessageAddress, messageKey } from '../src/mcp/message-address.ts';
import type { Slot } from '../src/policy/session-admission.ts';
import { type Caller, closingBy, isInitialize, isModern } from './caller.ts';
import { EventReader, type ResponseReader } from './event-reader.ts';
import type { Flow } from './forward.ts';
import { headerValue } from './headers.ts';
import { isLegibleStream } from './legible-stream.ts';
import type { SessionMetrics, SessionStart } from './metrics.ts';
import type { Orphans } from './orphans.ts';
import { pathOf, type ServerTraits } from './server-traits.ts';
import { type SessionBook, SessionRecord } from './session-book.ts';
import type { SessionCloser } from './session-closer.ts';
import { SessionStay } from './session-stay.ts';
import { withoutSession } from './upstream-headers.ts';

export interface VisitDeps {
  readonly book: SessionBook;
  readonly closer: SessionCloser;
  readonly orphans: Orphans;
  readonly traits: ServerTraits;
  readonly metrics: SessionMetrics;
}

/**
 * Servers of HTTP+SSE say where messages go as soon as they are asked; the streams that
 * others open by GET may be silent for days, and are no sessions.
 */
export const FIRST_EVENT_MS = 10_000;

/**
 * What one request does to sessions, from its admission to its end: it may bring a
 * place for one, be a request of one, and show what the upstream opens and ends.
 * Whatever becomes of the request, `close` is called in the end.
 */
export class Visit {
  readonly caller: Caller;
  readonly #deps: VisitDeps;
  #stay: SessionStay | undefined;
  /** A place, and how the session that it is for will be known. */
  #place: { readonly slot: Slot; readonly by: SessionStart } | undefined;
  #isClosed = false;
  #isAccepted = false;
  #isUncounted = false;
  /** Given by the upstream without being asked for. */
  #minted: string | undefined;
  #orphan: Flow | undefined;
  #patience: NodeJS.Timeout | undefined;
  #onClose: () => void = () => undefined;

  constructor(caller: Caller, deps: VisitDeps) {
    this.caller = caller;
    this.#deps = deps;
  }

  /** It is a request of this session. */
  join(record: SessionRecord): SessionStay {
    this.#stay = new SessionStay(record, this.caller, this.#deps.book);
    return this.#stay;
  }

  /** It has a place for a session that is not open yet. */
  take(slot: Slot, by: SessionStart): void {
    if (this.#isClosed) slot.release();
    else this.#place = { slot, by };
  }

  onClose(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#onClose = listener;
  }

  /** What it opens is counted as nothing: it was refused in shadow mode, or is no matter of MCP. */
  goUncounted(): void {
    this.#isUncounted = true;
  }

  /** It goes to the upstream now. False: its session has ended meanwhile. */
  begin(): boolean | Promise<boolean> {
    return this.#stay === undefined || this.#stay.begin();
  }

  /** Takes in the head of the answer; returns what of it is for the client. */
  answered(status: number, headers: string[]): string[] {
    const isSuccess = status >= 200 && status < 300;
    const given = headerValue(headers, 'mcp-session-id');
    this.#isAccepted = isSuccess;
    if (given !== undefined) this.#deps.traits.givesSessions = true;
    if (this.#place !== undefined) this.#settle(status, headers, given);
    else if (this.#stay !== undefined) this.#heed(status, this.#stay.record);
    const record = this.#stay?.record;
    if (this.caller.method === 'GET' && isLegibleStream(status, headers)) record?.streams.add(this.caller.exchange);
    if (given === undefined || given === this.caller.headers.sessionId || given === record?.id) return headers;
    return this.#isRightful(given) ? headers : withoutSession(headers);
  }

  /** The place becomes that of the session which was opened, or falls free. */
  #settle(status: number, headers: readonly string[], given: string | undefined): void {
    const { caller } = this;
    const by = this.#place?.by;
    if (by === 'stream') {
      if (!isLegibleStream(status, headers)) this.#release();
      else this.#patience = setTimeout(() => this.#release(), FIRST_EVENT_MS).unref();
      return;
    }
    if (by === 'initialize' && status === 200 && given === undefined) this.#deps.traits.openedWithout(caller.target);
    const id = by === 'initialize' || (isInitialize(caller) && given !== undefined) ? given : caller.headers.sessionId;
    const known = id === undefined ? undefined : this.#deps.book.get(id);
    // Two clients asked for the same unknown session at once: it is whose answer came first.
    const isTaken = by === 'adopted' && known !== undefined && known.client !== caller.client;
    if (this.#isAccepted && id !== undefined && !isTaken) this.#open(id);
    else this.#release();
  }

  #open(id: string): SessionRecord | undefined {
    if (this.#place === undefined) return undefined;
    const { slot, by } = this.#place;
    this.#place = undefined;
    clearTimeout(this.#patience);
    const { book, metrics } = this.#deps;
    const held = slot.confirm(id);
    let record = book.get(id);
    if (record?.held !== held) {
      record = book.add(new SessionRecord({ id, client: this.caller.client, held, target: this.caller.target }));
      metrics.countSessionOpened(by);
    }
    void this.join(record).begin();
    return record;
  }

  /** Whether the session has ended. Of another path than its own no answer says so: or a client could shed its count while the session lives. */
  #heed(status: number, record: SessionRecord): void {
    const { method, target } = this.caller;
    const { traits } = this.#deps;
    if (pathOf(target) !== pathOf(record.target)) return;
    if (method === 'GET' && (this.#isAccepted || status === 405)) traits.answersGet = true;
    const isGone = status === 404 && (method !== 'GET' || traits.answersGet);
    if (method === 'DELETE' && (isGone || this.#isAccepted)) this.#end(record, 'deleted');
    else if (isGone && !record.isStream) this.#end(record, 'gone');
  }

  #end(record: SessionRecord, reason: 'deleted' | 'gone' | 'closed'): void {
    if (!this.#deps.book.delete(record)) return;
    record.held.end();
    this.#deps.metrics.countSessionEnded(reason);
  }

  /** Whether the client may have an id that it did not ask for: some servers give one to whatever they are asked. */
  #isRightful(given: string): boolean {
    const { client, isShadow } = this.caller;
    const known = this.#deps.book.get(given);
    if (this.#isUncounted || (known !== undefined && known.client === client)) return true;
    this.#deps.metrics.countSessionAnomaly(isShadow);
    if (!isShadow && known === undefined) this.#minted = given;
    return isShadow;
  }

  openReader(status: number, headers: readonly string[]): ResponseReader | undefined {
    if (!isLegibleStream(status, headers)) return undefined;
    return this.#place?.by === 'stream' ? new EventReader((event) => this.#stay?.record.hear(event)) : this.#stay?.openReader();
  }

  /** The first event of a stream that was asked for by GET. */
  heardFirst(first: MessageAddress | 'other'): void {
    const { exchange, isShadow } = this.caller;
    if (first === 'other' || this.#stay !== undefined) this.#release();
    else if (this.#place !== undefined) this.#openStream(first);
    else if (!this.#isUncounted) {
      // It did not say that it wants events (`Accept`), so that no place was taken for it.
      this.#deps.metrics.countSessionAnomaly(isShadow);
      if (!isShadow) exchange.finish();
    }
  }

  #openStream({ target }: MessageAddress): void {
    const { book } = this.#deps;
    const address = messageKey(target);
    // No header can have a blank in it. A server without session ids gives one address to all.
    const id = `sse ${address ?? randomUUID()}`;
    const record = this.#open(book.get(id) === undefined ? id : `${id} ${randomUUID()}`);
    if (record === undefined) return;
    record.isStream = true;
    record.streams.add(this.caller.exchange);
    const leave = address === undefined ? () => undefined : book.enter(address, record);
    this.onClose(() => {
      leave();
      this.#end(record, 'closed');
    });
  }

  /**
   * The client left before the head of the answer. Where the upstream may be opening a
   * session it is heard to that point: nobody opens sessions that are not counted by leaving early.
   */
  survive(flow: Flow): boolean {
    const { exchange, isShadow } = this.caller;
    const { orphans, traits } = this.#deps;
    // In the modern era it is the cancelling of a request that its client leaves.
    const mayMint = this.#stay === undefined && traits.givesSessions && !isModern(this.caller);
    const mayOpen = this.#place === undefined ? mayMint : isInitialize(this.caller);
    if (isShadow || this.#isUncounted || !mayOpen || exchange.response.headersSent) return false;
    if (!orphans.keep(flow, () => this.#release())) return false;
    this.#orphan = flow;
    return true;
  }

  /** The head that `survive` waited for; undefined where none came. */
  orphaned(headers: readonly string[] | undefined): void {
    const flow = this.#orphan;
    if (flow === undefined) return;
    this.#orphan = undefined;
    const { book, closer, orphans } = this.#deps;
    const given = headers && headerValue(headers, 'mcp-session-id');
    const isNew = given !== undefined && given !== this.caller.headers.sessionId && book.get(given) === undefined;
    if (isNew) closer.close(closingBy(this.caller, given));
    orphans.leave(flow);
    this.#release();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stay?.close({ isAccepted: this.#isAccepted });
    this.#onClose();
    // Only now, when its own answer is out.
    if (this.#minted !== undefined) this.#deps.closer.close(closingBy(this.caller, this.#minted));
    if (this.#orphan === undefined) this.#release();
  }

  #release(): void {
    clearTimeout(this.#patience);
    this.#place?.slot.release();
    this.#place = undefined;
  }
}
