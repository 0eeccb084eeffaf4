export const limiterRequirements = {
  'limiter:charges': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'A tools/call is charged to shared, perClient and both buckets of its tool.',
  },
  'limiter:longest-pattern': {
    source: 'contract \u00a73 "rate-limit"',
    behaviour: "A tool's exact name decides first, then the longest pattern, ties alike in all replicas.",
  },
  'limiter:linear-matching': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'Matching a pattern takes linear time, whatever name a caller sends.',
  },
  'limiter:pattern-bucket': { source: 'contract \u00a79.9', behaviour: 'A pattern is one bucket for all names that it matches.' },
  'limiter:cost': { source: 'contract \u00a73 "rate-limit"', behaviour: 'The cost counts in every bucket of the call.' },
  'limiter:cost-too-large': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'A call that costs more than its bucket holds is refused with a finite wait.',
  },
  'limiter:never-charged': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour:
      'Handshakes, pings, lists, responses and notifications are not charged to tool buckets, initialize and server/discover to none.',
  },
  'limiter:methods': { source: 'contract \u00a73 "rate-limit"', behaviour: 'A method that is named is charged to its own buckets only.' },
  'limiter:notified-call': { source: 'contract \u00a71', behaviour: 'A tools/call without an id is metered too.' },
  'limiter:anonymous': { source: 'contract \u00a72 "client"', behaviour: 'All anonymous callers share one per-client bucket.' },
  'limiter:no-collision': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'No tool, method or client name reaches the bucket of another scope.',
  },
  'limiter:refusal': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'A refusal has the code, message, data and headers that the contract shows.',
  },
  'limiter:modern-code': { source: 'contract \u00a76 "Rate limit"', behaviour: 'The code is 429 in the modern era.' },
  'limiter:retry-after': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'Retry-After is the true wait in whole seconds, at least 1.',
  },
  'limiter:all-violated': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'All violated buckets are listed, and the longest wait is told.',
  },
  'limiter:wording': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'The message names what the limit is on, its size and its period.',
  },
  'limiter:ascii-names': { source: 'contract \u00a79.9', behaviour: 'Names in RateLimit-Policy are ASCII, else a hash.' },
  'limiter:success-headers': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: "An admitted call's headers list all buckets that it was charged to.",
  },
  'limiter:closed-refusal': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'With on-redis-failure closed a call is answered 503 with Retry-After, its id and the remedy.',
  },
  'limiter:ideal-bucket': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'What is admitted is what an ideal bucket admits, within one token.',
  },
  'limiter:exact-wait': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'After the wait that is told the same call passes, and not a millisecond earlier.',
  },
  'limiter:all-or-nothing': { source: 'contract \u00a76 "Rate limit"', behaviour: 'A refused call takes nothing from any of its buckets.' },
  'limiter:rejected-writes-nothing': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'A refused call leaves every key in Redis as it was.',
  },
  'limiter:slow-refill': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: '1 per 31 days refills exactly, however often it is asked meanwhile.',
  },
  'limiter:clock-back': { source: 'issue 3, Sidecar, Limiter', behaviour: 'A clock that goes back gives nothing away and blocks nobody.' },
  'limiter:share-kept': { source: 'issue 3, Sidecar, Limiter', behaviour: 'Changing a limit keeps the spent share.' },
  'limiter:raise-helps-at-once': { source: 'issue 3, Sidecar, Limiter', behaviour: 'A raised limit refills at its own speed at once.' },
  'limiter:two-limits': {
    source: 'contract \u00a79.9',
    behaviour: 'Two replicas that alternate different limits never admit more than the larger allows, plus one.',
  },
  'limiter:script-is-model': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'The Lua script decides, waits and stores exactly as the model in big integers.',
  },
  'limiter:ttl': { source: 'issue 3, Sidecar, Limiter', behaviour: 'A key lives until its bucket is full, and a minute more.' },
  'limiter:one-bucket': { source: 'issue 3, E2E 6', behaviour: 'Of 40 concurrent calls to two replicas exactly the limit passes.' },
  'limiter:noscript': { source: 'issue 3, Sidecar, Limiter', behaviour: 'Redis may forget script and data in the middle.' },
  'limiter:redis-clock': { source: 'contract \u00a76 "Rate limit"', behaviour: "Buckets run on Redis's clock." },
  'limiter:owner-slot': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'All keys of an owner are in one hash slot; two owners share none.',
  },
  'limiter:foreign-value': { source: 'issue 3, Sidecar, Limiter', behaviour: "A value in a bucket's key that is not ours counts as none." },
  'limiter:client-hash': {
    source: 'contract \u00a79.11',
    behaviour: 'A client is named by a hash, keyed once per owner, alike in all replicas.',
  },
  'limiter:not-ready': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'Without an answer of Redis within 5 s the sidecar is not ready and says why; it goes on trying.',
  },
  'limiter:killed': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'Redis killed: calls pass with a warning, and limits hold again when it is back, empty.',
  },
  'limiter:hung': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'A hung Redis costs a request one deadline at most, then nothing.',
  },
  'limiter:slow': { source: 'contract \u00a76 "Rate limit"', behaviour: 'A pause of Redis longer than the deadline is survived.' },
  'limiter:idle-closed': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'An idle connection that Redis closes is opened again without a call.',
  },
  'limiter:readonly': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'A Redis that became a replica counts as away until it takes writes.',
  },
  'limiter:oom': { source: 'issue 3, Sidecar, Limiter', behaviour: 'A Redis without memory counts as away until it has some.' },
  'limiter:misconf': { source: 'issue 3, Sidecar, Limiter', behaviour: 'A Redis that refuses writes for want of a disk counts as away.' },
  'limiter:breaker': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'The breaker lets nobody wait, and one probe a period closes it.',
  },
  'limiter:deadline': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'One command deadline; an answer that has come in time counts, a late one harms nothing.',
  },
  'limiter:failure-kinds': { source: 'issue 3, Sidecar, Limiter', behaviour: 'Failures of Redis are sorted into few kinds for metrics.' },
  'limiter:no-secrets-in-errors': { source: 'contract \u00a79.11', behaviour: 'An error of Redis carries no password into logs.' },
  'limiter:credentials': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: "ACL user and password come from the Secret's files at each connection.",
  },
  'limiter:no-credentials': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'A password that is wanted and missing is named as the reason.',
  },
  'limiter:needless-password': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'A password that Redis does not want does not keep us out.',
  },
  'limiter:tls': { source: 'issue 3, Sidecar, Limiter', behaviour: 'rediss:// trusts the private CA.' },
  'limiter:tls-verified': { source: 'issue 3, Sidecar, Limiter', behaviour: 'rediss:// is always verified.' },
  'limiter:tls-name': { source: 'issue 3, Sidecar, Limiter', behaviour: 'A certificate for another name is refused.' },
  'limiter:ca-reread': {
    source: 'issue 3, Sidecar, Limiter',
    behaviour: 'The CA file is read anew for each connection, and a bad one is named as the reason.',
  },
  'limiter:local-ideal': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'A local bucket admits what an ideal bucket of limit \u00f7 replicas admits, within one token.',
  },
  'limiter:local-share': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'Local buckets of all replicas together admit no more than the limit, but for what less than one token each exceeds it by.',
  },
  'limiter:local-exact-wait': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'The wait that a local bucket tells is exact to the millisecond.',
  },
  'limiter:local-hand-over': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'A local bucket starts with the share of what Redis had left.',
  },
  'limiter:local-below-one': { source: 'contract \u00a79.9', behaviour: 'Less than one token counts as one, and the excess is told.' },
  'limiter:local-excess': {
    source: 'contract \u00a79.9',
    behaviour: 'What less than one token each exceeds a limit by is counted and logged.',
  },
  'limiter:local-slow-refill': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'A local bucket of 1 per 31 days refills exactly, however often it is asked.',
  },
  'limiter:local-all-or-nothing': {
    source: 'contract \u00a76 "Rate limit"',
    behaviour: 'A call that one local bucket refuses takes nothing from the others.',
  },
  'limiter:local-retuned': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'Changing a limit keeps the spent share of a local bucket.',
  },
  'limiter:local-bounded': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'Local buckets are bounded: full ones are forgotten, then the least recently used.',
  },
  'limiter:local-owed': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'What was spent locally is handed over once, and the word of Redis counts less what was spent since.',
  },
  'limiter:local-dies': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'Three replicas stay within the bound when Redis dies, and when an empty one takes its place.',
  },
  'limiter:local-restarts-empty': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'A Redis that restarted empty is told what was left.',
  },
  'limiter:local-hangs': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'Three replicas stay within the bound while Redis hangs and after.',
  },
  'limiter:local-slow': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'Three replicas stay within the bound while Redis answers late and after.',
  },
  'limiter:local-partial': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'What a replica spent that was cut off alone is debited when it is back.',
  },
  'limiter:local-unaware': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'Replicas that never saw a bucket give no more than their shares of it.',
  },
  'limiter:local-alone': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'A replica that never saw Redis assumes to be the only one.',
  },
  'limiter:settled-once': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'What was spent locally is debited in Redis once, also where its answer was lost.',
  },
  'limiter:settled-empty': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'An empty Redis is taken down to what was left before, and one that kept its buckets is left as it was.',
  },
  'limiter:replicas-assumed': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'One replica is assumed before Redis was seen.',
  },
  'limiter:replicas-counted': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'More replicas are believed at once, fewer after the life of a silent one.',
  },
  'limiter:replicas-kept': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'The last count of replicas holds while Redis is away, and until an empty one has heard from all.',
  },
  'limiter:replicas-in-redis': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'Replicas are counted in Redis by their heartbeats, silent ones no more.',
  },
  'limiter:accurate': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'Three sidecars admit for 60 s of random bursts what an ideal bucket does, within one token.',
  },
  'limiter:one-trip': { source: 'issue 4, Outages and scale of the limiter', behaviour: 'A decision takes one trip to Redis.' },
  'limiter:one-call-a-tick': {
    source: 'issue 4, Outages and scale of the limiter',
    behaviour: 'All decisions that wait in one turn of the event loop are made by one script call.',
  },
} as const;
