import type { Connect } from '../../../src/cli/explain/cluster.ts';
import { runExplain } from '../../../src/cli/explain.ts';
import { runInject } from '../../../src/cli/inject.ts';
import type { Entry, Io } from '../../../src/cli/io.ts';
import { runLint } from '../../../src/cli/lint.ts';
import { runPolicy } from '../../../src/cli/policy.ts';
import { runUninject } from '../../../src/cli/uninject.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command on files that are only told. */
async function run(
  command: (argv: readonly string[], io: Io) => Promise<number>,
  argv: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<Ran> {
  let [out, err] = ['', ''];
  const read = async (path: string): Promise<string> => {
    const text = files[path];
    if (text === undefined)
      throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT', syscall: 'open' });
    return text;
  };
  const code = await command(argv, {
    read,
    stdin: () => read('-'),
    list: async (path) => listed(path, files),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    nowMs: () => Date.UTC(2026, 10, 21),
  });
  return { code, out, err };
}

/** Directories are what the names of the files say. */
function listed(directory: string, files: Readonly<Record<string, string>>): readonly Entry[] | undefined {
  const inside = Object.keys(files).filter((path) => path.startsWith(`${directory.replace(/\/$/, '')}/`));
  const rest = inside.map((path) => path.slice(directory.replace(/\/$/, '').length + 1));
  const names = new Set(rest.map((path) => path.split('/')[0] ?? ''));
  return inside.length === 0 ? undefined : [...names].map((name) => ({ name, isDirectory: !rest.includes(name) }));
}

export const inject = (argv: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Ran> => run(runInject, argv, files);
export const lint = (argv: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Ran> => run(runLint, argv, files);
export const policy = (argv: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Ran> => run(runPolicy, argv, files);
export const uninject = (argv: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  run(runUninject, argv, files);
/** A command that needs no files. */
export const runWith = (command: (argv: readonly string[], io: Io) => Promise<number>, argv: readonly string[]): Promise<Ran> =>
  run(command, argv, {});
/** With a cluster to ask. */
export const explainIn = (connect: Connect, argv: readonly string[]): Promise<Ran> =>
  run((given, io) => runExplain(given, io, connect), argv, {});
export const explain = (argv: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  run(runExplain, argv, files);
