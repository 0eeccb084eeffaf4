import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../src/build/cache-directory.ts';
import { buildGo } from '../../src/build/go.ts';
import type { TestedClient } from './catalog.ts';
import type { Command } from './client-program.ts';

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 240_000;

/** Puts a client with all it needs into the cache, once, and tells how it is started. Rejects with what is missing. */
export async function installClient({ name, kind, program = name }: TestedClient): Promise<Command> {
  if (kind === 'go') return { file: await buildGo(join(import.meta.dirname, name), 'test-client'), args: [] };
  const sources = [...new Set([program, name])].map((folder) => join(import.meta.dirname, folder));
  const home = join(cacheDirectory(), 'test-clients', `${name}-${await digest(sources)}`);
  if (!(await exists(home))) {
    await mkdir(join(home, '..'), { recursive: true });
    // Under a name of its own first: what stands under the final one is whole.
    const work = await mkdtemp(`${home}-new-`);
    try {
      for (const source of sources) await cp(source, work, { recursive: true });
      await installers[kind](work);
      await rename(work, home).catch(async (error) => {
        if (!(await exists(home))) throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return commands[kind](home);
}

const installers: Readonly<Record<'node' | 'python', (folder: string) => Promise<void>>> = {
  node: (folder) => command(folder, 'npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts']),
  python: (folder) =>
    command(folder, 'python3', [
      ...['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'],
      ...['--target', 'packages', '-r', 'requirements.txt'],
    ]),
};

const commands: Readonly<Record<'node' | 'python', (home: string) => Command>> = {
  node: (home) => ({ file: process.execPath, args: [join(home, 'client.mjs')] }),
  python: (home) => ({ file: 'python3', args: [join(home, 'client.py')], env: { PYTHONPATH: join(home, 'packages') } }),
};

async function command(folder: string, file: string, args: readonly string[]): Promise<void> {
  try {
    await run(file, args, { cwd: folder, timeout: INSTALL_TIMEOUT_MS });
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
    const reason = code === 'ENOENT' ? `no "${file}" on PATH` : stderr?.trim() || message;
    throw new Error(`a client for the tests could not be installed ("${file} ${args.join(' ')}"): ${reason}`, { cause: error });
  }
}

/** Changes with the client's program, its lock and the platform. */
async function digest(sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const source of sources) {
    for (const file of (await readdir(source)).toSorted()) hash.update(`\0${file}\0`).update(await readFile(join(source, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
