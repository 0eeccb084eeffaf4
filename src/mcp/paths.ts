/** Contract §6: well-known documents are not MCP, whatever else is. */
const WELL_KNOWN = '/.well-known/';

/** More rounds of percent-encoding than that serve only to hide. */
const DECODING_ROUNDS = 8;

/** `mcp`: a body is judged as MCP. `alias`: another spelling of an MCP path. `elsewhere`: neither. */
export type PathVerdict = 'mcp' | 'alias' | 'elsewhere';

/** Sorts a raw origin-form target by the `paths` setting; an empty list makes all paths MCP. */
export function judgePath(target: string, prefixes: readonly string[]): PathVerdict {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  if (prefixes.length === 0) return path.startsWith(WELL_KNOWN) && isCanonical(path) ? 'elsewhere' : 'mcp';
  if (prefixes.some((prefix) => isUnder(path, prefix))) return 'mcp';
  if (isCanonical(path) && !prefixes.some((prefix) => isUnder(path.toLowerCase(), prefix.toLowerCase()))) return 'elsewhere';
  const spellings = readingsOf(path);
  if (!spellings) return 'alias';
  const wanted = prefixes.map((prefix) => segmentsOf(fold(prefix)).join('/'));
  return wanted.some((prefix) => spellings.some((spelling) => isUnder(`/${spelling}`, `/${prefix}`))) ? 'alias' : 'elsewhere';
}

/** Whole segments: `/mcp` holds `/mcp` and `/mcp/x`, not `/mcpx`. */
function isUnder(path: string, prefix: string): boolean {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path.startsWith(bare) && (path.length === bare.length || path[bare.length] === '/');
}

/** Nothing in it that a router could decode, merge, cut or resolve. */
function isCanonical(path: string): boolean {
  return /^[\w\-.~!$&'()*+,=:@/]*$/.test(path) && !/\/\/|\/\.{1,2}(?:\/|$)/.test(path);
}

/**
 * The paths that one router or another would read, as folded segments joined by
 * `/`; undefined where percent-encoding is stacked beyond reason. Routers differ
 * in whether dot segments go before or after decoding and merging.
 */
function readingsOf(path: string): string[] | undefined {
  let decodedFirst = path;
  let resolvedFirst = path;
  for (let round = 0; round < DECODING_ROUNDS; round++) {
    const next = decodeOnce(decodedFirst);
    if (next === decodedFirst) {
      const folded = fold(decodedFirst);
      const variants = [
        folded,
        folded.replaceAll('\0', ''),
        folded.replace(/^\/{2,}[^/]*/, ''),
        fold(resolvedFirst),
        fold(keepingEmpty(decodedFirst)),
      ];
      return variants.map((variant) => resolveDots(segmentsOf(variant)).join('/'));
    }
    decodedFirst = next;
    resolvedFirst = decodeOnce(keepingEmpty(resolvedFirst));
  }
  return undefined;
}

/** Dot segments resolved as RFC 3986 §5.2.4 has it: an empty segment is one that `..` takes away. */
function keepingEmpty(path: string): string {
  return `/${resolveDots(path.split('/').slice(1)).join('/')}`;
}

function resolveDots(segments: readonly string[]): string[] {
  const resolved: string[] = [];
  for (const segment of segments) {
    if (segment === '..') resolved.pop();
    else if (segment !== '.') resolved.push(segment);
  }
  return resolved;
}

/** Percent-encoding, IIS's `%uXXXX`, and overlong two-byte UTF-8 as old decoders took it. */
function decodeOnce(path: string): string {
  const text = path.replaceAll(/%u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  if (!text.includes('%')) return text;
  const plain = text.replaceAll(/%c([01])%([89ab][0-9a-f])/gi, (_, lead: string, tail: string) =>
    String.fromCharCode(((lead === '1' ? 1 : 0) << 6) | (Number.parseInt(tail, 16) & 0x3f)),
  );
  return plain.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
}

/** One form for all spellings: NFKC takes full-width letters, dots and slashes, ſ and K to ASCII. */
function fold(path: string): string {
  return path.normalize('NFKC').toLowerCase().replaceAll('\\', '/');
}

/** Cut at what ends a path, parameters, blanks and control characters dropped, empty segments merged. */
function segmentsOf(path: string): string[] {
  const cut = path.split(/[?#\0]/, 1)[0] ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  const segments = cut.split('/').map((segment) => segment.replace(/;.*$/s, '').replaceAll(/[\x01-\x20\x7f-\xa0]/g, ''));
  return segments.filter((segment) => segment !== '');
}
