import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Processes whose environment says that they are of this demo. */
function processesOf(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });
}

describe('the demo', () => {
  let directory: string;
  let mark: string;
  let output: string;
  let child: ChildProcess;
  let ended: Promise<{ code: number | null; signal: string | null }>;

  function start(...args: string[]): void {
    child = spawn(process.execPath, ['src/cli/main.ts', 'demo', ...args], {
      cwd: root,
      env: { ...process.env, TMPDIR: directory, NO_COLOR: '1', FORCE_COLOR: '', DEMO_TEST_MARK: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
    ended = new Promise((done) => child.once('close', (code, signal) => done({ code, signal })));
  }
  async function until(text: string): Promise<void> {
    while (!output.includes(text)) {
      if (child.exitCode !== null) throw new Error(`the demo ended without "${text}":\n${output}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mcp-sluice-demo-test-'));
    mark = `DEMO_TEST_MARK=${directory}`;
    output = '';
  });
  afterEach(() => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  it('[demo:whole] goes from an annotation to a 429 and past it', async () => {
    start();
    const { code } = await ended;
    expect(output).toMatch(
      /Pod: allowed and injected[\s\S]*\+ +- name: mcp-sluice\n[\s\S]*denied[\s\S]*rate-limit: a limit needs Redis[\s\S]*echo {2}200[\s\S]*echo {2}429 {2}Retry-After: \d+[\s\S]*-32029[\s\S]*echo {2}200 {2}Echo: back again\n\nDone/,
    );
    expect(output).not.toContain('\u001b');
    expect(code).toBe(0);
    expect(processesOf(mark)).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each([
    ['as the webhook comes up', '1. A Deployment'],
    ['as the sidecar comes up', '4. What the pod would run'],
    ['amid the calls', 'echo  429'],
  ])('[demo:tidy] leaves nothing running when interrupted %s', async (_, moment) => {
    start();
    await until(moment);
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 130, signal: null });
    expect(output).toContain('Interrupted; nothing is left running.');
    expect(processesOf(mark)).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('stays up with --keep, tells how to play, and ends well by Ctrl-C', async () => {
    start('--keep');
    await until('curl http');
    const [, metrics = ''] = /curl (http\S+\/metrics)/.exec(output) ?? [];
    expect((await fetch(metrics)).status).toBe(200);
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(processesOf(mark)).toEqual([]);
  });

  it('ends likewise by SIGTERM', async () => {
    start();
    await until('4. What the pod would run');
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 143, signal: null });
    expect(processesOf(mark)).toEqual([]);
  });
});
