const issue = 'issue 3 "Sidecar"';
const words = 'contract §2 "client"';
const limits = 'contract §6 "Rate limit"';
const parse = 'contract §6 "Parse"';
const pod = 'contract §5';
const transport = 'MCP 2025-11-25, Streamable HTTP "Security Warning"';

export const identityRequirements = {
  'identity:trusted-peer': { source: words, behaviour: "The operator's header names the client where the peer is in its ranges." },
  'identity:untrusted-peer': { source: 'contract §3 "identity"', behaviour: 'From any other peer the header counts for nothing.' },
  'identity:stripped': { source: 'contract §3 "identity"', behaviour: 'From any other peer the header does not reach the server.' },
  'identity:mapped': { source: issue, behaviour: 'An IPv4 peer of a dual-stack listener is matched as the IPv4 address that it is.' },
  'identity:anonymous': { source: words, behaviour: 'Without the header a client is anonymous.' },
  'identity:duplicate': { source: issue, behaviour: 'A header that stands twice is refused with 400.' },
  'identity:privacy': {
    source: 'issue 4 "Identity"; contract §9.11',
    behaviour: 'A client’s name reaches neither Redis nor logs nor metrics in the clear, whatever names it.',
  },
  'identity:bounded': { source: issue, behaviour: 'A name over 512 characters is refused with 400.' },
} as const;

export const sidecarRequirements = {
  'sidecar:all-errors': { source: issue, behaviour: 'A wrong command line is refused with every error at once.' },
  'sidecar:ca-file': { source: 'contract §9.13', behaviour: 'The CA file is absolute, without NUL and "..".' },
  'sidecar:takeover': { source: pod, behaviour: "takeover holds every address of the pod at the app's port." },
  'sidecar:redirect': { source: pod, behaviour: 'redirect listens on all addresses, and finds the app wherever it listens.' },
  'sidecar:capture-rules': {
    source: issue,
    behaviour: 'capture sends inbound TCP of both families to the sidecar, however often it runs.',
  },
  'sidecar:capture-remedy': { source: issue, behaviour: 'A capture that fails says why and what to do.' },
  'sidecar:capture-real': { source: issue, behaviour: 'Both captures bring IPv4 and IPv6 from another network to the sidecar.' },
  'sidecar:bypass': { source: pod, behaviour: 'A port taken by somebody else: not ready, and a metric of the bypass.' },
  'sidecar:smuggling': {
    source: 'research/mcp-on-the-wire.md §5',
    behaviour: 'What could be read in two ways is refused, and no tunnel is opened.',
  },
  'sidecar:duplicate-header': {
    source: 'research/mcp-on-the-wire.md §5',
    behaviour: 'Headers that frame and address a request stand once.',
  },
  'sidecar:method-override': {
    source: 'research/mcp-on-the-wire.md §5',
    behaviour: 'Headers that override the method do not reach the server.',
  },
  'sidecar:byte-for-byte': { source: parse, behaviour: 'What is forwarded is what was checked, byte for byte.' },
  'sidecar:hop-by-hop': { source: issue, behaviour: 'Hop-by-hop headers and those named by Connection are removed.' },
  'sidecar:host-rewritten': { source: issue, behaviour: "Host is rewritten to the upstream's." },
  'sidecar:host': { source: transport, behaviour: 'Host must be valid.' },
  'sidecar:rebinding': { source: transport, behaviour: 'Host must name loopback on a loopback listener.' },
  'sidecar:origin': { source: transport, behaviour: 'An Origin of another host is refused with 403.' },
  'sidecar:location': { source: issue, behaviour: "A redirect to the upstream's own address becomes one that the client can follow." },
  'sidecar:pipelining': { source: issue, behaviour: 'Pipelined requests are answered in their order.' },
  'sidecar:refusal-body': { source: parse, behaviour: 'Each refusal has its status and a JSON-RPC error as its body.' },
  'sidecar:too-large': { source: parse, behaviour: '413 over the bound of a body, also for one sent in chunks.' },
  'sidecar:buffers-full': { source: parse, behaviour: '503 when more is buffered in all than the bound.' },
  'sidecar:small-pieces': {
    source: parse,
    behaviour: 'A body in the smallest pieces costs neither more memory nor more time than in one.',
  },
  'sidecar:in-flight': { source: 'contract §6 Parse', behaviour: 'What is being answered at once is bounded; beyond it 503 with a wait.' },
  'sidecar:one-connection': {
    source: parse,
    behaviour: 'No single connection brings the process down, by a reset or by a flood of requests.',
  },
  'sidecar:timeouts': { source: parse, behaviour: 'Headers and bodies that do not come in time get 408.' },
  'sidecar:refusal-line': { source: issue, behaviour: 'One log line for each refusal, without arguments and credentials.' },
  'sidecar:refusal-sampling': { source: 'contract §9.11', behaviour: 'Refusal logs are sampled above ten per second and reason.' },
  'sidecar:transparent': { source: issue, behaviour: 'The official client and server work through it unchanged, in both HTTP transports.' },
  'sidecar:flush': { source: issue, behaviour: 'SSE is flushed per event.' },
  'sidecar:client-gone': { source: issue, behaviour: 'Client gone: upstream aborted at once.' },
  'sidecar:upstream-gone': { source: issue, behaviour: 'Upstream gone in mid-stream: never a clean end.' },
  'sidecar:backpressure': { source: issue, behaviour: 'A slow reader does not fill memory.' },
  'sidecar:as-is': { source: issue, behaviour: 'Responses are streamed untouched.' },
  'sidecar:trailers': { source: issue, behaviour: 'Trailers and 1xx are handled.' },
  'sidecar:no-retry': { source: issue, behaviour: 'What may have been acted upon is never sent again.' },
  'sidecar:stale-connection': { source: issue, behaviour: 'A kept connection that was closed meanwhile costs no request.' },
  'sidecar:unreachable': { source: pod, behaviour: 'An upstream that does not accept: 502, and not ready.' },
  'sidecar:never-ready': {
    source: 'contract §9.8',
    behaviour: 'The sidecar repeats every check of admission: limits without Redis never become ready.',
  },
  'sidecar:reload': { source: pod, behaviour: 'An edit takes effect without restart and without a lost request.' },
  'sidecar:last-good': { source: pod, behaviour: 'An invalid edit keeps the last good configuration, also across a restart.' },
  'sidecar:retunable': { source: pod, behaviour: 'Only the keys that a running pod may change are changed.' },
  'sidecar:downward': { source: issue, behaviour: "The downward API's format and its way to swap files are understood." },
  'sidecar:admin-crowd': {
    source: 'contract §9.12',
    behaviour: 'Whoever occupies the admin port, with however many connections, keeps no probe out and holds a bounded number.',
  },
  'sidecar:admin': { source: 'contract §9.12', behaviour: 'On the admin port only probes and metrics.' },
  'sidecar:limit-headers-beside': {
    source: 'issue 4, Refusals that the client survives',
    behaviour: "RateLimit fields of an upstream's own limits stay beside ours.",
  },
  'sidecar:by-hand': { source: 'issue 3, The project', behaviour: 'A sidecar run by hand needs no inject among its annotations.' },
  'sidecar:over-limit': { source: limits, behaviour: 'The answer over the limit is that of the contract, to the letter.' },
  'sidecar:never-charged': { source: limits, behaviour: 'Handshakes, lists and pings are never charged.' },
  'sidecar:one-bucket': { source: limits, behaviour: 'All replicas of an owner share one bucket; two owners share none.' },
  'sidecar:per-client': { source: words, behaviour: 'Each client has its own bucket; all anonymous callers share one.' },
  'sidecar:untrusted-header': { source: 'contract §3 "identity"', behaviour: 'Whoever is not trusted cannot name itself.' },
  'sidecar:retune-limit': { source: issue, behaviour: 'Changing a limit keeps the spent share.' },
  'sidecar:shadow': { source: limits, behaviour: 'shadow counts and logs what it would have refused.' },
  'sidecar:fail-open': { source: limits, behaviour: 'Redis away: open allows, warns and counts; limits hold again after.' },
  'sidecar:fail-closed': { source: limits, behaviour: 'Redis away: closed refuses calls with 503.' },
  'sidecar:redis-at-start': { source: limits, behaviour: 'A sidecar whose Redis never answered does not become ready, and says why.' },
  'sidecar:drain-command': { source: pod, behaviour: 'The drain is started through a Unix socket: not ready, what is in flight goes on.' },
  'sidecar:drain-close': { source: issue, behaviour: 'A draining sidecar serves on and says Connection: close.' },
  'sidecar:drain-idle': { source: issue, behaviour: 'Where nothing is in flight the drain ends soon.' },
  'sidecar:drain-in-flight': { source: issue, behaviour: 'What is in flight is served to its end.' },
  'sidecar:drain-grace': { source: issue, behaviour: "What outlives the grace period is cut, before the kubelet's kill." },
  'sidecar:drain-twice': { source: issue, behaviour: 'A second signal ends the process at once.' },
  'sidecar:local': {
    source: 'contract §6 "Rate limit"',
    behaviour:
      'With on-redis-failure local each sidecar holds its share of the limits while Redis is away, and an edit turns that on and off.',
  },
  'sidecar:local-outages': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'Three sidecars with on-redis-failure local stay within the bound while Redis dies, hangs, answers late or restarts empty.',
  },
  'sidecar:accurate': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'Three sidecars admit for 60 s of random bursts what an ideal bucket does, within one token.',
  },
} as const;
