import type { Message } from '../src/mcp/message.ts';
import { type FragileClient, findFragile } from '../src/policy/clients.ts';
import { headerValue } from './headers.ts';

/** Sessions remembered; the one not asked about for longest makes room. */
const MOST_SESSIONS = 10_000;
/** MCP says nothing on an id's length; UUIDs and signed tokens are shorter than this. */
const LONGEST_SESSION_ID = 512;

/**
 * Tells what a request's client survives, by its words. The legacy era names a
 * client in `initialize` only: the sessions of those that the table knows by name
 * are remembered here, in this sidecar alone, and nothing of what they said. A
 * session that another replica opened is judged by its User-Agent.
 */
export class ClientMemory {
  readonly #fragile = new Map<string, readonly FragileClient[]>();

  /** To be told of every answer to a request; only one that opens a session is heeded. */
  learn(message: Message, status: number, responseHeaders: readonly string[]): void {
    if (message.kind !== 'request' || message.method !== 'initialize' || status < 200 || status > 299) return;
    const sessionId = headerValue(responseHeaders, 'mcp-session-id');
    if (sessionId === undefined || sessionId.length > LONGEST_SESSION_ID) return;
    const fragile = findFragile({ userAgent: undefined, clientInfo: message.clientInfo });
    if (fragile.length > 0) this.#keep(sessionId, fragile);
  }

  /** The rows of the table that the sender of a request belongs to. */
  recall(message: Message, rawHeaders: readonly string[]): readonly FragileClient[] {
    const clientInfo = message.kind === 'request' ? message.clientInfo : undefined;
    const told = findFragile({ userAgent: headerValue(rawHeaders, 'user-agent'), clientInfo });
    const sessionId = headerValue(rawHeaders, 'mcp-session-id');
    const remembered = sessionId === undefined ? undefined : this.#fragile.get(sessionId);
    if (sessionId === undefined || remembered === undefined) return told;
    this.#keep(sessionId, remembered);
    return [...told, ...remembered];
  }

  /** How many sessions are remembered. */
  get size(): number {
    return this.#fragile.size;
  }

  #keep(sessionId: string, fragile: readonly FragileClient[]): void {
    // A Map keeps the order of insertion.
    this.#fragile.delete(sessionId);
    this.#fragile.set(sessionId, fragile);
    if (this.#fragile.size <= MOST_SESSIONS) return;
    for (const oldest of this.#fragile.keys()) {
      this.#fragile.delete(oldest);
      return;
    }
  }
}
