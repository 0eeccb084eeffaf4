import { isIdentityHeader } from '../src/identity/identify.ts';
import { hopByHopHeaders } from '../src/lib/hop-by-hop.ts';
import { neverForwardedHeaders } from '../src/mcp/headers.ts';

/** Said anew towards the upstream: `Host` and `Content-Length`; `Origin` was judged against our `Host`, `Expect` was answered by us. */
const saidAnew = new Set(['host', 'content-length', 'origin', 'expect']);

/**
 * One line each, or none, at any path: of two we and the upstream could each read
 * another one. The rest of these checks is a matter of MCP paths (src/mcp).
 */
const singletons = new Set(['content-length', 'expect', 'host', 'origin', 'transfer-encoding']);

/** What is wrong with the headers that frame and address a request, if anything. */
export function judgeHeaders(rawHeaders: readonly string[]): { rung: string; status: number; message: string } | undefined {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    if (!singletons.has(name)) continue;
    if (seen.has(name)) return { rung: 'bounds:duplicate-header', status: 400, message: `The header "${name}" stands twice.` };
    seen.add(name);
    // RFC 9112 §6.1: a coding before `chunked` would stay in the body while its header goes.
    if (name === 'transfer-encoding' && rawHeaders[i + 1]?.trim().toLowerCase() !== 'chunked') {
      return { rung: 'bounds:transfer-encoding', status: 415, message: 'The only transfer coding understood is "chunked".' };
    }
  }
  return undefined;
}

/** What the upstream gets: as received, without what is of this connection only and what is said anew. */
export function requestHeaders(rawHeaders: readonly string[], identityHeader: string | undefined): string[] {
  const dropped = connectionOptions(rawHeaders);
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const lower = name.toLowerCase();
    // Under an alias too (RFC 3875 §4.1.18): `Transfer_Encoding` frames a body for lenient servers.
    const read = lower.replaceAll('_', '-');
    if (hopByHopHeaders.has(read) || neverForwardedHeaders.has(read) || saidAnew.has(read) || dropped.has(lower)) continue;
    if (identityHeader !== undefined && isIdentityHeader(name, identityHeader)) continue;
    kept.push(name, rawHeaders[i + 1] ?? '');
  }
  return kept;
}

/**
 * What the client gets of an upstream's headers or trailers: bytes to the letter
 * (latin1 is Node's way to carry them), each line its own.
 */
export function responseHeaders(rawHeaders: readonly Uint8Array[], upstreams: readonly string[]): string[] {
  const pairs = rawHeaders.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  const dropped = connectionOptions(pairs);
  const kept: string[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] ?? '';
    const lower = name.toLowerCase();
    if (hopByHopHeaders.has(lower) || dropped.has(lower)) continue;
    const value = pairs[i + 1] ?? '';
    kept.push(name, lower === 'location' || lower === 'content-location' ? withoutOrigin(value, upstreams) : value);
  }
  return kept;
}

/** As the client knows no `127.0.0.1:port`, a reference to it becomes one to whatever origin the client used. */
function withoutOrigin(location: string, upstreams: readonly string[]): string {
  const origin = upstreams.find((candidate) => location.toLowerCase().startsWith(candidate));
  if (origin === undefined) return location;
  const rest = location.slice(origin.length);
  // A path that begins with two slashes would name a host (RFC 3986 §4.2).
  if (rest.startsWith('//')) return `/.${rest}`;
  if (rest === '' || rest.startsWith('?') || rest.startsWith('#')) return `/${rest}`;
  return rest.startsWith('/') ? rest : location;
}

function connectionOptions(rawHeaders: readonly string[]): Set<string> {
  const options = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if ((rawHeaders[i] ?? '').toLowerCase() !== 'connection') continue;
    for (const option of (rawHeaders[i + 1] ?? '').split(',')) options.add(option.trim().toLowerCase());
  }
  options.delete('');
  return options;
}

/** The value of the first line of that name. */
export function headerValue(rawHeaders: readonly string[], name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) return rawHeaders[i + 1];
  }
  return undefined;
}
