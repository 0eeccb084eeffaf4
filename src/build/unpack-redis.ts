import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RedisBinary } from './find-redis.ts';

const run = promisify(execFile);

/** Debian has the program itself in redis-tools; older releases in redis-server. */
const PROGRAM_PACKAGES = ['redis-server', 'redis-tools'];

/** Which package brings a library that a minimal machine may lack. The C library is not among them: mixing two of those crashes. */
const LIBRARY_PACKAGES: Readonly<Record<string, string>> = {
  'libatomic.so.1': 'libatomic1',
  'libcap.so.2': 'libcap2',
  'libgcrypt.so.20': 'libgcrypt20',
  'libgpg-error.so.0': 'libgpg-error0',
  'libhiredis.so.0.14': 'libhiredis0.14',
  'libhiredis.so.1.1.0': 'libhiredis1.1.0',
  'libjemalloc.so.2': 'libjemalloc2',
  'liblua5.1.so.0': 'liblua5.1-0',
  'liblua5.1-bitop.so.0': 'lua-bitop',
  'liblua5.1-cjson.so.0': 'lua-cjson',
  'liblz4.so.1': 'liblz4-1',
  'liblzf.so.1': 'liblzf1',
  'liblzma.so.5': 'liblzma5',
  'libssl.so.3': 'libssl3',
  'libcrypto.so.3': 'libssl3',
  'libstdc++.so.6': 'libstdc++6',
  'libsystemd.so.0': 'libsystemd0',
  'libzstd.so.1': 'libzstd1',
};

/** Fetches and unpacks Redis below `cache` without root, once; two at a time are fine. Rejects with the reason. */
export async function unpackRedis(cache: string): Promise<RedisBinary> {
  const home = join(cache, `redis-${process.arch}`);
  const ready = await runnable(home);
  if (ready !== undefined) return ready;
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(join(cache, 'redis-new-'));
  try {
    const root = join(temporary, 'root');
    await fetchInto(temporary, root, PROGRAM_PACKAGES);
    // A library may need others that only show once it is there.
    for (let round = 0; round < 4; round++) {
      const missing = await missingPackages(root);
      if (missing.length === 0) break;
      await fetchInto(temporary, root, missing);
    }
    if ((await runnable(root)) === undefined) throw new Error('the unpacked redis-server does not start');
    await putInPlace(root, home);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const placed = await runnable(home);
  if (placed === undefined) throw new Error(`${home} does not hold a redis-server that starts`);
  return placed;
}

/** A rename is atomic; where another process was quicker with a sound one, its result serves. */
async function putInPlace(root: string, home: string): Promise<void> {
  try {
    await rename(root, home);
  } catch {
    if ((await runnable(home)) !== undefined) return;
    await rm(home, { recursive: true, force: true });
    await rename(root, home);
  }
}

async function fetchInto(temporary: string, root: string, packages: readonly string[]): Promise<void> {
  const debs = await mkdtemp(join(temporary, 'debs-'));
  const download = ['-o', 'APT::Sandbox::User=root', 'download', ...packages];
  try {
    await run('apt-get', download, { cwd: debs });
  } catch {
    // No package lists, or outdated ones: fresh ones of our own, which needs no root and leaves the system's alone.
    const own = await privateLists(temporary);
    await run('apt-get', [...own, ...download], { cwd: debs });
  }
  for (const deb of await readdir(debs)) await run('dpkg-deb', ['-x', join(debs, deb), root]);
}

async function privateLists(temporary: string): Promise<string[]> {
  const lists = join(temporary, 'lists');
  const cache = join(temporary, 'cache');
  const options = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`, '-o', 'APT::Sandbox::User=root'];
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
  await run('apt-get', [...options, 'update'], { maxBuffer: 1 << 24 });
  return options;
}

async function missingPackages(root: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program(root)], { env: await environment(root) });
  const names = [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1] ?? '');
  const unknown = names.filter((name) => LIBRARY_PACKAGES[name] === undefined);
  if (unknown.length > 0) throw new Error(`redis-server needs ${unknown.join(', ')}, which is not installed`);
  return [...new Set(names.map((name) => LIBRARY_PACKAGES[name] as string))];
}

const program = (root: string): string => join(root, 'usr', 'bin', 'redis-server');

async function environment(root: string): Promise<Record<string, string>> {
  const directories: string[] = [];
  for (const base of [join(root, 'usr', 'lib'), join(root, 'lib')]) {
    const entries = await readdir(base, { withFileTypes: true }).catch(() => []);
    directories.push(base, ...entries.filter((entry) => /-linux-gnu/.test(entry.name)).map((entry) => join(base, entry.name)));
  }
  return { LD_LIBRARY_PATH: directories.join(':') };
}

async function runnable(root: string): Promise<RedisBinary | undefined> {
  try {
    const env = await environment(root);
    await run(program(root), ['--version'], { env });
    return { kind: 'binary', path: program(root), env };
  } catch {
    return undefined;
  }
}
