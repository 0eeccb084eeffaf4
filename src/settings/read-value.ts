import type * as z from 'zod';
import type { Issue } from '../lib/issue.ts';
import { type Placed, parseYaml, positionAt } from './yaml-value.ts';
import { explain, issuesOf } from './zod-issues.ts';

/** The most issues that are told of one value: the rest is counted, so that an answer stays readable. */
const MOST_ISSUES = 50;

function inOrder(issues: readonly Issue[], key: string): Issue[] {
  const sorted = issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  const rest = sorted.length - MOST_ISSUES;
  if (rest <= 0) return sorted;
  return [...sorted.slice(0, MOST_ISSUES), { code: 'MORE_ISSUES', path: [key], message: `and ${rest} more of such faults` }];
}

interface ReadValue {
  /** Only where there are no issues. */
  readonly value?: unknown;
  /** Of readable YAML, sound or not. */
  readonly placed?: Placed;
  readonly issues: readonly Issue[];
}

/** Reads one value by its row: text, or YAML with the place of every issue. */
export function readValue(key: string, form: 'text' | 'yaml', schema: z.ZodType, text: string): ReadValue {
  const check = (input: unknown) => schema.safeParse(input, { error: explain, reportInput: true });
  if (form === 'text') {
    const result = check(text);
    return result.success ? { value: result.data, issues: [] } : { issues: inOrder(issuesOf(result.error, key), key) };
  }
  const { placed, faults } = parseYaml(text);
  const issues: Issue[] = faults.map((fault) => ({ ...fault, path: [key, ...fault.path] }));
  if (placed === undefined) return { issues: inOrder(issues, key) };
  const result = check(placed.value);
  if (!result.success) {
    for (const issue of issuesOf(result.error, key)) {
      const part = issue.code === 'UNKNOWN_FIELD' || issue.code === 'BAD_NAME' ? 'key' : 'value';
      issues.push({ ...issue, ...positionAt(placed, issue.path.slice(1), part) });
    }
  }
  return result.success && issues.length === 0 ? { value: result.data, placed, issues } : { placed, issues: inOrder(issues, key) };
}
