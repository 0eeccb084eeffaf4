import { EXIT } from './exit-codes.ts';
import { parseFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';
import { judgeFiles } from './judge-files.ts';
import { renderFinding, reportOn } from './report.ts';
import { runCommand } from './run-command.ts';
import { refuseEmptyPipe } from './sources.ts';
import { LINT_USAGE } from './usage.ts';

/** `mcp-sluice lint`: 1 where something would be denied (with `--strict`: or draws a warning). */
export function runLint(argv: readonly string[], io: Io = processIo): Promise<number> {
  return runCommand(
    {
      name: 'lint',
      usage: LINT_USAGE,
      flags: parseFlags(argv, 'lint'),
      act: async (flags) => {
        const judged = await judgeFiles(flags, io);
        refuseEmptyPipe(judged.files);
        const { findings, errors, warnings } = reportOn(judged);
        if (flags.output === 'json') {
          const summary = { objects: judged.objects.length, errors, warnings };
          io.out(`${JSON.stringify({ findings, summary }, null, 2)}\n`);
        } else io.out(findings.map((finding) => `${renderFinding(finding)}\n`).join(''));
        return errors > 0 || (flags.isStrict && warnings > 0) ? EXIT.found : EXIT.ok;
      },
    },
    io,
  );
}
