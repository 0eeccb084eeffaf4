#!/usr/bin/env node
// The one program. Each command is loaded when it is asked for, so that a
// sidecar pays for nothing of the webhook's.
import { didYouMean } from '../lib/suggest.ts';
import { type CommandName, commands, isCommand, renderHelp, usageOf } from './commands.ts';
import { nodeFault } from './node-version.ts';
import { shedStartup } from './shed-startup.ts';

/** Exit codes of sysexits.h: the command line was wrong; something is not there; the program was wrong. */
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
const EX_SOFTWARE = 70;

const run: Record<CommandName, (argv: string[]) => Promise<unknown>> = {
  webhook: async (argv) => (await import('../../webhook/main.ts')).runWebhook(argv),
  sidecar: async (argv) => {
    await (await import('../../sidecar/main.ts')).runSidecar(argv);
    shedStartup();
  },
  capture: async (argv) => (await import('../../sidecar/capture.ts')).runCapture(argv),
  drain: async (argv) => (await import('../../sidecar/drain.ts')).runDrain(argv),
  inject: async (argv) => (await import('./inject.ts')).runInject(argv),
  lint: async (argv) => (await import('./lint.ts')).runLint(argv),
  policy: async (argv) => (await import('./policy.ts')).runPolicy(argv),
  demo: async (argv) => (await import('./demo/main.ts')).runDemo(argv),
};

async function main(argv: string[]): Promise<unknown> {
  const fault = nodeFault(process.versions.node);
  if (fault !== undefined) {
    process.stderr.write(`mcp-sluice: ${fault}\n`);
    return EX_UNAVAILABLE;
  }
  const [name = '--help', ...rest] = argv;
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(renderHelp());
    return argv.length === 0 ? EX_USAGE : 0;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${(await import('../inject/stamp.ts')).VERSION}\n`);
    return 0;
  }
  if (!isCommand(name)) {
    process.stderr.write(`mcp-sluice: no command "${name}"; ${didYouMean(name, Object.keys(commands))}\n`);
    return EX_USAGE;
  }
  const usage = rest.includes('--help') ? usageOf(name) : undefined;
  if (usage !== undefined) {
    process.stdout.write(usage);
    return 0;
  }
  return await run[name](rest);
}

main(process.argv.slice(2)).then(
  (code) => {
    // A command that set its own code keeps it.
    if (typeof code === 'number') process.exitCode = code;
  },
  (error: unknown) => {
    const [, missing] = /^Cannot find package '([^']+)'/.exec(error instanceof Error ? error.message : '') ?? [];
    if (missing !== undefined) {
      process.stderr.write(`mcp-sluice: the package ${missing} is missing: run 'npm ci', with the development packages.\n`);
      process.exitCode = EX_UNAVAILABLE;
      return;
    }
    process.stderr.write(`mcp-sluice: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = EX_SOFTWARE;
  },
);
