// `npm run check`: all that can be known without starting anything, in under a
// minute. Everything runs, also after a failure, so that one run tells all.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const file = (name: string): string[] => [process.execPath, join(import.meta.dirname, name)];

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}
interface Outcome extends Step {
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

function runStep(step: Step): Promise<Outcome> {
  const [command = '', ...args] = step.command;
  const startMs = performance.now();
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    const end = (ok: boolean): void => done({ ...step, ok, seconds: (performance.now() - startMs) / 1000, output });
    child.on('error', (error) => {
      output += error.message;
      end(false);
    });
    child.on('close', (code) => end(code === 0));
  });
}

function report({ name, ok, seconds, output }: Outcome): void {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(10)} ${seconds.toFixed(1).padStart(5)} s`);
  if (!ok || name === 'bundle') console.log(output.trimEnd().replace(/^/gm, '       '));
}

/** Two at a time: the cheap ones first, and the tests, which want both processors, last. */
async function check(): Promise<boolean> {
  const dist = mkdtempSync(join(tmpdir(), 'mcp-sluice-check-'));
  const steps: Step[] = [
    { name: 'biome', command: [bin('biome'), 'ci', '--colors=off', '--error-on-warnings'] },
    { name: 'types', command: [bin('tsc'), '--noEmit'] },
    { name: 'bundle', command: [...file('bundle.ts'), dist] },
    { name: 'generated', command: [...file('generate.ts'), '--check'] },
    { name: 'install', command: [...file('install-yaml.ts'), '--check'] },
    { name: 'knip', command: [bin('knip'), '--no-progress'] },
    { name: 'unit', command: [bin('vitest'), 'run', '--project', 'unit', '--reporter=dot'] },
  ];
  const outcomes: Outcome[] = [];
  try {
    const waiting = [...steps];
    const work = async (): Promise<void> => {
      for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
        const outcome = await runStep(step);
        report(outcome);
        outcomes.push(outcome);
      }
    };
    await Promise.all([work(), work()]);
  } finally {
    rmSync(dist, { recursive: true, force: true });
  }
  return outcomes.every(({ ok }) => ok);
}

check().then(
  (ok) => {
    process.exitCode = ok ? 0 : 1;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
