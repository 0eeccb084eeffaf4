const tls = 'issue 6 "TLS"';
const where = 'issue 6 "Where it may go"';

export const egressRequirements = {
  'egress:spellings': {
    source: where,
    behaviour: 'A forbidden or private host is known in every spelling: octal, decimal, mapped, NAT64, full-width, with a trailing dot.',
  },
  'egress:rebinding': { source: where, behaviour: 'A name is resolved and all of its addresses checked for each connection.' },
  'egress:checked-address': { source: where, behaviour: 'The connection goes to an address that was checked.' },
  'egress:private': {
    source: where,
    behaviour: 'Private, CGNAT and unique local addresses need allowPrivate; forbidden ones stay forbidden.',
  },
  'egress:own-address': { source: where, behaviour: "An entry never leads to the pod's own addresses." },
  'egress:literal': {
    source: where,
    behaviour: 'An address or a known name in the URL is checked as an answer of DNS is, with none asked.',
  },
  'egress:names': {
    source: where,
    behaviour: 'A name means what it means to the programs of the pod: /etc/hosts and the search list count.',
  },
  'egress:dns-faults': { source: where, behaviour: 'A name without addresses says so, and keeps no other entry waiting.' },
  'egress:redirects': {
    source: where,
    behaviour:
      'A redirect is followed to the same origin only, 307 and 308, five at most, on a connection of its own; any other is refused.',
  },
  'egress:patience': { source: where, behaviour: 'Connections have 5 s and first bytes a minute; streams all the time they need.' },
  'egress:faults': { source: where, behaviour: 'A remote that cannot be reached or breaks off is told by entry, cause and remedy.' },
  'egress:cap': { source: where, behaviour: 'An entry has a cap on its connections, and gives each place back.' },
  'egress:breaker': {
    source: where,
    behaviour: 'A remote that cannot be connected to is left alone for a moment, and healed by one call.',
  },
  'egress:tls': {
    source: tls,
    behaviour: 'A server of the bundle is reached over TLS 1.2 or later with SNI, ALPN and the check of its host.',
  },
  'egress:tls-faults': {
    source: 'issue 6 "Proof" 1',
    behaviour: 'Each fault of a certificate or of TLS has an answer that names entry, cause and remedy.',
  },
  'egress:roots': { source: tls, behaviour: "A bundle is added to the system's roots, or stands in their place with exclusive." },
  'egress:every-connection': {
    source: tls,
    behaviour: 'The bundle is used on every connection of its entry: pooled, retried or redirected.',
  },
  'egress:rotation': {
    source: 'issue 6 "Proof" 2',
    behaviour: 'A changed bundle is taken up without a call lost: new connections use it, idle ones of the old are closed.',
  },
  'egress:bundle-file': {
    source: tls,
    behaviour: 'A broken file keeps the last good bundle and says so; one that was never good fails its entry alone, and heals.',
  },
  'egress:bundle-text': {
    source: tls,
    behaviour: 'A bundle is PEM certificates, not all of them expired, no private key, and not too many.',
  },
  'egress:expiry': { source: tls, behaviour: 'The earliest end of a bundle is told, and warned of at 30 and at 7 days.' },
} as const;
