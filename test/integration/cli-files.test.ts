// Commands as processes, on real files, directories and pipes.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = resolve(import.meta.dirname, '../../src/cli/main.ts');
const directory = mkdtempSync(join(tmpdir(), 'mcp-sluice-cli-'));
const POD = `kind: Pod
metadata: {name: app, annotations: {mcp-sluice.dev/inject: "true"}}   # server
spec: {containers: [{name: app, ports: [{containerPort: 3000}]}]}
`;

beforeAll(() => {
  mkdirSync(join(directory, 'below'));
  writeFileSync(join(directory, 'pod.yaml'), POD);
  writeFileSync(join(directory, 'below', 'wrong.yaml'), POD.replace('"true"', '"no"'));
  writeFileSync(join(directory, 'latin.yml.txt'), Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]));
  symlinkSync('..', join(directory, 'below', 'loop'));
  symlinkSync('../pod.yaml', join(directory, 'below', 'linked.yaml'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd: directory, input });
  return { status, stdout, stderr };
}

describe('commands on files', () => {
  it('[cli:directories] read directories, and follow a link to a file but to no directory', () => {
    expect(run(['lint', '.'])).toMatchObject({ status: 0, stdout: '' });
    const { status, stdout } = run(['lint', '-R', '.', '-o', 'json']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ file: './below/wrong.yaml' }], summary: { objects: 3 } });
  });

  it('[cli:passes-through] read standard input as they read a file', () => {
    const byFile = run(['inject', 'pod.yaml']);
    expect(byFile).toMatchObject({ status: 0, stderr: '' });
    expect(byFile.stdout).toContain('# server');
    expect(run(['inject', '-'], POD)).toEqual(byFile);
  });

  it('[cli:bytes] refuse what is not UTF-8', () => {
    for (const command of ['lint', 'inject']) {
      expect(run([command, 'latin.yml.txt'])).toMatchObject({ status: 66, stdout: '', stderr: expect.stringContaining('is not UTF-8') });
    }
  });

  it('[cli:exit-codes] end quietly where nobody reads on', async () => {
    const many = Array.from({ length: 2000 }, () => POD).join('---\n');
    const child = spawn(process.execPath, [main, 'uninject', '-'], { cwd: directory });
    const ended = new Promise<number | null>((done) => child.on('close', done));
    child.stdout.once('data', () => child.stdout.destroy());
    child.stdin.end(many);
    expect([await text(child.stderr), await ended]).toEqual(['', 141]);
  });

  it('[cli:exit-codes] say of a file that is not there, or not a file, what the system says', () => {
    expect(run(['lint', 'absent.yaml'])).toMatchObject({ status: 66, stderr: expect.stringContaining('ENOENT') });
    expect(run(['lint', 'pod.yaml/x'])).toMatchObject({ status: 66, stderr: expect.stringContaining('ENOTDIR') });
  });
});
