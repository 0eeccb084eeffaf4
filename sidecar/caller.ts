import { isModernRevision } from '../src/mcp/era.ts';
import type { HeaderFacts } from '../src/mcp/headers.ts';
import type { Message } from '../src/mcp/message.ts';
import type { Exchange } from './exchange.ts';
import { headerValue } from './headers.ts';
import type { Closing } from './session-closer.ts';

/** One request that has passed identity and parse. */
export interface Caller {
  readonly exchange: Exchange;
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderFacts;
  readonly rawHeaders: readonly string[];
  readonly isMcpPath: boolean;
  readonly message: Message;
  readonly body: Uint8Array | undefined;
  /** As it was identified; undefined: anonymous. */
  readonly client: string | undefined;
  readonly isShadow: boolean;
}

export function isInitialize({ message }: Pick<Caller, 'message'>): boolean {
  return message.kind === 'request' && message.method === 'initialize';
}

/**
 * Of the era without sessions. Never an `initialize`, whatever revision it names: by that
 * one asks for a session, and servers of the legacy era do not look at the revision first.
 */
export function isModern({ message, headers }: Pick<Caller, 'message' | 'headers'>): boolean {
  if (message.kind === 'opaque') return isModernRevision(headers.protocolVersion);
  return message.era === 'modern' && !isInitialize({ message });
}

/** By what this caller could close a session. */
export function closingBy({ target, headers, rawHeaders }: Caller, id: string): Closing {
  return { id, target, protocolVersion: headers.protocolVersion, authorization: headerValue(rawHeaders, 'authorization') };
}
