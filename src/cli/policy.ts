import { applyPatch } from '../inject/apply-patch.ts';
import { type EgressPolicy, egressPolicyOf, renderPolicy } from './egress-policy.ts';
import { EXIT } from './exit-codes.ts';
import { parseFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';
import { type JudgedObject, judgeFiles } from './judge-files.ts';
import { renderObjects } from './render.ts';
import { type Finding, findingOf, renderFinding, reportOn } from './report.ts';
import { runCommand } from './run-command.ts';
import { POLICY_USAGE } from './usage.ts';

/** `mcp-sluice policy`: NetworkPolicies to standard output, all or none of them; 1 where an object is denied or there are none. */
export function runPolicy(argv: readonly string[], io: Io = processIo): Promise<number> {
  return runCommand(
    {
      name: 'policy',
      usage: POLICY_USAGE,
      flags: parseFlags(argv),
      act: async (flags) => {
        const judged = await judgeFiles(flags, io);
        const { findings, errors } = reportOn(judged);
        const made = errors > 0 ? [] : judged.objects.map(policyOf);
        const all = [...findings, ...made.flatMap((each) => (isFinding(each) ? [each] : []))];
        for (const finding of all) io.err(`${renderFinding(finding)}\n`);
        if (all.some(({ severity }) => severity === 'error')) return EXIT.found;
        const policies = made.filter((each): each is EgressPolicy => each !== undefined && !isFinding(each));
        if (policies.length === 0) {
          io.err('mcp-sluice policy: no pod or workload in it has remote entries\n');
          return EXIT.found;
        }
        io.out(flags.output === 'json' ? renderObjects(policies.map(({ object }) => object)) : policies.map(renderPolicy).join('---\n'));
        return EXIT.ok;
      },
    },
    io,
  );
}

function policyOf(judged: JudgedObject): EgressPolicy | Finding | undefined {
  const policy = egressPolicyOf(applyPatch(judged.object, judged.admitted.patch));
  return policy !== undefined && 'code' in policy ? findingOf(judged, policy, 'error') : policy;
}

function isFinding(made: EgressPolicy | Finding | undefined): made is Finding {
  return made !== undefined && 'severity' in made;
}
