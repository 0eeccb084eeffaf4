import type { Refusal } from '../src/mcp/message.ts';
import { renderRefusal } from './early-refusal.ts';
import type { Exchange } from './exchange.ts';
import { headerValue } from './headers.ts';
import type { MessageStreams } from './message-streams.ts';

/**
 * Answers a message POST of the HTTP+SSE transport where its client listens: the
 * error as an event of its stream, and 202 for the POST (MCP 2024-11-05, "HTTP with
 * SSE"). False where this is no such POST, nobody could match the error to a
 * request, or the stream is not on this pod: then it is answered like any other.
 */
export function deliverOnStream(exchange: Exchange, refusal: Refusal, streams: MessageStreams): boolean {
  const { request, response } = exchange;
  if (exchange.isGone || refusal.id === undefined || request.method !== 'POST' || !request.complete) return false;
  // RFC 9110 §15.5.2: who is to log in learns it from the status.
  if (refusal.status === 401 || isStreamable(request.rawHeaders)) return false;
  const stream = streams.find(request.url ?? '');
  if (!stream?.deliver(renderRefusal(refusal).body)) return false;
  response.writeHead(202, { ...refusal.headers, 'content-length': '0' }).end();
  return true;
}

/** A POST of Streamable HTTP awaits its answer in its own response: it says so, or has a session of that kind. */
function isStreamable(rawHeaders: readonly string[]): boolean {
  const accept = headerValue(rawHeaders, 'accept') ?? '';
  return /\btext\/event-stream\b/i.test(accept) || headerValue(rawHeaders, 'mcp-session-id') !== undefined;
}
