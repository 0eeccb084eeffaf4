import { applyPatch } from '../inject/apply-patch.ts';
import { egressPolicyOf } from './egress-policy.ts';
import { POLICY_USAGE, parseFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';
import { judgeFiles } from './judge-files.ts';
import { isFileError } from './lint.ts';
import { reportOn } from './report.ts';

/** sysexits.h: the command line was wrong. */
const EX_USAGE = 64;

/** `mcp-sluice policy`: NetworkPolicies to standard output, all or none of them; 1 where an object is denied or there are none. */
export async function runPolicy(argv: readonly string[], io: Io = processIo): Promise<number> {
  const flags = parseFlags(argv);
  if (flags === 'help') {
    io.out(POLICY_USAGE);
    return 0;
  }
  if ('error' in flags) {
    io.err(`mcp-sluice policy: ${flags.error}\n\n${POLICY_USAGE}`);
    return EX_USAGE;
  }
  try {
    const judged = await judgeFiles(flags, io);
    const { lines, hasErrors } = reportOn(judged);
    if (hasErrors) {
      for (const line of lines) io.err(`${line}\n`);
      return 1;
    }
    const policies = judged.objects.map(({ object, admitted }) => egressPolicyOf(applyPatch(object, admitted.patch)));
    const errors = policies.flatMap((policy) => (typeof policy === 'object' ? [policy.error] : []));
    const texts = policies.filter((policy) => typeof policy === 'string');
    if (errors.length === 0 && texts.length === 0) errors.push('no pod or workload in the files has remote entries');
    for (const error of errors) io.err(`mcp-sluice policy: ${error}\n`);
    if (errors.length > 0) return 1;
    io.out(texts.join('---\n'));
    return 0;
  } catch (error) {
    if (!isFileError(error)) throw error;
    io.err(`mcp-sluice policy: ${error.message}\n`);
    return 1;
  }
}
