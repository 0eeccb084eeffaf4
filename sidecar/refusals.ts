import type { Unidentified } from '../src/identity/identify.ts';
import type { Message, Refusal } from '../src/mcp/message.ts';
import type { UpstreamRefusal } from './forward.ts';

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

const upstreamBroke = bounds('upstream-broke', 502, 'The MCP server closed the connection without an answer.');
const upstreamUnreachable = bounds('upstream-unreachable', 502, 'The MCP server does not accept connections.');

/** The upstream gave no answer; with the request's id, so that its client need not wait for one. */
export function noAnswer(known: {
  readonly wasSent: boolean;
  readonly id?: string | undefined;
  readonly era?: Refusal['era'] | undefined;
  readonly refusal?: UpstreamRefusal | undefined;
}): Refusal {
  const { refusal } = known;
  return {
    ...(known.wasSent ? upstreamBroke : upstreamUnreachable),
    ...(refusal && { ...bounds(refusal.rung, refusal.status, refusal.message), ...refusal }),
    era: known.era ?? 'legacy',
    ...(known.id !== undefined && { id: known.id }),
  };
}
