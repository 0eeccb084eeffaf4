import type { Era, Refusal } from './message.ts';

/** One reason to refuse a message: what it answers, what it says, and why it exists. */
interface Rung {
  /** HTTP status. */
  readonly status: number;
  /** JSON-RPC error code. */
  readonly code: number;
  /** What the client reads; never holds anything out of the body. */
  readonly says: string;
  readonly rationale: string;
}

const parseError = { status: 400, code: -32700 } as const;
const invalidRequest = { status: 400, code: -32600 } as const;
const invalidParams = { status: 400, code: -32602 } as const;
/** MCP 2026-07-28, basic/index "Error codes": HeaderMismatch. */
const headerMismatch = { status: 400, code: -32020 } as const;

/** The ladder of contract §6 "Parse", in the order in which a message climbs it. */
export const ladder = {
  // What the head alone decides.
  'target-form': {
    ...invalidRequest,
    says: 'The request target must be a path',
    rationale: 'RFC 9112 §3.2: servers disagree on whether an absolute-form target or the Host header names the resource.',
  },
  'path-alias': {
    status: 404,
    code: -32600,
    says: 'Not found: the path is another spelling of an MCP path',
    rationale: 'Routers decode, fold and merge paths differently: what only normalises to an MCP path could reach it unseen.',
  },
  method: {
    ...invalidRequest,
    says: 'The HTTP method must be POST, GET or DELETE',
    rationale: 'MCP uses no other; HEAD and OPTIONS pass for health checks and CORS preflights.',
  },
  'unexpected-body': {
    ...invalidRequest,
    says: 'A request of this HTTP method must not carry a body',
    rationale: 'RFC 9110 §9.3.1: such a body has no meaning and is a known carrier of smuggled requests.',
  },
  'connection-option': {
    ...invalidRequest,
    says: 'The Connection header names a header that is not hop-by-hop',
    rationale: 'RFC 9110 §7.6.1: it would be removed after it was checked, and the server would see another message.',
  },
  'session-carriers': {
    ...invalidRequest,
    says: 'The session id is given more than once',
    rationale: 'Of two carriers the server may take the one that was not looked at.',
  },
  'repeated-header': {
    ...invalidRequest,
    says: 'A header that may stand once stands twice',
    rationale: 'Stacks take the first, the last or the join of both.',
  },
  'repeated-mirror': {
    ...headerMismatch,
    says: 'An MCP header stands twice',
    rationale: 'Of two lines at most one can be what the body says, and a server takes the first or the last.',
  },
  'content-encoding': {
    status: 415,
    code: -32600,
    says: 'A compressed body is not accepted',
    rationale: 'Some servers inflate, others read the bytes as they are: what was checked would not be what is run.',
  },
  'body-too-large': {
    status: 413,
    code: -32600,
    says: 'The body is too large',
    rationale: 'Bodies are held in memory until they are checked.',
  },
  'buffers-full': {
    status: 503,
    code: -32603,
    says: 'Too many bodies are being received at once',
    rationale: 'The sum of all bodies held is bounded too. -32603: the message itself is not at fault.',
  },
  'body-timeout': {
    status: 408,
    code: -32600,
    says: 'The body did not arrive in time',
    rationale: 'RFC 9110 §15.5.9; a slow sender must not hold a buffer for ever.',
  },
  // What the bytes decide.
  charset: {
    ...parseError,
    says: 'The body must be UTF-8',
    rationale: 'A server that honours the declared charset would read another message than a server that does not.',
  },
  bom: {
    ...parseError,
    says: 'The body must not begin with a byte order mark',
    rationale: 'RFC 8259 §8.1; some servers skip it, others refuse.',
  },
  encoding: {
    ...parseError,
    says: 'The body must be UTF-8',
    rationale: 'Python servers detect UTF-16 and UTF-32 by their NUL bytes, without a declaration.',
  },
  'invalid-utf8': {
    ...parseError,
    says: 'The body is not valid UTF-8',
    rationale: 'Lenient decoders put U+FFFD there, or decode overlong forms to ASCII.',
  },
  syntax: {
    ...parseError,
    says: 'The body is not valid JSON',
    rationale: 'RFC 8259 and nothing more: no NaN, comments, single quotes, trailing commas or control characters.',
  },
  'trailing-text': {
    ...parseError,
    says: 'There is text after the JSON value',
    rationale: 'Stream decoders run the first value and leave the rest.',
  },
  nesting: {
    ...parseError,
    says: 'The JSON is nested more than 64 deep',
    rationale: 'Depth costs parsers their stack; no MCP message needs it.',
  },
  'duplicate-key': {
    ...parseError,
    says: 'A key stands twice in one object',
    rationale: 'RFC 8259 §4: parsers take the first, the last or fail.',
  },
  'fold-equal-key': {
    ...parseError,
    says: 'Two keys of one object differ only in case or in trailing NULs',
    rationale: "Go's encoding/json matches fields by case folding (CVE-2026-27896): to it they are one key.",
  },
  'lone-surrogate': {
    ...parseError,
    says: 'A key or an envelope value holds half a surrogate pair',
    rationale: 'RFC 8259 §8.2: decoders keep it, replace it by U+FFFD or fail, so that two names may become one.',
  },
  // What the message's shape decides.
  batch: {
    ...invalidRequest,
    says: 'Batches are not accepted',
    rationale: 'Removed from MCP in 2025-06-18; TypeScript and Go servers still run each element.',
  },
  'not-object': {
    ...invalidRequest,
    says: 'The body is not a JSON-RPC message',
    rationale: 'JSON-RPC 2.0 §4: a message is an object.',
  },
  'lookalike-key': {
    ...invalidRequest,
    says: 'A key only resembles one of the protocol',
    rationale: 'Servers that fold case, or cut at NUL, take it for the real one.',
  },
  version: {
    ...invalidRequest,
    says: 'The member jsonrpc must be "2.0"',
    rationale: 'JSON-RPC 2.0 §4.',
  },
  'no-kind': {
    ...invalidRequest,
    says: 'The message is neither a request, nor a notification, nor a response',
    rationale: 'JSON-RPC 2.0 §4 and §5: a method, or exactly one of result and error.',
  },
  'request-and-response': {
    ...invalidRequest,
    says: 'The message is a request and a response at once',
    rationale: 'Python and Go servers run it; taken for a response it would pass unmetered.',
  },
  'method-form': {
    ...invalidRequest,
    says: 'The member method must be a string',
    rationale: 'JSON-RPC 2.0 §4.',
  },
  'id-form': {
    ...invalidRequest,
    says: 'The member id must be a string or an integer between -(2^53-1) and 2^53-1',
    rationale: 'Null, fractional and larger ids: servers run them, drop them, or answer under another id.',
  },
  'request-without-id': {
    ...invalidRequest,
    says: 'This method needs an id',
    rationale: 'Without one it counts as a notification, which is never metered.',
  },
  'tool-name': {
    ...invalidParams,
    says: 'The name in the params of tools/call must be a string',
    rationale: 'Without a name there is no bucket to charge.',
  },
  'params-form': {
    ...invalidRequest,
    says: 'The member params must be an object',
    rationale: 'The MCP schema has neither positional nor null params.',
  },
  // What headers and body say together.
  'envelope-missing': {
    ...invalidParams,
    says: 'A request of the revision that MCP-Protocol-Version names must name it in params._meta too',
    rationale: 'MCP 2026-07-28, "Per-request metadata": servers answer so themselves; one that did not would take it for a legacy request.',
  },
  'era-mismatch': {
    ...headerMismatch,
    says: 'The header MCP-Protocol-Version and the version in _meta differ',
    rationale: 'Python servers choose the era by the header, TypeScript ones by the body.',
  },
  'mirror-missing': {
    ...headerMismatch,
    says: 'A header that this revision requires is missing',
    rationale: 'MCP 2026-07-28, "Standard Request Headers": a server that fills it in from elsewhere would act on what was not checked.',
  },
  'mirror-mismatch': {
    ...headerMismatch,
    says: 'Mcp-Method or Mcp-Name contradicts the body',
    rationale: 'MCP 2026-07-28, Streamable HTTP "Server validation"; whoever routes by the header must not be misled.',
  },
} as const satisfies Record<string, Rung>;

export type RungName = keyof typeof ladder;

export interface RefusalFacts {
  readonly era: Era;
  /** JSON text of the request's id, where it is known and sound. */
  readonly id?: string | undefined;
  /** Where or what, without content of the body's values. */
  readonly detail?: string | undefined;
}

/** The refusal of one rung, ready for `refusalBody`. */
export function refuse(rung: RungName, { era, id, detail }: RefusalFacts): Refusal {
  const { status, code, says } = ladder[rung];
  const message = detail === undefined ? `${says}.` : `${says} (${detail}).`;
  return { rung, status, code, message, era, ...(id === undefined ? {} : { id }) };
}
