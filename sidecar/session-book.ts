import { answeredId, type ServerEvent } from '../src/mcp/server-event.ts';
import type { HeldSession } from '../src/policy/session-admission.ts';
import type { Exchange } from './exchange.ts';
import { PolledCalls } from './polled-calls.ts';
import type { Closing } from './session-closer.ts';
import { SharedTexts } from './shared-texts.ts';

/** A session of this pod, and what it takes to close it. */
export class SessionRecord {
  readonly id: string;
  /** Whose it is: undefined where nobody is named. */
  readonly client: string | undefined;
  readonly held: HeldSession;
  /** Where it was opened. */
  readonly target: string;
  /** It is the stream: a session of the HTTP+SSE transport. */
  isStream = false;
  #protocolVersion: string | undefined;
  #authorization: string | undefined;
  #streams: Set<Exchange> | undefined;
  #calls: PolledCalls | undefined;
  #awaited: Set<string> | undefined;

  constructor(init: { readonly id: string; readonly client: string | undefined; readonly held: HeldSession; readonly target: string }) {
    this.id = init.id;
    this.client = init.client;
    this.held = init.held;
    this.target = init.target;
  }

  /** Open GET streams. Made where there is a use, as most sessions lie idle. */
  get streams(): Set<Exchange> {
    this.#streams ??= new Set();
    return this.#streams;
  }

  get calls(): PolledCalls {
    this.#calls ??= new PolledCalls();
    return this.#calls;
  }

  /** Ids of requests whose answer comes on the session's stream (MCP 2024-11-05). */
  get awaited(): Set<string> {
    this.#awaited ??= new Set();
    return this.#awaited;
  }

  get pollable(): PolledCalls | undefined {
    return this.#calls;
  }

  /** What its last request said: by that it can be closed. */
  remember(protocolVersion: string | undefined, authorization: string | undefined, texts: SharedTexts): void {
    if (protocolVersion !== undefined) this.#protocolVersion = replaced(this.#protocolVersion, protocolVersion, texts);
    this.#authorization = replaced(this.#authorization, authorization, texts);
  }

  get closing(): Closing {
    return { id: this.id, target: this.target, protocolVersion: this.#protocolVersion, authorization: this.#authorization };
  }

  /** An event came on its stream. One too long to be read is taken for the answer that is awaited longest. */
  hear(event: ServerEvent | undefined): void {
    const [oldest] = this.#awaited ?? [];
    if (oldest !== undefined) this.stopAwaiting(event === undefined ? oldest : answeredId(event.data));
  }

  stopAwaiting(id: string | undefined): void {
    if (id !== undefined && this.#awaited?.delete(id)) this.held.finish();
  }

  /** What it shares with others is theirs; `closing` is to be read before. */
  forget(texts: SharedTexts): void {
    this.#protocolVersion = replaced(this.#protocolVersion, undefined, texts);
    this.#authorization = replaced(this.#authorization, undefined, texts);
  }

  endStreams(): void {
    for (const exchange of this.#streams ?? []) exchange.finish();
    this.#streams?.clear();
  }
}

function replaced(present: string | undefined, next: string | undefined, texts: SharedTexts): string | undefined {
  if (present === next) return present;
  if (present !== undefined) texts.give(present);
  return next === undefined ? undefined : texts.take(next);
}

/** The sessions of this pod, by their ids and by the addresses that their messages go to. */
export class SessionBook {
  readonly #byId = new Map<string, SessionRecord>();
  readonly #byAddress = new Map<string, Set<SessionRecord>>();
  readonly #texts = new SharedTexts();

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): SessionRecord | undefined {
    return this.#byId.get(id);
  }

  add(record: SessionRecord): SessionRecord {
    this.#byId.set(record.id, record);
    return record;
  }

  /** False where it was gone already. */
  delete(record: SessionRecord): boolean {
    if (this.#byId.get(record.id) !== record) return false;
    record.forget(this.#texts);
    return this.#byId.delete(record.id);
  }

  /** Whether it is there, and goes on with what this request said. */
  touch(record: SessionRecord, protocolVersion: string | undefined, authorization: string | undefined): boolean {
    if (this.#byId.get(record.id) !== record) return false;
    record.remember(protocolVersion, authorization, this.#texts);
    return true;
  }

  /** Whether there are sessions of the HTTP+SSE transport. */
  get hasAddresses(): boolean {
    return this.#byAddress.size > 0;
  }

  /** The sessions of the HTTP+SSE transport whose messages go there: one, but for servers without session ids. */
  at(address: string): ReadonlySet<SessionRecord> | undefined {
    return this.#byAddress.get(address);
  }

  /** Remembers the address until the function returned is called. */
  enter(address: string, record: SessionRecord): () => void {
    const records = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, records.add(record));
    return () => {
      records.delete(record);
      if (records.size === 0 && this.#byAddress.get(address) === records) this.#byAddress.delete(address);
    };
  }
}
