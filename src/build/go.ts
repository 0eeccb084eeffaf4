import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache-directory.ts';

const run = promisify(execFile);
const BUILD_DEADLINE_MS = 300_000;

/** Programs out of a published module, built once into the cache; returns their folder. Throws an Error that says what is missing. */
export async function installGo(module: string, version: string, commands: readonly string[]): Promise<string> {
  const folder = join(cacheDirectory(), `go-${module.split('/').at(-1)}-${version}-${process.arch}`);
  const missing = commands.filter((command) => !existsSync(join(folder, command.split('/').at(-1) ?? '')));
  if (missing.length === 0) return folder;
  mkdirSync(folder, { recursive: true });
  await go(['install', ...missing.map((command) => `${module}/${command}@${version}`)], { env: { GOBIN: folder } });
  return folder;
}

/** A program of our own out of a folder with a go.mod, built into the cache under a hash of its sources. Throws an Error that says what is missing. */
export async function buildGo(source: string, name: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of readdirSync(source).sort()) hash.update(`${file}\0`).update(readFileSync(join(source, file)));
  const folder = join(cacheDirectory(), 'go-own');
  const program = join(folder, `${name}-${hash.digest('hex').slice(0, 16)}-${process.arch}`);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'new-'));
  try {
    await go(['build', '-o', join(work, name), '.'], { cwd: source });
    renameSync(join(work, name), program);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}

async function go(
  args: readonly string[],
  where: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
): Promise<void> {
  try {
    await run('go', args, { ...where, env: { ...process.env, ...where.env }, timeout: BUILD_DEADLINE_MS });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Error(
        'Go is missing: no program "go" on PATH. Install Go 1.25 or later from https://go.dev/dl (Debian and Ubuntu: "apt-get install golang-go", if it is as new).',
        { cause },
      );
    }
    const { stderr = '' } = cause as { stderr?: string };
    throw new Error(`"go ${args.join(' ')}" failed:\n${stderr.trim() || String(cause)}`, { cause });
  }
}
