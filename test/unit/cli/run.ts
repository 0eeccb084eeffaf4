import { runInject } from '../../../src/cli/inject.ts';
import { runLint } from '../../../src/cli/lint.ts';
import { runPolicy } from '../../../src/cli/policy.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command on files that are only told. */
async function run(command: typeof runInject, argv: readonly string[], files: Readonly<Record<string, string>>): Promise<Ran> {
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

export const inject = (argv: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Ran> => run(runInject, argv, files);
export const lint = (argv: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Ran> => run(runLint, argv, files);
export const policy = (argv: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Ran> => run(runPolicy, argv, files);
