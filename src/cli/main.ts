#!/usr/bin/env node
// The one program. Each command is loaded when it is asked for, so that a
// sidecar pays for nothing of the webhook's.
import { didYouMean } from '../lib/suggest.ts';
import type { ConnectToCheck } from './check/outcome.ts';
import { type CommandName, commands, isCommand, renderHelp, usageOf } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import { nodeFault } from './node-version.ts';
import { shedStartup } from './shed-startup.ts';

/** The Kubernetes client is large, and part of the webhook: loaded when a cluster is asked. */
const connect: ConnectToCheck = async (context) => (await import('../../webhook/main.ts')).connectForPerson(context);

const run: Record<CommandName, (argv: string[]) => Promise<unknown>> = {
  webhook: async (argv) => (await import('../../webhook/main.ts')).runWebhook(argv),
  sidecar: async (argv) => {
    await (await import('../../sidecar/main.ts')).runSidecar(argv);
    shedStartup();
  },
  capture: async (argv) => (await import('../../sidecar/capture.ts')).runCapture(argv),
  drain: async (argv) => (await import('../../sidecar/drain.ts')).runDrain(argv),
  inject: async (argv) => (await import('./inject.ts')).runInject(argv),
  uninject: async (argv) => (await import('./uninject.ts')).runUninject(argv),
  lint: async (argv) => (await import('./lint.ts')).runLint(argv),
  policy: async (argv) => (await import('./policy.ts')).runPolicy(argv),
  explain: async (argv) => (await import('./explain.ts')).runExplain(argv, undefined, connect),
  check: async (argv) => (await import('./check.ts')).runCheck(argv, undefined, connect),
  uninstall: async (argv) => (await import('../../webhook/main.ts')).runUninstall(argv),
  demo: async (argv) => (await import('./demo/main.ts')).runDemo(argv),
};

// `mcp-sluice inject … | head`: whoever has read enough ends us, as a signal would.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.brokenPipe);
});

async function main(argv: string[]): Promise<unknown> {
  const fault = nodeFault(process.versions.node);
  if (fault !== undefined) {
    process.stderr.write(`mcp-sluice: ${fault}\n`);
    return EXIT.unavailable;
  }
  const [name = '--help', ...rest] = argv;
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(renderHelp());
    return argv.length === 0 ? EXIT.usage : 0;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${(await import('../inject/stamp.ts')).VERSION}\n`);
    return 0;
  }
  if (!isCommand(name)) {
    process.stderr.write(`mcp-sluice: no command "${name}"; ${didYouMean(name, Object.keys(commands))}\n`);
    return EXIT.usage;
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
      process.exitCode = EXIT.unavailable;
      return;
    }
    process.stderr.write(`mcp-sluice: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = EXIT.software;
  },
);
