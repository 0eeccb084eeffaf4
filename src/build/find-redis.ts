import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache-directory.ts';
import { unpackRedis } from './unpack-redis.ts';

const run = promisify(execFile);

export interface RedisBinary {
  readonly kind: 'binary';
  readonly path: string;
  /** Environment to start it with; its libraries may lie beside it. */
  readonly env: Readonly<Record<string, string>>;
}
export type FoundRedis = { readonly kind: 'url'; readonly url: string } | RedisBinary;

/** Takes `REDIS_URL`, else what `findRedisBinary` finds. Throws an Error whose message says what to install. */
export async function findRedis(): Promise<FoundRedis> {
  const url = process.env['REDIS_URL'];
  return url ? { kind: 'url', url } : findRedisBinary();
}

/** Finds `redis-server` on PATH, else unpacks Debian's packages into the cache; for those who must stop and kill it themselves. */
export async function findRedisBinary(): Promise<RedisBinary> {
  const installed = await onPath('redis-server');
  if (installed !== undefined) return { kind: 'binary', path: installed, env: {} };
  try {
    return await unpackRedis(cacheDirectory());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      'No Redis: install redis-server (Debian and Ubuntu: "apt-get install redis-server"), or set REDIS_URL to one that may be written to; ' +
        `fetching it with "apt-get download" failed: ${reason.trim().split('\n').at(-1)}.`,
      { cause },
    );
  }
}

async function onPath(name: string): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    if (directory === '') continue;
    const path = join(directory, name);
    try {
      await access(path, constants.X_OK);
      await run(path, ['--version']);
      return path;
    } catch {
      // Not here, or not runnable: look further.
    }
  }
  return undefined;
}
