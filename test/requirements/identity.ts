const issue = 'issue 4 "Identity"';
const client = 'contract §2 "client"';
const bearer = 'RFC 6750';
const practice = 'RFC 8725';

/** Identity by JWT: tokens, the issuer's keys, and what becomes of requests without either. */
export const jwtRequirements = {
  'jwt:client': { source: client, behaviour: 'The client of a verified token is its iss and sub together, and nothing else.' },
  'jwt:issuer': { source: issue, behaviour: 'A token of another issuer is refused.' },
  'jwt:audience': { source: issue, behaviour: 'A token for another audience is refused.' },
  'jwt:times': { source: issue, behaviour: 'A token is good from nbf to exp, each widened by the clock skew; exp has to be there.' },
  'jwt:claims': { source: issue, behaviour: 'A token without iss, sub, aud or exp, or with one of the wrong type, is refused.' },
  'jwt:algorithms': {
    source: `${issue}; ${practice} §3.1`,
    behaviour: 'Only allowed algorithms are accepted: never none, never one with a shared secret, whatever the token says.',
  },
  'jwt:signature': { source: issue, behaviour: 'A token whose signature is not that of its issuer is refused.' },
  'jwt:key-choice': { source: issue, behaviour: 'A key verifies only what it is for: its kid, kty, alg, use and key_ops.' },
  'jwt:key-strength': {
    source: issue,
    behaviour: 'RSA keys below 2048 bits or with an absurd exponent or size are left out, as are private and shared ones.',
  },
  'jwt:hostile': { source: issue, behaviour: 'Hostile tokens are refused, soon, and never throw.' },
  'jwt:headers-ignored': {
    source: `${issue}; ${practice} §3.10`,
    behaviour: 'Keys and addresses that a token itself brings (jwk, jku, x5c, x5u) count for nothing.',
  },
  'jwt:type': { source: `${practice} §3.11`, behaviour: 'A JWT that is for another purpose is refused by its typ.' },
  'jwt:bearer': { source: `${bearer} §2.1`, behaviour: 'The scheme is read in any case; other schemes are the server’s matter.' },
  'jwt:duplicate': { source: issue, behaviour: 'An Authorization header that stands twice is refused with 400.' },
  'jwt:challenge': {
    source: `${bearer} §3`,
    behaviour: '401 with a WWW-Authenticate that says what is wrong, and no error code where there was no token.',
  },
  'jwt:anonymous': { source: issue, behaviour: 'Without a token a client is anonymous.' },
  'jwt:required': {
    source: issue,
    behaviour: 'required: 401 without a token wherever MCP is spoken, for JSON-RPC anywhere, not for preflights.',
  },
  'jwt:login': {
    source: issue,
    behaviour: 'The server’s own 401 and its protected resource metadata pass untouched, also without a token and with a required one.',
  },
  'jwt:forwarded': { source: issue, behaviour: 'A verified token goes on to the server as it came.' },
  'jwt:buckets': {
    source: issue,
    behaviour: 'Each client has its own buckets, over all and of each tool; all anonymous callers share one.',
  },
  'jwt:privacy': { source: 'contract §9.11', behaviour: 'Neither token nor client name stands in Redis, logs or metrics.' },
  'jwt:shadow': { source: 'contract §6', behaviour: 'shadow lets pass as anonymous what it would have refused.' },
  'jwt:rotation': { source: issue, behaviour: 'A key that the issuer rotated to is taken up at its first token.' },
  'jwt:shared-refresh': {
    source: issue,
    behaviour: 'All who need new keys share one question to the issuer, at most one in the cooldown; nobody else waits for it.',
  },
  'jwt:no-fetch-per-request': { source: issue, behaviour: 'Requests with known keys ask the issuer nothing.' },
  'jwt:remembered': {
    source: 'issue 4 "Speed"',
    behaviour: 'A token is verified once while it is good and the keys stay the same, and anew when either changes.',
  },
  'jwt:stale': { source: issue, behaviour: 'While the issuer is away its last keys serve on, for a bounded time.' },
  'jwt:unreachable': {
    source: issue,
    behaviour: 'Without any keys a request with a token gets 503 with the reason and Retry-After; readiness and a metric say so.',
  },
  'jwt:issuer-tls': {
    source: issue,
    behaviour: 'The issuer is asked over TLS, verified against the given CA alone, and its redirects are not followed.',
  },
  'jwt:bounded-document': { source: issue, behaviour: 'What an issuer sends is bounded in size, time and number of keys.' },
  'jwt:metadata': { source: 'RFC 8414 §3', behaviour: 'Without a jwksUri the keys are where the issuer’s own metadata says.' },
  'jwt:ca-mount': {
    source: issue,
    behaviour: 'The CA is mounted from its ConfigMap, read-only and optional, and judged at admission as that of Redis.',
  },
  'jwt:settings': { source: issue, behaviour: 'What of identity: jwt cannot be or would be unsafe is denied, with the way out.' },
} as const;
