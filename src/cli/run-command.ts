import { EXIT } from './exit-codes.ts';
import { InputError, type Io } from './io.ts';

interface Command<F> {
  readonly name: string;
  readonly usage: string;
  readonly flags: F | 'help' | { readonly error: string };
  /** Its exit code. */
  readonly act: (flags: F) => Promise<number>;
}

/** The frame of every command on manifests: help, a wrong command line, and what cannot be read. Bugs go up. */
export async function runCommand<F extends object>({ name, usage, flags, act }: Command<F>, io: Io): Promise<number> {
  if (flags === 'help') {
    io.out(usage);
    return EXIT.ok;
  }
  if ('error' in flags) {
    io.err(`mcp-sluice ${name}: ${flags.error}\n\n${usage}`);
    return EXIT.usage;
  }
  try {
    return await act(flags as F);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    io.err(`mcp-sluice ${name}: ${error.message}\n`);
    return EXIT.noInput;
  }
}
