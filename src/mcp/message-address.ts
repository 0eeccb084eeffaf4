import { sessionsInQuery } from './session-carriers.ts';

/**
 * Which stream of the HTTP+SSE transport a message POST belongs to, as far as its
 * target says: by the session id in the query, else by the whole target.
 * Undefined where that is left open. A prefix that a gateway adds or takes away
 * makes no difference to a session id.
 */
export function messageKey(target: string): string | undefined {
  const [id, ...others] = sessionsInQuery(target);
  if (others.length > 0) return undefined;
  if (id) return `id ${id}`;
  const normal = normalTarget(target);
  return normal === undefined ? undefined : `target ${normal}`;
}

/** As clients spell a target once they have resolved it (WHATWG URL). */
function normalTarget(target: string): string | undefined {
  if (!target.startsWith('/') || !URL.canParse(target, BASE)) return undefined;
  const { pathname, search } = new URL(target, BASE);
  return pathname + search;
}

/** An origin that stands for whichever the client uses. */
const BASE = 'http://sidecar';

/** Where an `endpoint` event sends the client. */
export interface MessageAddress {
  /** Path and query. */
  readonly target: string;
  readonly path: string;
  /** What the client is told: as the server wrote it, or without an origin that is not the client's. */
  readonly reference: string;
}

/**
 * Reads the data of an `endpoint` event of the stream at `streamTarget`. A server
 * that builds it from `Host` names an origin that only we can reach, and the
 * client has to compare origins (MCP 2024-11-05, "HTTP with SSE"): what is left is
 * a reference that resolves to whatever origin the client used. Undefined for what
 * is no HTTP reference.
 */
export function readEndpoint(data: string, streamTarget: string): MessageAddress | undefined {
  const base = `${BASE}${streamTarget}`;
  if (!URL.canParse(data, base)) return undefined;
  const { protocol, origin, pathname, search } = new URL(data, base);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  const target = pathname + search;
  // A reference that begins with two slashes would name a host (RFC 3986 §4.2).
  const absolute = target.startsWith('//') ? `/.${target}` : target;
  const isOwn = origin === BASE && !/^[a-z][a-z0-9+.-]*:|^[/\\]{2}/i.test(data.trim());
  return { target, path: pathname, reference: isOwn ? data : absolute };
}
