import type { Message, Refusal } from '../mcp/message.ts';
import type { ConcurrencyKind, ConcurrencyRefusal } from './concurrency-admission.ts';
import type { SessionRefusal } from './session-admission.ts';

/** What MCP servers answer for a session that they do not have. */
const SESSION_NOT_FOUND = -32001;
/** The seed's code of a refused session. */
const REFUSED = -32000;
/** JSON-RPC 2.0 "Internal error": legal in both eras. */
const INTERNAL_ERROR = -32603;
/** Of the modern era, which reserves the codes around -32000. */
const TOO_MANY = 429;

const LATER = 'Please try again later or contact administrator.';

const says: Readonly<Record<SessionRefusal['reason'], string>> = {
  full: `Maximum concurrent sessions exceeded. ${LATER}`,
  'client-full': `Maximum concurrent sessions for this client exceeded. ${LATER}`,
  unavailable:
    'The cap on sessions cannot be checked because Redis does not answer, and this server is set to open none until it does ' +
    '(mcp-sluice.dev/on-redis-failure: closed). Please try again later.',
};

/** No place for one more session: HTTP 503. How many there are is nobody's business. */
export function sessionRefused(message: Message, { reason, waitMs }: SessionRefusal): Refusal {
  return {
    rung: `session:${reason}`,
    status: 503,
    code: reason === 'unavailable' ? INTERNAL_ERROR : REFUSED,
    message: says[reason],
    ...envelope(message),
    ...retryAfter(waitMs),
  };
}

/** The same for a session that was reaped, that is another client's, or that never was. */
export function sessionNotFound(message: Message, why: 'ended' | 'foreign'): Refusal {
  return { rung: `session:${why}`, status: 404, code: SESSION_NOT_FOUND, message: 'Session not found', ...envelope(message) };
}

/** No place for one more stream or request of the modern era: HTTP 503, and 429 where the client itself holds them. */
export function concurrencyRefused(message: Message, kind: ConcurrencyKind, { reason, waitMs }: ConcurrencyRefusal): Refusal {
  const what = `Maximum concurrent ${kind}s${reason === 'client-full' ? ' for this client' : ''} exceeded.`;
  return {
    rung: `${kind}s:${reason}`,
    ...(reason === 'client-full' ? { status: 429, code: TOO_MANY } : { status: 503, code: INTERNAL_ERROR }),
    message: `${what} ${LATER}`,
    ...envelope(message),
    era: 'modern',
    ...retryAfter(waitMs),
  };
}

function retryAfter(waitMs: number): Pick<Refusal, 'data' | 'headers'> {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  return { data: { retryAfterSeconds }, headers: { 'Retry-After': String(retryAfterSeconds) } };
}

function envelope(message: Message): Pick<Refusal, 'era' | 'id'> {
  if (message.kind === 'request') return { era: message.era, id: message.id };
  return { era: message.kind === 'opaque' ? 'legacy' : message.era };
}
