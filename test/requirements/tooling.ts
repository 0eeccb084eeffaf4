export const toolingRequirements = {
  'tooling:node': { source: 'issue 3, The project', behaviour: "Every command runs under npm's Node 26, whatever the system has." },
  'tooling:node-missing': {
    source: 'issue 3, The project',
    behaviour: 'Where Node 26 is missing, a command says exactly what is missing.',
  },
  'tooling:import-rules': { source: 'issue 3, The project', behaviour: 'A planted violation of each import rule is caught.' },
  'tooling:bundle': {
    source: 'issue 3, Must also be shown',
    behaviour:
      "The sidecar's bundle is without express, forge, zod's locales and the Kubernetes client; ioredis is evaluated only when needed.",
  },
  'tooling:memory': {
    source: 'issue 3, Must also be shown',
    behaviour: 'An idle sidecar with Redis takes less than 80 MB of resident memory.',
  },
  'tooling:version': { source: 'contract §5', behaviour: 'The version that pods are stamped with is that of the package.' },
  'tooling:goldens': {
    source: '.ci/run',
    behaviour: 'In CI no golden file is written: a run that asks for it fails.',
  },
  'cli:unknown-command': {
    source: 'issue 3, The project',
    behaviour: 'An unknown command is refused with the nearest known one, exit 64.',
  },
  'cli:lazy': { source: 'issue 3, The project', behaviour: 'A command loads nothing of the others.' },
  'demo:whole': { source: 'issue 3, Two commands', behaviour: 'The demo goes from an annotation to a 429 and past it, and exits 0.' },
  'demo:tidy': { source: 'issue 3, Two commands', behaviour: 'The demo leaves nothing running, also when it is interrupted.' },
} as const;
