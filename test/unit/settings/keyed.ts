import type { Issue } from '../../../src/lib/issue.ts';
import { PREFIX } from '../../../src/lib/prefix.ts';

export const REDIS = 'redis://redis.infra:6379';

/** Annotations from keys without our prefix. */
export function keyed(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [PREFIX + key, value]));
}

export function codesOf(issues: readonly Issue[]): string[] {
  return issues.map(({ code }) => code);
}
