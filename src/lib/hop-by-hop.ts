/** Headers that end at each hop (RFC 9110 §7.6.1), and those that only mean something to the next hop. Lower case. */
export const hopByHopHeaders: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // RFC 7540 §3.2.1: goes with an Upgrade to h2c, which would tunnel past us.
  'http2-settings',
]);
