import { readdir, readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

/** One name in a directory. */
export interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/** What a command reads and writes, so that tests need neither files nor a process. */
export interface Io {
  read(path: string): Promise<string>;
  stdin(): Promise<string>;
  /** What is in a directory; undefined for anything else. Absent: there are no directories. */
  list?(path: string): Promise<readonly Entry[] | undefined>;
  out(text: string): void;
  err(text: string): void;
  /** For the dates of certificates; the system's clock where absent. */
  readonly nowMs?: () => number;
}

/** What a user gave cannot be read; anything else that is thrown is a bug. */
export class InputError extends Error {}

/** Files, standard input, output and error of this process. */
export const processIo: Io = {
  read: async (path) => decode(path, await readFile(path)),
  stdin: async () => decode('standard input', await buffer(process.stdin)),
  list: listDirectory,
  out: (output) => void process.stdout.write(output),
  err: (output) => void process.stderr.write(output),
};

/** A link counts as a file, whatever it leads to: a loop of directories has no end. */
async function listDirectory(path: string): Promise<readonly Entry[] | undefined> {
  if (!(await stat(path)).isDirectory()) return undefined;
  const found = await readdir(path, { withFileTypes: true });
  return found.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
}

/** What is not UTF-8 would come out as other bytes than it went in; a byte order mark stays where it is. */
function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError(`${name} is not UTF-8 text`);
  }
}
