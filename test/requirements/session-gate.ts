const caps = 'issue 5 "Caps"';
const idle = 'issue 5 "Idle and end"';
const modern = 'issue 5 "Modern era"';

export const gateRequirements = {
  'gate:cap': {
    source: caps,
    behaviour: 'Beyond the cap an initialize gets 503 with the wait, the body of the contract and its id; sessions that are there go on.',
  },
  'gate:race': {
    source: 'issue 5 "Proof" 1',
    behaviour: 'Of a crowd at three sidecars exactly as many get a session as the cap has places.',
  },
  'gate:elsewhere': {
    source: 'issue 5 "Replicas"',
    behaviour: "A request of a session that another pod holds goes to this pod's server; the session keeps its one place.",
  },
  'gate:per-client': { source: caps, behaviour: "A client's own cap touches no other client; the anonymous are exempt." },
  'gate:secret': { source: caps, behaviour: 'How many sessions there are, or may be, is not told.' },
  'gate:style': { source: caps, behaviour: 'The refusal has the shape that the client survives.' },
  'gate:released': { source: caps, behaviour: 'A place is given back on every outcome that opens no session.' },
  'gate:in-band': {
    source: 'research/mcp-on-the-wire.md §3',
    behaviour: 'A 2xx with an id is a session, also where its body is an error.',
  },
  'gate:unseen': { source: 'decision (ADR 8)', behaviour: 'A session that was opened for a client which has left is closed.' },
  'gate:minted': {
    source: caps,
    behaviour: 'An id that appears without a place is stripped, closed upstream with DELETE and counted.',
  },
  'gate:owner': {
    source: caps,
    behaviour: "Another client's session answers as one that never was: 404, -32001, to its message POSTs too.",
  },
  'gate:order': {
    source: 'contract §6',
    behaviour: 'Session comes before rate limit; what the rate limit refuses takes no place and touches no clock.',
  },
  'gate:adopted': { source: idle, behaviour: "Unknown ids are adopted on the upstream's first 2xx, within the cap." },
  'gate:freed': {
    source: idle,
    behaviour: "The client's DELETE, the upstream's 404 at the session's own path and the end of a legacy stream free the place at once.",
  },
  'gate:clock': {
    source: idle,
    behaviour:
      'The clock stands still during requests and notifications, and is not touched by pings, answers, GET streams and refused requests.',
  },
  'gate:polled': { source: idle, behaviour: 'A call whose stream was closed for polling goes on while it is polled, until its answer.' },
  'gate:reaped': {
    source: idle,
    behaviour: 'A reaped session is closed upstream as its client would, its streams end, and it is 404 with -32001 from then on.',
  },
  'gate:stream': { source: idle, behaviour: 'A stream of the HTTP+SSE transport is a session from its endpoint event to its end.' },
  'gate:stream-clock': {
    source: idle,
    behaviour: 'Over HTTP+SSE a call is in flight until its answer is on the stream, or it is cancelled.',
  },
  'gate:shadow': {
    source: 'contract §3 "mode"',
    behaviour: 'In shadow mode nothing is refused, stripped or closed; it is counted and logged.',
  },
  'gate:retune': { source: 'contract §5', behaviour: 'Caps change on a running sidecar; sessions beyond a lower one stay.' },
  'gate:modern': {
    source: modern,
    behaviour:
      'Streams and requests in flight are capped in all (503) and per client (429), and give their place back on close and cancel.',
  },
  'gate:modern-free': {
    source: 'docs/wire.md',
    behaviour: 'No cap of the modern era refuses responses, notifications and server/discover.',
  },
  'gate:modern-legacy': {
    source: 'issue 5 "Caps"',
    behaviour:
      'A request that names a revision without sessions opens none past the cap: its initialize takes a place, what it is given is closed.',
  },
  'gate:stateless': {
    source: 'issue 5 "Caps"',
    behaviour: 'A server without sessions holds no places: neither by ids that were made up, nor by streams of which nothing is heard.',
  },
  'gate:memory': { source: 'issue 5 "Proof" 3', behaviour: 'What is kept of streams, calls and closings is bounded.' },
} as const;
