// The program as a user starts it: from source, and bundled.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../src/build/bundle.ts';
import { VERSION } from '../../src/inject/stamp.ts';

const root = resolve(import.meta.dirname, '../..');
const dist = mkdtempSync(join(tmpdir(), 'mcp-sluice-dist-'));

beforeAll(() => bundle(dist));
afterAll(() => rmSync(dist, { recursive: true, force: true }));

describe.each([
  ['from source', join(root, 'src/cli/main.ts')],
  ['bundled', join(dist, 'mcp-sluice.cjs')],
])('the program %s', (how, main) => {
  function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd: dist });
  }

  it('tells its version', () => {
    expect(run('--version')).toMatchObject({ status: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  it('tells its commands', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    for (const command of ['webhook', 'sidecar', 'capture', 'drain', 'inject', 'uninject', 'lint', 'explain', 'check', 'demo'])
      expect(stdout).toContain(`\n  ${command} `);
  });

  it('refuses to do nothing, and tells its commands', () => {
    expect(run()).toMatchObject({ status: 64, stdout: expect.stringContaining('Usage: mcp-sluice') });
  });

  it('[cli:unknown-command] refuses an unknown command and names the nearest', () => {
    const stderr = 'mcp-sluice: no command "sidcar"; did you mean "sidecar"?\n';
    expect(run('sidcar')).toMatchObject({ status: 64, stdout: '', stderr });
  });

  it.each(['webhook', 'sidecar', 'capture', 'drain', 'inject', 'uninject', 'lint', 'explain', 'check'])(
    '%s --help tells the options',
    (command) => {
      expect(run(command, '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining(`mcp-sluice ${command}`), stderr: '' });
    },
  );

  it('lint passes the example', () => {
    expect(run('lint', join(root, 'manifests/examples/everything.yaml'))).toMatchObject({ status: 0 });
  });

  it('inject adds the sidecar to the example', () => {
    const { status, stdout } = run('inject', join(root, 'manifests/examples/everything.yaml'));
    expect(status).toBe(0);
    expect(stdout).toContain('name: mcp-sluice');
  });

  it('each command refuses an option that it does not know, exit 64', () => {
    for (const command of ['webhook', 'sidecar', 'capture', 'drain', 'inject', 'uninject', 'lint', 'explain', 'check']) {
      expect({ command, status: run(command, '--no-such-option').status }).toEqual({ command, status: 64 });
    }
  });

  if (how === 'bundled') {
    it('says of the demo that it needs the checkout', () => {
      expect(run('demo')).toMatchObject({ status: 69, stdout: '', stderr: expect.stringContaining('npm ci && npm run demo') });
    });

    it('[tooling:bundle] evaluates nothing of ioredis before it connects', () => {
      const code = `const { Session } = require('node:inspector'); const session = new Session(); session.connect();
        session.post('Profiler.enable'); session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
        require(${JSON.stringify(join(dist, 'sidecar.cjs'))});
        session.post('Profiler.takePreciseCoverage', (_, { result }) => {
          const { functions } = result.find(({ url }) => url.endsWith('sidecar.cjs'));
          const ran = (part) => functions.filter(({ functionName, ranges }) => functionName.includes(part) && ranges[0].count > 0).length;
          const known = (part) => functions.filter(({ functionName }) => functionName.includes(part)).length;
          console.log(JSON.stringify({ ioredis: ran('/ioredis/'), known: known('/ioredis/') > 10, undici: ran('/undici/') > 10 }));
        });`;
      const { stdout } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
      expect(JSON.parse(stdout)).toEqual({ ioredis: 0, known: true, undici: true });
    });

    it('[cli:lazy] loads nothing of the other commands', () => {
      const loaded = (command: string): string => {
        const code = `process.argv.splice(1, 0, ${JSON.stringify(main)}, ${JSON.stringify(command)}, '--no-such-option'); require(${JSON.stringify(main)});
          process.on('exit', () => console.log(Object.keys(require.cache).map((file) => require('node:path').basename(file)).join()));`;
        return spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' }).stdout.trim().split('\n').at(-1) ?? '';
      };
      expect(loaded('lint')).toBe('mcp-sluice.cjs');
      expect(loaded('sidecar')).toBe('mcp-sluice.cjs,sidecar.cjs');
      expect(loaded('webhook')).toBe('mcp-sluice.cjs,webhook.cjs');
    });
  }
});
