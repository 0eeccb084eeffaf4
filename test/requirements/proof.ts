export const proofRequirements = {
  'parse:differential': {
    source: 'issue 4, Proof 3',
    behaviour: "What the parser accepts, JSON.parse, Python's json and Go's encoding/json read the same method, name and id from.",
  },
  'sidecar:request-bytes': {
    source: 'issue 4, Proof 4; contract §6',
    behaviour: 'What reaches the server are the bytes that the client sent, however they came.',
  },
  'sidecar:response-bytes': {
    source: 'issue 4, Proof 4',
    behaviour: 'What reaches the client are the bytes that the server sent: head, body, events and trailers.',
  },
  'soak:held': {
    source: 'issue 5, Proof 3',
    behaviour:
      'Sessions that come and go, or are reaped, leave nothing in our memory or at the server; one that is idle takes under 1.5 KB.',
  },
  'soak:redis': {
    source: 'issue 5, Proof 3',
    behaviour: 'Once its sessions are gone a workload has the keys in Redis that it began with; tombstones are bounded, and expire.',
  },
  'tooling:go-missing': { source: 'issue 4, Proof', behaviour: 'A command that needs Go says so where there is none.' },
} as const;
