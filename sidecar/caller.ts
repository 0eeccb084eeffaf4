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

export function isInitialize({ message }: Caller): boolean {
  return message.kind === 'request' && message.method === 'initialize';
}

/** By what this caller could close a session. */
export function closingBy({ target, headers, rawHeaders }: Caller, id: string): Closing {
  return { id, target, protocolVersion: headers.protocolVersion, authorization: headerValue(rawHeaders, 'authorization') };
}
