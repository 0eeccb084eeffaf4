// `npm run demo`: from an annotation to a 429 on one machine, without a cluster.
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { DemoClient } from './client.ts';
import { createPaint } from './paint.ts';
import { createProcesses } from './processes.ts';
import { type Playground, type Stage, showAdmission, showLimit, startPlayground } from './scenes.ts';

const HELP = `Usage: npm run demo [-- --keep]

Shows injection, a denial, and a limit at work: webhook, MCP server, Redis, sidecar
and client are the real ones, on loopback. --keep leaves them up until Ctrl-C.
`;

/** Rejects when the demo is told to end. */
function untilInterrupted(abort: AbortController): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        abort.abort();
        reject(new Interrupted(signal));
      });
    }
  });
}

class Interrupted extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP';
  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

function sayHowToPlay({ say, paint }: Stage, playground: Playground, client: DemoClient): void {
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}';
  say(`\n${paint.title('It stays up until Ctrl-C. Try:')}`);
  say(`   # call the tool again, in the client's session
   curl -i ${playground.url} \\
     -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \\
     -H 'Mcp-Session-Id: ${client.sessionId}' \\
     -d '${body}'
   # change the limit: the sidecar takes the file up at once, as it does kubectl annotate
   $EDITOR ${playground.annotationsFile}
   # what it counts
   curl ${playground.adminUrl}/metrics`);
}

/** Runs the demo and ends the process; nothing is left running then. */
export async function runDemo(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { keep: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const root = resolve(import.meta.dirname, '../../..');
  const directory = mkdtempSync(join(tmpdir(), 'mcp-sluice-demo-'));
  const abort = new AbortController();
  const stage: Stage = {
    root,
    directory,
    processes: createProcesses({ cwd: root, env: process.env }),
    paint: createPaint({ isTTY: process.stdout.isTTY, env: process.env }),
    signal: abort.signal,
    closing: [],
    say: (text = '') => void process.stdout.write(`${text}\n`),
  };
  const startMs = performance.now();
  const tidy = async (): Promise<void> => {
    await Promise.all([stage.processes.stopAll(), ...stage.closing.map((close) => close())]);
    rmSync(directory, { recursive: true, force: true });
  };
  let isUp = false;
  const play = async (): Promise<void> => {
    const playground = await startPlayground(stage, await showAdmission(stage));
    const client = await showLimit(stage, playground);
    if (values.keep) {
      sayHowToPlay(stage, playground, client);
      isUp = true;
      await new Promise(() => setInterval(() => undefined, 60_000));
    }
    await client.close();
  };
  const interrupted = untilInterrupted(abort);
  const outcome = await Promise.race([play(), interrupted]).then(
    () => undefined,
    (error: unknown) => error,
  );
  await tidy();
  // What an interrupted scene still waits for must not hold the process.
  process.exit(tell(stage, outcome, { isUp, seconds: Math.round((performance.now() - startMs) / 1000) }));
}

/** The last line, and the exit code: 0 also when Ctrl-C ends what `--keep` left up. */
function tell({ say, paint }: Stage, outcome: unknown, { isUp, seconds }: { readonly isUp: boolean; readonly seconds: number }): number {
  if (outcome === undefined) {
    say(`\n${paint.good('Done')} in ${seconds} s; nothing is left running.`);
    return 0;
  }
  if (outcome instanceof Interrupted) {
    say(`\n${isUp ? 'Ended' : 'Interrupted'}; nothing is left running.`);
    return isUp && outcome.signal === 'SIGINT' ? 0 : 128 + constants.signals[outcome.signal];
  }
  process.stderr.write(`${paint.bad(`mcp-sluice: the demo failed: ${outcome instanceof Error ? outcome.message : String(outcome)}`)}\n`);
  return 1;
}
