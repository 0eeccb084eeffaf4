export const clientsRequirements = {
  'client:limit': {
    source: 'issue 4, Refusals that the client survives',
    behaviour: 'A call over the limit fails with our message, and the next one after the wait succeeds on the same session.',
  },
  'client:redis-closed': {
    source: 'issue 4, Refusals that the client survives',
    behaviour: 'So does one while Redis is away and on-redis-failure is closed.',
  },
  'client:table': {
    source: 'issue 4, Refusals that the client survives',
    behaviour: 'The table of fragile clients holds for the real ones: those in it lose what it says, the others nothing.',
  },
  'client:session-cap': {
    source: 'issue 4, Refusals that the client survives; issue 5, Caps',
    behaviour: 'A client that gets no session reads why, and gets one once a slot is free.',
  },
  'client:reaped': { source: 'issue 5, proof 4', behaviour: 'After its session was reaped, the error that a client shows is clear.' },
  'client:long-call': {
    source: 'issue 5, proof 4',
    behaviour: 'A call of twice the idle timeout is not reaped; its progress and a question of the server to the user survive.',
  },
  'client:no-delete': { source: 'issue 5, proof 4', behaviour: 'TypeScript clients, which end without DELETE, do not exhaust the cap.' },
  'client:tool-result': { source: 'contract §6', behaviour: 'A refusal as a tool result reaches the caller as such.' },
} as const;
