import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type Checks, compareChecks, type Difference, readChecks } from './checks.ts';
import type { Revision, Suite } from './install-suite.ts';

const RUN_DEADLINE_MS = 120_000;
/** How often a scenario that differed is run again, both ways, before it counts. */
export const RETRIES = 3;

/**
 * Checks that a server fails on its own and passes behind us, as we refuse what it
 * should have. Nothing else may differ, and not in the other direction.
 */
const intended: ReadonlySet<string> = new Set([
  // SEP-2243: the Go server with sessions knows no mirrored headers, so it runs a method that Mcp-Method contradicts.
  'tasks-request-headers tasks-headers-reject-mismatched-method#1',
]);

/** One way to ask the suite about something, directly or through the sidecar. */
export interface Leg {
  readonly name: string;
  /** Fails where the suite's own verdict on the direct run is not good: the fixture would prove nothing. */
  readonly mustConform: boolean;
  /** Runs these scenarios, or the whole set, and returns what `-o` holds. */
  run(
    way: 'direct' | 'proxied',
    scenario?: string,
  ): Promise<{ readonly checks: Checks; readonly isGood: boolean; readonly output: string }>;
}

export interface LegResult {
  readonly direct: Checks;
  readonly differences: readonly Difference[];
  /** Those that are meant to be. */
  readonly improvements: readonly Difference[];
  readonly retried: readonly string[];
  /** Why the leg failed, apart from differences. */
  readonly problem?: string;
}

/** Runs the suite's program; what it says with its exit code is one value of the result. */
export async function runSuite(suite: Suite, work: string, args: readonly string[]): Promise<Awaited<ReturnType<Leg['run']>>> {
  const out = mkdtempSync(join(work, 'checks-'));
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    const options = { cwd: work, timeout: RUN_DEADLINE_MS, maxBuffer: 1 << 26 };
    execFile(process.execPath, [suite.program, ...args, '-o', out], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` }),
    );
  });
  return { checks: readChecks(out), isGood: code === 0, output };
}

export function serverLeg(options: {
  suite: Suite;
  work: string;
  name: string;
  revision: Revision;
  mustConform: boolean;
  urls: Readonly<Record<'direct' | 'proxied', string>>;
}): Leg {
  const { suite, work, name, revision, mustConform, urls } = options;
  return {
    name: `${name}, ${revision}`,
    mustConform,
    run: (way, scenario) => {
      const which = scenario === undefined ? ['--requirements', revision] : ['--scenario', scenario, '--spec-version', revision];
      return runSuite(suite, work, ['server', '--url', urls[way], ...which]);
    },
  };
}

/** Runs one leg both ways; what differs is tried again, scenario by scenario. */
export async function runLeg(leg: Leg): Promise<LegResult> {
  const direct = await leg.run('direct');
  const proxied = await leg.run('proxied');
  const failed = (problem: string): LegResult => ({ direct: direct.checks, differences: [], improvements: [], retried: [], problem });
  if (direct.checks.size === 0) return failed(`no check ran:\n${direct.output}`);
  if (leg.mustConform && !direct.isGood) return failed(`the fixture itself does not conform:\n${direct.output}`);
  const all = compareChecks(direct.checks, proxied.checks);
  const improvements = all.filter(isIntended);
  const first = all.filter((difference) => !isIntended(difference));
  const retried = [...new Set(first.map(({ scenario }) => scenario))];
  const differences: Difference[] = [];
  for (const scenario of retried) {
    let left = first.filter((difference) => difference.scenario === scenario);
    for (let retry = 0; retry < RETRIES && left.length > 0; retry++) {
      const [again, through] = [await leg.run('direct', scenario), await leg.run('proxied', scenario)];
      // A run that did not happen is no proof that nothing differs.
      if (again.checks.size > 0) left = compareChecks(again.checks, through.checks).filter((each) => !isIntended(each));
    }
    differences.push(...left);
  }
  return { direct: direct.checks, differences, improvements, retried };
}

function isIntended({ check, direct, proxied }: Difference): boolean {
  return intended.has(check) && direct === 'FAILURE' && proxied === 'SUCCESS';
}
