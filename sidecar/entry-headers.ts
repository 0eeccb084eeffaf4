/**
 * What of a request goes to a remote entry, and of its answer to the app: these and nothing else. The app may be
 * an MCP server that hands on what its own clients sent; MCP 2025-11-25, "Security Best Practices", forbids such
 * token passthrough, and cookies or forwarding headers tell a stranger about the inside.
 *
 * Not in the list for that reason: `Authorization`, `Cookie`, `Forwarded`, `X-Forwarded-*`, `tracestate` and
 * `baggage` (W3C Trace Context §6: other vendors' data), and whatever is not known.
 */
const requestHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-length',
  'content-type',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  // Random ids and a flag (W3C Trace Context §6.1).
  'traceparent',
  'user-agent',
]);

/** MCP 2026-07-28, Streamable HTTP: one for each parameter that the tool's schema has mirrored. */
const MIRRORED_PARAMETER = 'mcp-param-';

/**
 * Not in the list: `Set-Cookie`, as nobody keeps a jar for the remote; `WWW-Authenticate`, as the app cannot answer
 * it; `Location` and what else names an origin that the app is not at; CORS, which is a browser's.
 */
const responseHeaders: ReadonlySet<string> = new Set([
  'allow',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-length',
  'content-type',
  'date',
  'mcp-protocol-version',
  'mcp-session-id',
  'ratelimit',
  'ratelimit-limit',
  'ratelimit-policy',
  'ratelimit-remaining',
  'ratelimit-reset',
  'request-id',
  'retry-after',
  'vary',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'x-request-id',
]);

/** Names and values by turns; the configured ones win over those of the app. */
export function entryRequestHeaders(
  received: readonly string[],
  { host, configured }: { readonly host: string; readonly configured: readonly string[] },
): string[] {
  const own = new Set(configured.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  const headers = ['Host', host];
  for (let i = 0; i < received.length; i += 2) {
    const name = received[i] ?? '';
    const lower = name.toLowerCase();
    const isAllowed = requestHeaders.has(lower) || lower.startsWith(MIRRORED_PARAMETER);
    if (isAllowed && !own.has(lower)) headers.push(name, received[i + 1] ?? '');
  }
  return headers.concat(configured);
}

/** Names and values by turns, as bytes; without what `Connection` names, which is for us alone (RFC 9110 §7.6.1). */
export function entryResponseHeaders(received: readonly Uint8Array[]): Uint8Array[] {
  const nameAt = (i: number): string => latin1(received[i - (i % 2)]).toLowerCase();
  const options = received.filter((_, i) => i % 2 === 1 && nameAt(i) === 'connection').flatMap((value) => latin1(value).split(','));
  const dropped = new Set(options.map((option) => option.trim().toLowerCase()));
  return received.filter((_, i) => responseHeaders.has(nameAt(i)) && !dropped.has(nameAt(i)));
}

function latin1(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
