/**
 * Headers by which a framework takes another method or path than the request's:
 * the server would act on a message that was not the one checked. Never forwarded. Lower case.
 */
export const neverForwardedHeaders: ReadonlySet<string> = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-method',
  'x-original-url',
  'x-rewrite-url',
]);

/** Headers of which a second line is an attempt to have one read here and the other there. Lower case. */
const singletonHeaders: ReadonlySet<string> = new Set(['authorization', 'content-type', 'host', 'last-event-id', 'origin']);

/** A name as the CGI family reads it (RFC 3875 §4.1.18): case and `_`/`-` make no difference. */
function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** What a request's header lines say that bears on parsing. Values are trimmed. */
export interface HeaderFacts {
  readonly contentType: string | undefined;
  readonly sessionId: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly lastEventId: string | undefined;
  /** `Mcp-Method` and `Mcp-Name`, not yet decoded. */
  readonly mcpMethod: string | undefined;
  readonly mcpName: string | undefined;
  readonly isCompressed: boolean;
  readonly hasBody: boolean;
  /** Names of `mcp-*` headers, and of other singletons, that stand more than once. */
  readonly repeatedMcp: ReadonlySet<string>;
  readonly repeatedOther: ReadonlySet<string>;
  /** What `Connection` names and must not. */
  readonly misnamedOption: string | undefined;
}

/** Reads the raw lines once, as Node lists them: name, value, name, value, … */
export function readHeaders(rawHeaders: readonly string[]): HeaderFacts {
  const seen = new Map<string, string>();
  const repeatedMcp = new Set<string>();
  const repeatedOther = new Set<string>();
  let isCompressed = false;
  let hasBody = false;
  let misnamedOption: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = canonicalName(rawHeaders[index] ?? '');
    const value = (rawHeaders[index + 1] ?? '').trim();
    if (name === 'content-length') hasBody ||= !/^0+$/.test(value);
    else if (name === 'transfer-encoding') {
      hasBody = true;
      isCompressed ||= !listsOnly(value, 'chunked');
    } else if (name === 'content-encoding') isCompressed ||= !listsOnly(value, 'identity');
    else if (name === 'connection') misnamedOption ??= value.split(',').map(canonicalOption).find(isEndToEnd);
    else if (name.startsWith('mcp-') || singletonHeaders.has(name)) {
      if (!seen.has(name)) seen.set(name, value);
      else (name.startsWith('mcp-') ? repeatedMcp : repeatedOther).add(name);
    }
  }
  return {
    contentType: seen.get('content-type'),
    sessionId: seen.get('mcp-session-id'),
    protocolVersion: seen.get('mcp-protocol-version'),
    lastEventId: seen.get('last-event-id'),
    mcpMethod: seen.get('mcp-method'),
    mcpName: seen.get('mcp-name'),
    isCompressed,
    hasBody,
    repeatedMcp,
    repeatedOther,
    misnamedOption,
  };
}

function canonicalOption(option: string): string {
  return canonicalName(option.trim());
}

/** Whether a header means something to the server, so that no hop may take it away. */
function isEndToEnd(name: string): boolean {
  return name.startsWith('mcp-') || name.startsWith('content-') || singletonHeaders.has(name);
}

function listsOnly(value: string, coding: string): boolean {
  return value.split(',').every((each) => {
    const token = each.trim().toLowerCase();
    return token === '' || token === coding;
  });
}
