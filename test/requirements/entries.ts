const issue = 'issue 6 "What it does"';
const where = 'issue 6 "Where it may go"';
const contract = 'contract §7';

export const entryRequirements = {
  'entry:address': {
    source: contract,
    behaviour: 'The app reaches an entry at /<entry> of a loopback listener, and its remote at the URL to the letter.',
  },
  'entry:unknown': { source: issue, behaviour: 'Another path is 404 with the id of the request, and names the entries that there are.' },
  'entry:spelling': { source: issue, behaviour: 'No other spelling of its path reaches an entry.' },
  'entry:loopback': { source: issue, behaviour: 'The listener is at loopback, and judges Host and Origin against DNS rebinding.' },
  'entry:port': { source: issue, behaviour: 'A sidecar that does not get the port of the entries does not start, and says who has it.' },
  'entry:parse': { source: issue, behaviour: 'What goes to a remote is parsed as strictly as what comes in, in both eras.' },
  'entry:bytes': {
    source: issue,
    behaviour: 'What is forwarded is what was checked, byte for byte, and the answer is streamed as it comes.',
  },
  'entry:request-headers': { source: where, behaviour: 'Request headers go by an allow-list; nothing of the inbound side leaks out.' },
  'entry:response-headers': {
    source: where,
    behaviour: 'Response headers come by an allow-list: no Set-Cookie, no challenge, no address of the remote.',
  },
  'entry:configured-headers': { source: where, behaviour: 'Configured headers win over those of the app.' },
  'entry:secret-missing': {
    source: issue,
    behaviour: 'A Secret that is missing or wrong fails that entry alone: 503, readiness detail and metric that name it.',
  },
  'entry:secret-reload': { source: contract, behaviour: 'A Secret that comes, changes or goes is taken up without a restart.' },
  'entry:secrecy': { source: 'issue 6 "Proof" 6', behaviour: 'No value of a Secret stands in any log, error, metric or probe.' },
  'entry:login': {
    source: where,
    behaviour: 'OAuth to a remote is refused clearly: its 401 says which header to configure, and begins no login.',
  },
  'entry:limit': {
    source: contract,
    behaviour: 'An entry has limits of its own, in buckets that no inbound limit and no other entry shares.',
  },
  'entry:sessions': {
    source: issue,
    behaviour: 'An entry has its own cap on sessions, which neither the inbound side nor another entry shares, over all replicas.',
  },
  'entry:sessions-end': {
    source: issue,
    behaviour: "A session that we end is closed at the entry's URL with its configured headers, and frees its place.",
  },
  'entry:sessions-leave': { source: issue, behaviour: "The places of a pod's sessions at entries are free once it has left." },
  'entry:sessions-shadow': { source: issue, behaviour: 'In shadow mode sessions of an entry are counted and none is refused or ended.' },
  'entry:metrics': { source: issue, behaviour: 'Metrics and log lines name the entry, by names out of the configuration only.' },
  'entry:alone': { source: contract, behaviour: 'An entry that fails does not make the pod unready, and leaves the others as they are.' },
  'entry:bundle-told': {
    source: 'issue 6 "TLS"',
    behaviour:
      'A bundle that is missing, refused or about to end is told by 503, readiness detail, metric and log, and heals without a restart.',
  },
  'entry:room': { source: where, behaviour: 'Calls that hang at a remote leave other entries and inbound traffic their share of memory.' },
  'entry:skipped': {
    source: contract,
    behaviour: 'An entry that is not valid and reaches the sidecar all the same is skipped, never all.',
  },
  'entry:only': { source: issue, behaviour: 'A sidecar of remote entries only needs no server.' },
  'entry:streams': {
    source: issue,
    behaviour: 'A stream comes as it comes, no faster than it is read, ends with the app, and never cleanly where the remote dies.',
  },
  'entry:sse': { source: issue, behaviour: 'The message address of an HTTP+SSE remote is mapped below the path of its entry.' },
  'entry:sse-origin': { source: where, behaviour: 'A message address of another origin than the entry is refused.' },
  'entry:sse-open': { source: where, behaviour: 'Messages go only where an open stream has said.' },
  'entry:sse-refusal': { source: issue, behaviour: 'The refusal of a message comes on its stream.' },
  'entry:drain': { source: issue, behaviour: 'What is in flight at an entry is served while the pod drains.' },
  'entry:options': {
    source: issue,
    behaviour: 'The sidecar takes where entries listen and where their files are, and refuses what is not at loopback.',
  },
  'entry:clients': {
    source: 'issue 6 "Proof" 4',
    behaviour: 'SDK clients work with real servers behind TLS with a private CA, in both transports.',
  },
} as const;
