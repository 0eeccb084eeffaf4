const eras = 'issue 4 "Eras and transports"';

export const wireRequirements = {
  'wire:no-session': { source: eras, behaviour: 'Modern requests have their session id removed, and get none.' },
  'wire:forwarded': {
    source: 'decision (docs/wire.md)',
    behaviour: 'What the rewritten Host hides is said in X-Forwarded-Host, X-Forwarded-Proto and X-Forwarded-For.',
  },
  'wire:resume': { source: eras, behaviour: 'A stream that was closed early is resumed by Last-Event-ID.' },
  'wire:charged': { source: eras, behaviour: 'tools/call is charged wherever it stands, and other methods where they are limited.' },
  'wire:never-refused': { source: eras, behaviour: 'No limit refuses responses, notifications, server/discover and DELETE.' },
  'wire:order': {
    source: 'contract §6',
    behaviour: 'Bounds, identity, parse and rate limit judge in this order; what one refuses costs no token.',
  },
  'sse:learnt': { source: eras, behaviour: 'The message path is learnt from the endpoint event of a GET stream.' },
  'sse:rewritten': { source: eras, behaviour: 'An endpoint is rewritten to the origin that the client used.' },
  'sse:session': { source: eras, behaviour: 'A message POST is matched to its own stream, or to none.' },
  'sse:not-split': { source: eras, behaviour: "An event of ours never splits one of the server's." },
  'sse:bounded': { source: eras, behaviour: 'What is remembered of streams, and waits on them, is bounded.' },
  'sse:refusal': { source: eras, behaviour: 'A refusal of a message POST is an event of its stream, and the POST is 202.' },
  'sse:elsewhere': { source: eras, behaviour: 'A POST whose stream is not on this pod gets the plain refusal.' },
  'sse:untouched': { source: eras, behaviour: 'Streams of Streamable HTTP pass byte for byte.' },
  'sse:legible': { source: eras, behaviour: 'A stream whose endpoint event must be read comes uncompressed.' },
} as const;

const table = 'issue 4 "Proof" 2';

export const hostileRequirements = {
  'hostile:charged': { source: table, behaviour: 'No hostile request runs a tool without its bucket being charged.' },
  'hostile:honest': { source: table, behaviour: 'Each honest variant passes.' },
  'hostile:sockets': { source: table, behaviour: 'What only a socket can do runs nothing for free and answers nobody wrongly.' },
  'hostile:real': { source: table, behaviour: 'The table holds what runs the tool where nobody stands before the server.' },
} as const;

const elsewhere = 'contract §3 "paths": a body that is no JSON-RPC passes untouched';

export const uploadRequirements = {
  'uploads:pass': { source: elsewhere, behaviour: 'A body that cannot be JSON passes as it comes, however large.' },
  'uploads:broken': { source: elsewhere, behaviour: 'A body that its client left unfinished is never taken for whole.' },
  'uploads:answered': { source: elsewhere, behaviour: 'An answer that comes before the end of the body reaches the client.' },
  'uploads:read': { source: elsewhere, behaviour: 'What could be JSON-RPC is read whole, within its bound.' },
} as const;
