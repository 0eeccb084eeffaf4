export const rejectionRequirements = {
  'rejection:styles': {
    source: 'contract §6 "Rate limit"',
    behaviour:
      'A refusal by a limit is HTTP 429 or 503, the same error under HTTP 200, or a failed result of the tool, as `rejection` says.',
  },
  'rejection:headers': {
    source: 'contract §6 "Rate limit"',
    behaviour: 'Retry-After, RateLimit and RateLimit-Policy stand there in every style.',
  },
  'rejection:auto': {
    source: 'issue 4, Refusals that the client survives',
    behaviour:
      'By default a client that is known to lose its session or the message by an HTTP error gets the JSON-RPC error under HTTP 200.',
  },
  'rejection:gone': {
    source: 'issue 5, Idle and end and Proof 4',
    behaviour: 'That a session is gone is told by 404, and by an error under 200 to clients known to ignore a 404.',
  },
  'rejection:only-requests': {
    source: 'issue 4, Refusals that the client survives',
    behaviour: 'Notifications keep an HTTP error status; a method other than tools/call is never answered with the result of a tool.',
  },
  'rejection:schema': {
    source: 'issue 4, Refusals that the client survives',
    behaviour: "A client known to hold failed results against the tool's output schema gets one without structured content.",
  },
  'rejection:words': {
    source: 'issue 4, Refusals that the client survives',
    behaviour: 'What a client says of itself is bounded, costs linear time, and comes into no log and no metric.',
  },
  'rejection:memory': {
    source: 'issue 4, Refusals that the client survives',
    behaviour: 'A legacy client is known by the clientInfo of its initialize through its whole session; what is remembered is bounded.',
  },
  'rejection:retune': { source: 'contract §5', behaviour: 'A new value takes effect on a running sidecar.' },
} as const;
