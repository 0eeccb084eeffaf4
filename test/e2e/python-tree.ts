import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, tryRun } from './run.ts';

const INTERPRETER = ['python3.11-minimal', 'libpython3.11-minimal', 'libpython3.11-stdlib'];
const LIBRARIES = ['libssl3', 'zlib1g', 'libexpat1', 'libffi8', 'liblzma5', 'libbz2-1.0', 'libuuid1'];

/** Unpacks Debian 12's CPython 3.11 with its libraries into a folder; needs apt-get and dpkg-deb, no root and no Python. */
export async function stageDebianPython(tree: string): Promise<void> {
  mkdirSync(tree, { recursive: true });
  await unpack([...INTERPRETER, ...LIBRARIES], tree);
  for (const folder of ['usr/share/doc', 'usr/share/man', 'usr/share/lintian'])
    rmSync(join(tree, folder), { recursive: true, force: true });
}

/** Installs what a requirements file names, for CPython 3.11 on glibc, from wheels alone. */
export async function stagePythonPackages(folder: string, requirementsFile: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'mcp-sluice-e2e-pip-'));
  try {
    await unpack([...INTERPRETER, 'python3-pip-whl'], work);
    const wheels = join(work, 'usr/share/python-wheels');
    const pip = readdirSync(wheels).find((name) => name.startsWith('pip-'));
    if (pip === undefined) throw new Error(`no pip in Debian's python3-pip-whl (${wheels})`);
    // Debian's own pip runs from its wheel under the interpreter just unpacked: the machine needs no Python.
    const args = [
      join(wheels, pip, 'pip'),
      'install',
      '-q',
      '--target',
      folder,
      '--only-binary=:all:',
      '--no-compile',
      '-r',
      requirementsFile,
    ];
    await run(join(work, 'usr/bin/python3.11'), args, { env: { PYTHONHOME: join(work, 'usr'), PYTHONPATH: '' }, timeoutMs: 300_000 });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function unpack(packages: readonly string[], tree: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'mcp-sluice-e2e-apt-'));
  try {
    const first = await tryRun('apt-get', ['download', '-qq', ...packages], { cwd: work, timeoutMs: 300_000 });
    if (first.code !== 0) {
      await tryRun('apt-get', ['update', '-qq'], { timeoutMs: 300_000 });
      const second = await tryRun('apt-get', ['download', '-qq', ...packages], { cwd: work, timeoutMs: 300_000 });
      if (second.code !== 0)
        throw new Error(
          `The Python test server is built from Debian 12's packages, and apt-get has no ${packages.join(', ')}: ${second.stderr}`,
        );
    }
    for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) await run('dpkg-deb', ['-x', join(work, file), tree]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
