import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/** What a command reads and writes, so that tests need neither files nor a process. */
export interface Io {
  read(path: string): Promise<string>;
  stdin(): Promise<string>;
  out(text: string): void;
  err(text: string): void;
  /** For the dates of certificates; the system's clock where absent. */
  readonly nowMs?: () => number;
}

/** Files, standard input, output and error of this process. */
export const processIo: Io = {
  read: (path) => readFile(path, 'utf8'),
  stdin: () => text(process.stdin),
  out: (output) => void process.stdout.write(output),
  err: (output) => void process.stderr.write(output),
};
