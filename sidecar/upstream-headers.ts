import { canonicalAddress } from '../src/identity/cidr.ts';
import { headerValue, requestHeaders } from './headers.ts';

export interface UpstreamHeaderFacts {
  readonly rawHeaders: readonly string[];
  /** `Host` towards the upstream. */
  readonly upstreamHost: string;
  /** The other end of the client's connection. */
  readonly peer: string | undefined;
  /** Not to be believed from this peer, so not to be forwarded. */
  readonly untrustedHeader: string | undefined;
  readonly isModern: boolean;
  /** A GET of an MCP path. */
  readonly mayOpenStream: boolean;
}

/**
 * The headers of a request as the upstream gets them.
 *
 * Modern requests have no session: "ignore it" is what the revision asks of
 * servers (MCP 2026-07-28, "Earlier Streamable HTTP Revisions"), and one that
 * serves both eras must not be led to do otherwise. A stream of events comes
 * uncompressed, as its `endpoint` event has to be read.
 */
export function upstreamHeaders(facts: UpstreamHeaderFacts): string[] {
  const { rawHeaders, upstreamHost, untrustedHeader } = facts;
  const headers = ['Host', upstreamHost];
  const asksForEvents = facts.mayOpenStream && /\btext\/event-stream\b/i.test(headerValue(rawHeaders, 'accept') ?? '');
  const received = requestHeaders(rawHeaders, untrustedHeader);
  for (let i = 0; i < received.length; i += 2) {
    const name = received[i] ?? '';
    const lower = name.toLowerCase();
    if (facts.isModern && isSessionHeader(name)) continue;
    if (asksForEvents && lower === 'accept-encoding') continue;
    if (lower === 'x-forwarded-for') continue;
    headers.push(name, received[i + 1] ?? '');
  }
  return headers.concat(forwardedHeaders(facts, received));
}

/** Under its alias too: CGI and WSGI servers read `Mcp_Session_Id` as the same header (RFC 3875 §4.1.18). */
function isSessionHeader(name: string): boolean {
  return name.toLowerCase().replaceAll('_', '-') === 'mcp-session-id';
}

/** The headers of a response without it. */
export function withoutSession(headers: readonly string[]): string[] {
  return headers.filter((_, i) => !isSessionHeader(headers[i - (i % 2)] ?? ''));
}

/**
 * What the rewritten `Host` and the connection from loopback hide from a server that
 * builds URLs or tells clients apart. A proxy before us has said host and scheme
 * better; the list of addresses grows by our peer, as servers believe it from
 * loopback (uvicorn does by default), where nobody but us connects any more.
 */
function forwardedHeaders({ rawHeaders, peer }: UpstreamHeaderFacts, received: readonly string[]): string[] {
  const headers: string[] = [];
  const host = headerValue(rawHeaders, 'host');
  if (host !== undefined && headerValue(received, 'x-forwarded-host') === undefined) headers.push('X-Forwarded-Host', host);
  if (headerValue(received, 'x-forwarded-proto') === undefined) headers.push('X-Forwarded-Proto', 'http');
  if (peer === undefined) return headers;
  const chain = received.filter((_, i) => i % 2 === 1 && received[i - 1]?.toLowerCase() === 'x-forwarded-for' && received[i] !== '');
  headers.push('X-Forwarded-For', [...chain, canonicalAddress(peer)].join(', '));
  return headers;
}
