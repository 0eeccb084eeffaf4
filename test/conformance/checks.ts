import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
  readonly details?: unknown;
}

/** The statuses of one run, by scenario, check id and how often that id came before. */
export type Checks = ReadonlyMap<string, { readonly scenario: string; readonly status: string; readonly says: string }>;

export interface Difference {
  readonly scenario: string;
  /** `scenario check-id#occurrence`. */
  readonly check: string;
  readonly direct: string;
  readonly proxied: string;
  /** What the proxied check had to say. */
  readonly says: string;
}

const DETAIL_CHARS = 600;

/** Reads what `conformance … -o folder` wrote: `<leg->scenario-<time>/checks.json`, scenarios with a slash in folders of their own. */
export function readChecks(folder: string): Checks {
  const checks = new Map<string, { scenario: string; status: string; says: string }>();
  if (!existsSync(folder)) return checks;
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (basename(file) !== 'checks.json') continue;
    const scenario = file.replace(/-\d{4}-\d\d-\d\dT[\dZ-]*\/checks\.json$/, '').replace(/^server-/, '');
    for (const check of JSON.parse(readFileSync(join(folder, file), 'utf8')) as Check[]) {
      let occurrence = 1;
      while (checks.has(`${scenario} ${check.id}#${occurrence}`)) occurrence += 1;
      const says = `${check.errorMessage ?? ''} ${JSON.stringify(check.details ?? null).slice(0, DETAIL_CHARS)}`.trim();
      checks.set(`${scenario} ${check.id}#${occurrence}`, { scenario, status: check.status, says });
    }
  }
  return checks;
}

/** Every check whose status differs, or that only one of the runs has. */
export function compareChecks(direct: Checks, proxied: Checks): Difference[] {
  const names = [...new Set([...direct.keys(), ...proxied.keys()])].sort();
  return names.flatMap((check) => {
    const [one, other] = [direct.get(check), proxied.get(check)];
    if (one?.status === other?.status) return [];
    const scenario = (one ?? other)?.scenario ?? '';
    return [{ scenario, check, direct: one?.status ?? 'absent', proxied: other?.status ?? 'absent', says: other?.says ?? '' }];
  });
}

/** `82 SUCCESS, 3 INFO`. */
export function countChecks(checks: Checks): string {
  const counts = new Map<string, number>();
  for (const { status } of checks.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
  return (
    [...counts]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([status, count]) => `${count} ${status}`)
      .join(', ') || 'none'
  );
}
