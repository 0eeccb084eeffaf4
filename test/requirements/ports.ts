/** What a pod with several MCP servers, each at a port of its own, is promised. */
export const portsRequirements = {
  'ports:each-captured': {
    source: 'issue 7 "Selection and scope" (several MCP ports); contract §5',
    behaviour: 'Each listed port is captured, by redirect or takeover, and its requests reach the server of this port and no other.',
  },
  'ports:one-as-ever': {
    source: 'issue 7 "Update and removal"; contract §5',
    behaviour: 'A pod with one port gets what it got before there could be several, and its sessions keep their names in Redis.',
  },
  'ports:denied': {
    source: 'issue 7 "Selection and scope"; contract §4',
    behaviour:
      "A list with a port twice, by number or name, with more than eight, one that is undeclared, UDP or the sidecar's own is denied, each fault named.",
  },
  'ports:probes': {
    source: 'issue 7 "Selection and scope"',
    behaviour: 'Probes and hooks of each captured port ask the server of that port, also where two containers give one name to two ports.',
  },
  'ports:bind-env': {
    source: 'contract §3 "bind-env"',
    behaviour:
      'Variables of bind-env are set in each container that serves, where absent; uninject, or a list without its port, takes away those alone.',
  },
  'ports:shared-limits': {
    source: 'contract §6, §9.9',
    behaviour: 'Limits count the calls to all ports of a pod together.',
  },
  'ports:sessions-apart': {
    source: 'contract §6 "Sessions"',
    behaviour: 'A session belongs to the server that gave its id: an equal id of another port is another session, here and in Redis.',
  },
  'ports:shared-caps': {
    source: 'contract §6 "Sessions"',
    behaviour: 'The caps on sessions, streams and requests in flight hold over all ports of a pod together.',
  },
  'ports:closed-at-own': {
    source: 'contract §6 "Sessions"',
    behaviour: 'A session that is reaped or evicted is closed at its own server, and at no other.',
  },
  'ports:readiness': {
    source: 'contract §5',
    behaviour: 'The pod is ready once every server accepts; the reason names the port, and the others are served meanwhile.',
  },
  'ports:not-held': {
    source: 'contract §5',
    behaviour: 'Where somebody else holds one of the ports the pod is not ready, the bypass metric names it, and the others are served.',
  },
  'ports:drained': {
    source: 'contract §5',
    behaviour: 'One drain ends all ports of a pod: what is in flight at any of them goes on, and none accepts what is new.',
  },
  'ports:explained': {
    source: 'issue 7 "CLI"',
    behaviour: 'explain names all captured ports, and of the others that nothing captures them.',
  },
} as const;
