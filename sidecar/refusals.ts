import type { Unidentified } from '../src/identity/identify.ts';
import type { Message, Refusal } from '../src/mcp/message.ts';

/** JSON-RPC 2.0 §5.1: invalid request; the fault is the client's, though not of the message. */
const INVALID_REQUEST = -32600;
/** JSON-RPC 2.0 §5.1: internal error; the message itself is not at fault. */
const INTERNAL_ERROR = -32603;

/** Refused before the message was looked at: no id is known, and no era. */
export function bounds(rung: string, status: number, message: string): Refusal {
  return { rung, status, code: status < 500 ? INVALID_REQUEST : INTERNAL_ERROR, message, era: 'legacy' };
}

/** Who calls is not known and has to be; with the id where the message was read already. */
export function unidentified({ rung, status, message: says, headers }: Unidentified, message: Message = { kind: 'opaque' }): Refusal {
  return {
    ...bounds(rung, status, says),
    ...(message.kind !== 'opaque' && { era: message.era }),
    ...(message.kind === 'request' && { id: message.id }),
    ...(headers && { headers }),
  };
}

export const notConfigured = bounds('not-configured', 503, 'This sidecar has no valid configuration yet.');

/** The upstream gave no answer; with the request's id, so that its client need not wait for one. */
export function noAnswer(known: {
  readonly wasSent: boolean;
  readonly id?: string | undefined;
  readonly era?: Refusal['era'] | undefined;
}): Refusal {
  return {
    rung: known.wasSent ? 'upstream-broke' : 'upstream-unreachable',
    status: 502,
    code: INTERNAL_ERROR,
    message: known.wasSent ? 'The MCP server closed the connection without an answer.' : 'The MCP server does not accept connections.',
    era: known.era ?? 'legacy',
    ...(known.id !== undefined && { id: known.id }),
  };
}
