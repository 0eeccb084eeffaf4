import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { RedisOptions } from 'ioredis';
import { onlyTrusting, systemRoots } from './tls-trust.ts';

export interface RedisTarget {
  /** `redis://` or `rediss://`, with an optional database number as its path, without credentials. */
  readonly url: string;
  /** Where the Secret is mounted: files `username` and `password`. */
  readonly secretDir?: string | undefined;
  /** PEM file of a private CA, which then is the only one trusted. */
  readonly caFile?: string | undefined;
}

export interface RedisAccess {
  readonly options: RedisOptions;
  readonly credentials?: { readonly username?: string | undefined; readonly password: string };
  readonly database: number;
}

/**
 * Reads how to reach and enter Redis, anew for each connection, so that a
 * rotated password or CA is taken up. Throws an Error whose message is the
 * reason for a person.
 */
export async function readRedisAccess({ url, secretDir, caFile }: RedisTarget): Promise<RedisAccess> {
  const { protocol, hostname, port, pathname } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const endpoint = { host, port: port === '' ? 6379 : Number(port) };
  const tls = protocol === 'rediss:' ? await tlsOptions(host, caFile) : undefined;
  const credentials = secretDir === undefined ? undefined : await readCredentials(secretDir);
  return {
    options: { ...endpoint, ...(tls && { tls }) },
    ...(credentials && { credentials }),
    database: Number(pathname.slice(1) || 0),
  };
}

async function tlsOptions(host: string, caFile: string | undefined): Promise<NonNullable<RedisOptions['tls']>> {
  // Said out loud, because NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise switch it off.
  const verified = { rejectUnauthorized: true, ...(isIP(host) === 0 && { servername: host }) };
  if (caFile === undefined) return { ...verified, secureContext: systemRoots() };
  const pem = await read(caFile, 'the CA of redis-ca');
  return { ...verified, secureContext: onlyTrusting(pem, `the CA of redis-ca (${caFile})`) };
}

async function readCredentials(secretDir: string): Promise<NonNullable<RedisAccess['credentials']>> {
  const password = line(await read(join(secretDir, 'password'), 'the password of redis-secret'));
  const username = await readFile(join(secretDir, 'username'), 'utf8').then(line, () => undefined);
  return username ? { username, password } : { password };
}

/** Editors and `echo` end a file with a line break that is no part of a password. */
const line = (text: string): string => text.replace(/\r?\n$/, '');

async function read(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`${what} cannot be read (${path}: ${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
