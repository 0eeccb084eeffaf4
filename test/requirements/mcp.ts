const parse = 'contract §6 "Parse"';
const paths = 'contract §3 "paths"';
const wire = 'research/mcp-on-the-wire.md §5';

export const mcpRequirements = {
  'parse:any-content-type': { source: parse, behaviour: 'Every POST to an MCP path is parsed, whatever its Content-Type.' },
  'parse:strict-json': { source: parse, behaviour: 'What is not strict JSON is refused with 400 and -32700.' },
  'parse:encoding': { source: parse, behaviour: 'A BOM, another encoding or invalid UTF-8 is refused with 400 and -32700.' },
  'parse:duplicate-key': { source: parse, behaviour: 'A key that stands twice in one object, at any depth, is refused with -32700.' },
  'parse:fold-equal-key': { source: parse, behaviour: 'Keys of one object that are equal after case folding are refused with -32700.' },
  'parse:nesting': { source: parse, behaviour: 'Nesting over 64 is refused with -32700.' },
  'parse:trailing-text': { source: parse, behaviour: 'Text after the value is refused with -32700.' },
  'parse:lone-surrogate': {
    source: wire,
    behaviour: 'Half a surrogate pair is refused in keys and envelope values, and passes elsewhere.',
  },
  'parse:linear': { source: 'issue 3 "Sidecar"', behaviour: 'Hostile bodies of 8 MiB are judged in linear time.' },
  'parse:batch': { source: parse, behaviour: 'Batches are refused with -32600, empty ones and those of one message too.' },
  'parse:not-json-rpc': { source: parse, behaviour: 'JSON that is no JSON-RPC message is refused with -32600.' },
  'parse:lookalike-key': { source: parse, behaviour: "An envelope key that only resembles the protocol's is refused with -32600." },
  'parse:request-and-response': { source: parse, behaviour: 'A message that is request and response at once is refused with -32600.' },
  'parse:id': { source: parse, behaviour: 'An id that is null, fractional or no safe integer token is refused with -32600.' },
  'parse:request-without-id': {
    source: wire,
    behaviour: 'A tools/call without id, or another request without one, never passes unmetered.',
  },
  'parse:tool-name': { source: parse, behaviour: 'A tools/call whose params.name is no string is refused with -32602.' },
  'parse:mirrors': { source: parse, behaviour: 'Mcp-Method and Mcp-Name that contradict a modern body are refused with -32020.' },
  'parse:mirrors-required': {
    source: 'MCP 2026-07-28, Streamable HTTP "Standard Request Headers"',
    behaviour: 'A modern request without Mcp-Method, or without Mcp-Name where its method needs one, is refused with -32020.',
  },
  'parse:mirrors-legacy': { source: wire, behaviour: 'In the legacy era the mirrored headers decide nothing.' },
  'parse:compressed': { source: parse, behaviour: 'A compressed body is refused with 415.' },
  'parse:methods': {
    source: parse,
    behaviour: 'Methods other than POST, GET, HEAD, DELETE and OPTIONS are refused with -32600 on MCP paths.',
  },
  'parse:unexpected-body': { source: parse, behaviour: 'A body on GET, HEAD, DELETE or OPTIONS is refused with -32600.' },
  'parse:session-carriers': { source: parse, behaviour: 'Conflicting carriers of the session id are refused with -32600.' },
  'parse:repeated-header': { source: wire, behaviour: 'A critical header that stands twice is refused.' },
  'parse:connection-option': { source: 'RFC 9110 §7.6.1', behaviour: 'Connection must not name a header that was checked.' },
  'parse:target-form': { source: wire, behaviour: 'A request target that is no path is refused with -32600.' },
  'parse:opaque': { source: parse, behaviour: 'A form that does not begin like JSON passes untouched.' },
  'parse:well-known': { source: parse, behaviour: 'Well-known documents are not MCP even where all paths are.' },
  'paths:segments': { source: paths, behaviour: 'A prefix stands for whole segments.' },
  'paths:alias': { source: paths, behaviour: 'A path that only normalises to an MCP path is 404.' },
  'paths:elsewhere': { source: paths, behaviour: 'Outside the MCP paths a body that is no JSON-RPC passes untouched.' },
  'paths:json-rpc-elsewhere': { source: paths, behaviour: 'Outside the MCP paths JSON-RPC is judged as on an MCP path.' },
  'era:evidence': { source: 'contract §9.9', behaviour: 'The revision in _meta makes a message modern; no evidence means legacy.' },
  'era:agreement': { source: wire, behaviour: 'A modern request whose header and body disagree on the revision is refused with -32020.' },
  'reply:id': {
    source: 'contract §6 "Rate limit"',
    behaviour: "An error answer echoes the request's id to the letter and has none for a notification.",
  },
  'reply:rate-limit-code': {
    source: 'contract §6 "Rate limit"',
    behaviour: 'The code is -32029 in the legacy era and 429 in the modern one.',
  },
  'headers:never-forwarded': { source: wire, behaviour: 'Headers that override method or path are listed as never forwarded.' },
} as const;
