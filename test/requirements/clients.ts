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
  'client:tool-result': { source: 'contract §6', behaviour: 'A refusal as a tool result reaches the caller as such.' },
} as const;
