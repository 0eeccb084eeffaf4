import { LINT_USAGE, parseFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';
import { judgeFiles } from './judge-files.ts';
import { reportOn } from './report.ts';

/** sysexits.h: the command line was wrong. */
const EX_USAGE = 64;

/** `mcp-sluice lint`: 1 where something would be denied, 0 where there are warnings at most. */
export async function runLint(argv: readonly string[], io: Io = processIo): Promise<number> {
  const flags = parseFlags(argv);
  if (flags === 'help') {
    io.out(LINT_USAGE);
    return 0;
  }
  if ('error' in flags) {
    io.err(`mcp-sluice lint: ${flags.error}\n\n${LINT_USAGE}`);
    return EX_USAGE;
  }
  try {
    const { lines, hasErrors } = reportOn(await judgeFiles(flags, io));
    for (const line of lines) io.out(`${line}\n`);
    return hasErrors ? 1 : 0;
  } catch (error) {
    if (!isFileError(error)) throw error;
    io.err(`mcp-sluice lint: ${error.message}\n`);
    return 1;
  }
}

/** A file that cannot be read is the user's matter; anything else is a bug and goes up. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
