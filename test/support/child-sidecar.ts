import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '../../src/build/start-redis.ts';
import { PREFIX } from '../../src/lib/prefix.ts';
import { answers, type Child, startChild } from './child.ts';

export interface ChildSidecar extends Child {
  readonly url: string;
  /** What is written there takes effect within two seconds. */
  readonly annotationsFile: string;
}

/** Node's arguments before the program's name, as the image has them. */
function imageFlags(): string[] {
  const dockerfile = readFileSync(resolve(import.meta.dirname, '../../manifests/Dockerfile'), 'utf8');
  return [...dockerfile.matchAll(/"(--max-[^"]+)"/g)].map(([, flag = '']) => flag);
}

/** The sidecar as the image runs it: a process of its own, out of the bundles in `dist`, ready once this resolves. */
export async function startChildSidecar(options: {
  /** Where the bundles are. */
  readonly dist: string;
  readonly upstream: string;
  /** For its file of annotations. */
  readonly folder: string;
  /** Keys without our prefix. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Under which buckets are kept; by default one of the upstream's. */
  readonly owner?: string;
  /** What comes before the program on the command line: `taskset -c 0`. */
  readonly pinned?: readonly string[];
  /** Of Node, besides those of the image. */
  readonly nodeFlags?: readonly string[];
}): Promise<ChildSidecar> {
  const [port, admin] = [await freePort(), await freePort()];
  const file = join(options.folder, `annotations-${port}.yaml`);
  const annotations = Object.entries({ inject: 'true', ...options.annotations });
  writeFileSync(file, annotations.map(([key, value]) => `${JSON.stringify(PREFIX + key)}: ${JSON.stringify(value)}\n`).join(''));
  const program = join(options.dist, 'mcp-sluice.cjs');
  const where = ['--listen', `127.0.0.1:${port}`, '--upstream', options.upstream, '--admin', `127.0.0.1:${admin}`, '--annotations', file];
  if (options.owner !== undefined) where.push('--owner', options.owner);
  const node = [process.execPath, ...imageFlags(), ...(options.nodeFlags ?? [])];
  const [command = '', ...args] = [...(options.pinned ?? []), ...node, program, 'sidecar', ...where];
  const child = await startChild(command, args, () => answers(`http://127.0.0.1:${admin}/readyz`, true));
  return { ...child, url: `http://127.0.0.1:${port}`, annotationsFile: file };
}
