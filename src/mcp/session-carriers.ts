import type { HeaderFacts } from './headers.ts';

/** Query parameters by which servers take a session id, folded: `sessionId` of the HTTP+SSE transport and its spellings. */
const sessionParameters: ReadonlySet<string> = new Set(['sessionid', 'mcpsessionid']);

/**
 * Whether header and query leave it open which session a request belongs to: a
 * carrier that stands twice, header against query, or several ids in one value.
 */
export function hasConflictingSessions(headers: HeaderFacts, target: string): boolean {
  if (headers.repeatedMcp.has('mcp-session-id')) return true;
  // MCP "Session Management": visible ASCII only. A blank inside is what joining two lines leaves.
  if (headers.sessionId !== undefined && /[^\x21-\x7e]/.test(headers.sessionId)) return true;
  const inQuery = sessionsInQuery(target);
  if (inQuery.length > 1) return true;
  return inQuery.length === 1 && headers.sessionId !== undefined && inQuery[0] !== headers.sessionId;
}

/** The session ids that a target carries, each once for every time it stands there. */
export function sessionsInQuery(target: string): string[] {
  const start = target.indexOf('?');
  if (start < 0) return [];
  const found: string[] = [];
  // `;` separates for some servers (HTML 4.01 appendix B.2.2), `#` never reaches a well-behaved one.
  for (const pair of target.slice(start + 1).split(/[&;?#]/)) {
    const equals = pair.indexOf('=');
    const key = decodeComponent(equals < 0 ? pair : pair.slice(0, equals));
    // `sessionId[]` and `sessionId[0]` are the same parameter to PHP and qs.
    const name = (key.split('[', 1)[0] ?? '').toLowerCase().replaceAll(/[-_.\s\0]/g, '');
    if (sessionParameters.has(name)) found.push(equals < 0 ? '' : decodeComponent(pair.slice(equals + 1)));
  }
  return found;
}

function decodeComponent(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
