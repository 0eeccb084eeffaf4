export const sessionRequirements = {
  'sessions:cap': {
    source: 'issue 5, Caps',
    behaviour: 'There are never more sessions and slots than the cap, and each that ends gives its place back at once.',
  },
  'sessions:client-cap': {
    source: 'issue 5, Caps; contract §2 "client"',
    behaviour: 'A client has its own cap, which touches no other; callers without a name are exempt.',
  },
  'sessions:idempotent': { source: 'issue 5, Caps', behaviour: 'release, confirm and end have no effect a second time.' },
  'sessions:slot-expires': {
    source: 'issue 5, Caps',
    behaviour: 'A slot that nobody confirms expires; a session that is confirmed after that is counted all the same.',
  },
  'sessions:wait': { source: 'issue 5, Caps', behaviour: 'A refusal says when the earliest place can fall free.' },
  'sessions:evict': {
    source: 'issue 5, Caps',
    behaviour:
      'A full house closes the session longest idle beyond evictIdle, of the client with most sessions first, and never one in flight.',
  },
  'sessions:same-id': {
    source: 'issue 5, Caps',
    behaviour: 'An id that the upstream gives again is one session, of the client that it was given to last.',
  },
  'sessions:idle': {
    source: 'issue 5, Idle and end',
    behaviour: 'The idle clock runs from the end of the last request, and stands still during one.',
  },
  'sessions:lifetime': {
    source: 'issue 5, Idle and end',
    behaviour: 'A session beyond its lifetime ends once nothing of it is in flight.',
  },
  'sessions:owned': { source: 'issue 5, Caps', behaviour: 'A session is unknown to every client but the one that opened it.' },
  'sessions:retune': { source: 'contract §5', behaviour: 'A lowered cap ends no session, and takes no more until there is room.' },
  'sessions:stop': { source: 'issue 5, Idle and end', behaviour: 'Stopping gives all places back and ends the sweep.' },
  'sessions:race': {
    source: 'issue 5, Proof 1',
    behaviour: 'Of 500 concurrent reservations against a cap of 100 exactly 100 succeed; after the end of all exactly nothing is left.',
  },
  'sessions:no-drift': {
    source: 'issue 5, Proof 1',
    behaviour: 'The count equals the live sessions under any schedule of failures, once these are over.',
  },
  'sessions:script-is-model': {
    source: 'issue 5, Caps',
    behaviour: 'The scripts decide and keep what a plain model of them does, one atomic script for each operation.',
  },
  'sessions:nothing-left': { source: 'issue 5, Caps', behaviour: 'No key in Redis outlives the last place, replica or tombstone.' },
  'sessions:pages': { source: 'issue 5, Replicas', behaviour: 'No script call looks at more than a bounded number of places.' },
  'sessions:shared-cap': { source: 'issue 5, Replicas', behaviour: 'All replicas together hold what the cap allows.' },
  'sessions:two-limits': {
    source: 'issue 5, Replicas; contract §9.9',
    behaviour: 'Two caps that are in force at once never allow more than the larger.',
  },
  'sessions:elsewhere': {
    source: 'issue 5, Replicas',
    behaviour: 'Every replica knows of a session which pod has it, whether it is the asking client’s, and whether it was reaped.',
  },
  'sessions:dead-pod': {
    source: 'issue 5, Replicas',
    behaviour: 'The places of a pod that is gone are free once its heartbeat stays away.',
  },
  'sessions:paused-pod': {
    source: 'issue 5, Replicas',
    behaviour: 'A pod that was silent for too long and comes back has its sessions counted again.',
  },
  'sessions:restart': {
    source: 'issue 5, Idle and end',
    behaviour: 'After a restart of the sidecar known ids go on; those that are never seen again end by their idle time.',
  },
  'sessions:evict-elsewhere': {
    source: 'issue 5, Caps and Replicas',
    behaviour: 'A session that another replica evicts is ended by its own within a heartbeat.',
  },
  'sessions:wake': {
    source: 'issue 5, Caps',
    behaviour: 'A request of a session that another replica may have evicted waits until it is known that it was not.',
  },
  'sessions:adopted-twice': { source: 'issue 5, Idle and end', behaviour: 'A session that two replicas adopt at once is counted once.' },
  'sessions:private': { source: 'contract §9.11', behaviour: 'Redis holds neither ids of sessions nor names of clients.' },
  'sessions:retold': {
    source: 'issue 5, Replicas',
    behaviour: 'A Redis that lost its data is told all sessions anew, beyond the cap too.',
  },
  'sessions:away': {
    source: 'contract §9.10',
    behaviour: 'While Redis is away each replica takes new sessions within its share of both caps, at least one.',
  },
  'sessions:away-closed': {
    source: 'contract §9.10',
    behaviour: 'With on-redis-failure closed new sessions are refused while Redis is away, and known ones go on.',
  },
  'sessions:back': { source: 'contract §9.10', behaviour: 'When Redis is back all that the replicas hold is counted there again.' },
  'sessions:hung': {
    source: 'contract §6 "Rate limit", §9.10',
    behaviour: 'A Redis that hangs costs one deadline, and what it does late keeps no place.',
  },
  'sessions:rights': {
    source: 'contract §9.10',
    behaviour: 'Where Redis does not allow what sessions need, limits go on, a warning says so, and each replica counts its own.',
  },
  'sessions:concurrency': {
    source: 'issue 5, Modern era',
    behaviour: 'Streams and requests in flight are held to a total and to a cap for each client; each slot is given back once.',
  },
  'sessions:tombstones': {
    source: 'issue 5, Idle and end',
    behaviour: 'What was reaped is remembered for a bounded time and in bounded number.',
  },
} as const;
