import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildGo } from '../../src/build/go.ts';

/** What a reader finds in a body; the id as `s:text` or `n:123`. */
export interface Reading {
  readonly fault?: string;
  readonly method: string | null;
  readonly name: string | null;
  readonly id: string | null;
}

export interface Reader {
  readonly name: string;
  read(bodies: readonly Uint8Array[]): Promise<readonly Reading[]>;
}

const here = import.meta.dirname;

/** JSON.parse, Python's json and Go's encoding/json. Throws an Error that says which program is missing. */
export async function openReaders(): Promise<readonly Reader[]> {
  const go = await buildGo(join(here, 'go'), 'fuzz-reader');
  const python =
    'Python is missing: no program "python3" on PATH. Install Python 3.9 or later (Debian and Ubuntu: "apt-get install python3").';
  const readers = [
    { name: 'JSON.parse', read: async (bodies: readonly Uint8Array[]) => bodies.map(readHere) },
    { name: "Python's json", read: (bodies: readonly Uint8Array[]) => ask('python3', ['-I', join(here, 'reader.py')], bodies, python) },
    { name: "Go's encoding/json", read: (bodies: readonly Uint8Array[]) => ask(go, [], bodies, `${go} does not start`) },
  ];
  // At once, so that what is missing is said before anything is made up.
  for (const reader of readers) await reader.read([Buffer.from('{}')]);
  return readers;
}

function readHere(body: Uint8Array): Reading {
  const { method, id, params } = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
  const { name } = (params ?? {}) as Record<string, unknown>;
  const label = typeof id === 'string' ? `s:${id}` : typeof id === 'number' ? `n:${id}` : null;
  return { method: typeof method === 'string' ? method : null, name: typeof name === 'string' ? name : null, id: label };
}

function ask(command: string, args: readonly string[], bodies: readonly Uint8Array[], missing: string): Promise<readonly Reading[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.on('error', () => undefined);
    child.once('error', (cause) => reject(new Error(missing, { cause })));
    child.once('close', (code) => {
      const lines = Buffer.concat(chunks).toString().split('\n').filter(Boolean);
      if (code !== 0 || lines.length !== bodies.length)
        reject(new Error(`${command} answered ${lines.length} of ${bodies.length}, exit ${code}`));
      else resolve(lines.map((line) => JSON.parse(line) as Reading));
    });
    child.stdin.end(bodies.map((body) => `${Buffer.from(body).toString('base64')}\n`).join(''));
  });
}
