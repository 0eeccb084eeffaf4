import type { Message, Refusal } from '../src/mcp/message.ts';
import { messageKey } from '../src/mcp/message-address.ts';
import { sessionsInQuery } from '../src/mcp/session-carriers.ts';
import type { ConcurrencyAdmission, ConcurrencyKind } from '../src/policy/concurrency-admission.ts';
import type { EndReason, SessionAdmission } from '../src/policy/session-admission.ts';
import { concurrencyRefused, sessionNotFound, sessionRefused } from '../src/policy/session-refusals.ts';
import { type Caller, isInitialize, isModern } from './caller.ts';
import { headerValue } from './headers.ts';
import { type SessionBook, SessionRecord } from './session-book.ts';
import { Visit, type VisitDeps } from './session-visit.ts';

export interface Admitted {
  readonly visit: Visit;
  /** In shadow mode the visit goes on all the same. */
  readonly refused?: { readonly refusal: Refusal; readonly waitMs?: number } | undefined;
}

export interface GateDeps extends VisitDeps {
  readonly admission: Pick<SessionAdmission, 'reserve' | 'find'>;
  readonly concurrency: ConcurrencyAdmission;
}

/**
 * Where sessions are held to their caps (contract §6 "Sessions"), after parse and
 * before the rate limit. A request of a session that this pod has is judged by
 * memory alone, and at once.
 */
export class SessionGate {
  readonly #deps: GateDeps;
  readonly #book: SessionBook;

  constructor(deps: GateDeps) {
    this.#deps = deps;
    this.#book = deps.book;
  }

  admit(caller: Caller): Admitted | Promise<Admitted> {
    const visit = new Visit(caller, this.#deps);
    caller.exchange.onClose(() => visit.close());
    const { message, headers, method, target, isMcpPath } = caller;
    if (!isMcpPath && message.kind === 'opaque') return this.#pass(visit);
    // RFC 9110 §9.3.2, §9.3.7: HEAD and OPTIONS ask nothing of a session.
    const isOfSession = message.kind !== 'opaque' || method === 'GET' || method === 'POST' || method === 'DELETE';
    const inQuery = isOfSession ? this.#inQuery(target) : undefined;
    const listening = method === 'POST' ? this.#listeningAt(target) : undefined;
    // Their server looks at the target alone, whatever session or revision the headers name.
    if (inQuery !== undefined && inQuery.client !== caller.client) return this.#join(visit, undefined);
    if (listening !== undefined) {
      const own = ownOf(listening, caller);
      if (own === undefined || !headers.sessionId || sessionsInQuery(target).length > 0) return this.#join(visit, own);
    }
    if (isModern(caller)) return this.#admitModern(visit);
    if (headers.sessionId) return isOfSession ? this.#admitTo(visit, headers.sessionId) : { visit };
    if (inQuery !== undefined) return this.#join(visit, inQuery);
    const address = method === 'POST' ? messageKey(target) : undefined;
    if (isInitialize(caller)) return this.#reserve(visit, 'initialize');
    if (address?.startsWith('id ') && message.kind !== 'opaque') return this.#findStream(visit, `sse ${address}`);
    if (method === 'GET' && asksForEvents(caller) && !this.#deps.traits.isStatelessAt(target)) return this.#reserve(visit, 'stream');
    return { visit };
  }

  /** Whether nobody but this client listens where answers to such a message would be heard. */
  isListener(target: string, client: string | undefined): boolean {
    const listening = this.#listeningAt(target);
    return listening === undefined || [...listening].every((record) => record.client === client);
  }

  /** The admission ended a session of this pod, whose place is free. */
  ended(id: string, reason: EndReason, { isShadow }: { readonly isShadow: boolean }): void {
    const record = this.#book.get(id);
    if (record === undefined) return;
    const { closing } = record;
    this.#book.delete(record);
    this.#deps.metrics.countSessionEnded(reason);
    // A lost one goes on at another pod, or under the same id.
    if (isShadow || reason === 'lost') return;
    record.endStreams();
    if (!record.isStream) this.#deps.closer.close(closing);
  }

  #listeningAt(target: string): ReadonlySet<SessionRecord> | undefined {
    const address = this.#book.hasAddresses ? messageKey(target) : undefined;
    return address === undefined ? undefined : this.#book.at(address);
  }

  /** The session that a target names; streams go by their address. */
  #inQuery(target: string): SessionRecord | undefined {
    const [id, ...others] = sessionsInQuery(target);
    const record = id === undefined || others.length > 0 ? undefined : this.#book.get(id);
    return record?.isStream ? undefined : record;
  }

  /** Elsewhere nobody looks at session ids. */
  #pass(visit: Visit): Admitted {
    visit.goUncounted();
    return { visit };
  }

  #admitModern(visit: Visit): Admitted {
    const { caller } = visit;
    const kind = kindOf(caller);
    if (kind === undefined) return { visit };
    const reserved = this.#deps.concurrency.reserve(kind, caller.client);
    if (reserved.ok) {
      visit.onClose(() => reserved.slot.release());
      return { visit };
    }
    return this.#refuse(visit, concurrencyRefused(caller.message, kind, reserved.refusal), reserved.refusal.waitMs);
  }

  #admitTo(visit: Visit, id: string): Admitted | Promise<Admitted> {
    const record = this.#book.get(id);
    return record === undefined ? this.#find(visit, id) : this.#join(visit, record);
  }

  #join(visit: Visit, record: SessionRecord | undefined): Admitted {
    // As if it never was: its id is worth nothing to anybody else.
    if (record === undefined || record.client !== visit.caller.client) {
      return this.#refuse(visit, sessionNotFound(visit.caller.message, 'foreign'));
    }
    visit.join(record);
    return { visit };
  }

  async #find(visit: Visit, id: string): Promise<Admitted> {
    const { message, method, client, target } = visit.caller;
    const found = await this.#deps.admission.find(id, client);
    const record = this.#book.get(id);
    if (record !== undefined) return this.#join(visit, record);
    switch (found.kind) {
      case 'ended':
      case 'foreign':
        return this.#refuse(visit, sessionNotFound(message, found.kind));
      case 'resumed':
        return this.#join(visit, this.#book.add(new SessionRecord({ id, client, held: found.session, target })));
      case 'unknown':
        return method === 'DELETE' || this.#deps.traits.isStateless ? { visit } : this.#reserve(visit, 'adopted');
      case 'elsewhere':
        // It has its place there; whether this pod's server knows it too is for that one to say.
        return { visit };
    }
  }

  /** A message for a stream that is not on this pod: its server says what it thinks of it. */
  async #findStream(visit: Visit, id: string): Promise<Admitted> {
    const found = await this.#deps.admission.find(id, visit.caller.client);
    // Of this pod's life before a restart: its stream is no more.
    if (found.kind === 'resumed') found.session.end();
    if (found.kind !== 'ended' && found.kind !== 'foreign') return { visit };
    return this.#refuse(visit, sessionNotFound(visit.caller.message, found.kind));
  }

  async #reserve(visit: Visit, aim: 'initialize' | 'stream' | 'adopted'): Promise<Admitted> {
    const { client, message } = visit.caller;
    const reserved = await this.#deps.admission.reserve(client);
    if (!reserved.ok) return this.#refuse(visit, sessionRefused(message, reserved.refusal), reserved.refusal.waitMs);
    visit.take(reserved.slot, aim);
    return { visit };
  }

  #refuse(visit: Visit, refusal: Refusal, waitMs?: number): Admitted {
    visit.goUncounted();
    return { visit, refused: { refusal, ...(waitMs !== undefined && { waitMs }) } };
  }
}

/** Whose stream it is; among several of one address, any of the caller's own. */
function ownOf(records: ReadonlySet<SessionRecord>, { client }: Caller): SessionRecord | undefined {
  for (const record of records) if (record.client === client) return record;
  return undefined;
}

function asksForEvents({ isMcpPath, rawHeaders }: Caller): boolean {
  return isMcpPath && /\btext\/event-stream\b/i.test(headerValue(rawHeaders, 'accept') ?? '');
}

/** What counts in the modern era. By a refused `server/discover` clients take the server for a legacy one. */
function kindOf(caller: Caller): ConcurrencyKind | undefined {
  const { message, method }: { message: Message; method: string } = caller;
  if (message.kind === 'request') {
    if (message.method === 'server/discover') return undefined;
    return message.method === 'subscriptions/listen' ? 'stream' : 'request';
  }
  return method === 'GET' && asksForEvents(caller) ? 'stream' : undefined;
}
