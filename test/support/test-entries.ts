import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { type CreateEntryUpstream, createEntryUpstream } from '../../sidecar/entry-upstream.ts';
import { createUpstream } from '../../sidecar/forward.ts';

export interface TestEntry {
  readonly name: string;
  readonly path?: string;
  readonly transport?: 'sse' | 'streamable-http';
  readonly headers?: readonly { readonly name: string; readonly secret: string; readonly key: string }[];
  readonly rateLimit?: string | object;
}

/** The annotation for entries in the clear, each at a host of its own name. */
export function entriesAnnotation(entries: readonly TestEntry[]): string {
  return JSON.stringify(
    entries.map(({ path = '/mcp', ...entry }) => ({ ...entry, url: `http://${entry.name}.test${path}`, allowInsecure: true })),
  );
}

/** Reaches each entry at an origin of this machine, where no entry leads otherwise; without TLS and checks. */
export function reachedAt(origins: Readonly<Record<string, string>>): CreateEntryUpstream {
  return (entry) => ({
    ...createUpstream([origins[entry.name] ?? 'http://127.0.0.1:9']),
    start: () => Promise.resolve(),
    problem: () => undefined,
    warnings: () => [],
  });
}

/** The real thing, but for names, which all stand for this machine: the port of the URL is one of loopback. */
export const verifiedOnLoopback: CreateEntryUpstream = (entry, deps) =>
  createEntryUpstream(entry, {
    ...deps,
    resolve: () => Promise.resolve(['93.184.216.34']),
    openSocket: (_, port) => connect(port, '127.0.0.1'),
  });

/** Writes a key of a Secret where the sidecar finds it. */
export async function writeSecret(folder: string, place: { entry: string; secret: string; key: string }, value: string): Promise<void> {
  const file = join(folder, 'entry-headers', place.entry, place.secret, place.key);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, value);
}
