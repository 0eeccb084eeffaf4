import type { Exchange } from './exchange.ts';

/** How long a client may go on sending a body that nobody reads any more. */
const LINGER_MS = 2_000;

/**
 * Reads what of a body is still under way and throws it away: closing upon unread
 * bytes would reset the connection, and the client might never read its answer. One
 * that does not come to an end is cut after a while.
 */
export function discardRest({ request, socket }: Exchange): void {
  if (request.complete) return;
  request.resume();
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  linger.unref();
  request.once('end', () => clearTimeout(linger));
}
