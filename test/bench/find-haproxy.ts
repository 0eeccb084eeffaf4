import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../src/build/cache-directory.ts';

const run = promisify(execFile);
/** Debian's package, and the libraries that a minimal machine lacks. */
const PACKAGES = ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'];

export type FoundHaproxy = { readonly path: string; readonly env: Readonly<Record<string, string>> } | { readonly missing: string };

/** haproxy on PATH, else Debian's, unpacked into the cache without root. Where neither can be had, the reason. */
export async function findHaproxy(): Promise<FoundHaproxy> {
  for (const path of ['haproxy', '/usr/sbin/haproxy']) if (await starts(path, {})) return { path, env: {} };
  const home = join(cacheDirectory(), `haproxy-${process.arch}`);
  const cached = await inTree(home);
  if (cached) return cached;
  try {
    mkdirSync(cacheDirectory(), { recursive: true });
    const work = mkdtempSync(`${home}-new-`);
    try {
      await run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', ...PACKAGES], { cwd: work });
      for (const deb of readdirSync(work)) await run('dpkg-deb', ['-x', join(work, deb), join(work, 'root')]);
      if (!(await inTree(join(work, 'root')))) throw new Error('the unpacked haproxy does not start');
      rmSync(home, { recursive: true, force: true });
      renameSync(join(work, 'root'), home);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  } catch (cause) {
    const reason = String((cause as { stderr?: string }).stderr || (cause as Error).message)
      .trim()
      .split('\n')
      .at(-1);
    return {
      missing: `haproxy is missing (Debian and Ubuntu: "apt-get install haproxy"); fetching it with "apt-get download" failed: ${reason}`,
    };
  }
  return (await inTree(home)) ?? { missing: `${home} holds no haproxy that starts` };
}

async function inTree(root: string): Promise<{ path: string; env: Record<string, string> } | undefined> {
  const libraries = join(root, 'usr/lib');
  if (!existsSync(libraries)) return undefined;
  const folders = readdirSync(libraries).filter((name) => /-linux-gnu/.test(name));
  const env = { LD_LIBRARY_PATH: folders.map((name) => join(libraries, name)).join(':') };
  const path = join(root, 'usr/sbin/haproxy');
  return (await starts(path, env)) ? { path, env } : undefined;
}

async function starts(path: string, env: Readonly<Record<string, string>>): Promise<boolean> {
  return run(path, ['-v'], { env: { ...process.env, ...env } }).then(
    () => true,
    () => false,
  );
}
