import type * as z from 'zod';
import type { Issue } from '../lib/issue.ts';
import { listOf, quote } from '../lib/quote.ts';
import { didYouMean, nearest } from '../lib/suggest.ts';
import { describeWrongType } from './wrong-type.ts';

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a whole number',
  boolean: 'true or false',
  object: 'a map of fields',
  map: 'a map',
  array: 'a list',
};

type RawIssue = z.core.$ZodRawIssue;

/** zod's issues in our words: the value, the rule, the way out. */
export function explain(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const told = describeWrongType(KINDS[issue.expected] ?? issue.expected, issue.input);
      return issue.expected === 'string' && typeof issue.input === 'number' ? `${told}; quote it` : told;
    }
    case 'invalid_value': {
      const known = issue.values.map(String);
      const near = typeof issue.input === 'string' ? nearest(issue.input, known) : undefined;
      return `${quote(issue.input)} is none of ${listOf(known)}${near === undefined ? '' : `; did you mean "${near}"?`}`;
    }
    case 'too_small':
      if (issue.origin !== 'number' && issue.origin !== 'int') return 'is empty; name at least one, or take it away';
      return `${String(issue.input)} is below ${issue.minimum}, the least that is allowed`;
    case 'too_big':
      if (Array.isArray(issue.input)) return `lists ${issue.input.length}, and ${issue.maximum} are the most that is allowed`;
      return `${String(issue.input)} is above ${issue.maximum}, the most that is allowed`;
    default:
      return undefined;
  }
}

function codeOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'MISSING_FIELD';
      return issue.expected === 'int' && typeof issue.input === 'number' ? 'NOT_INTEGER' : 'WRONG_TYPE';
    case 'invalid_value':
      return 'INVALID_VALUE';
    case 'too_small':
    case 'too_big':
      return 'OUT_OF_RANGE';
    default:
      return issue.code.toUpperCase();
  }
}

/** zod's issues as ours, one per unknown field, without positions. */
export function issuesOf(error: z.ZodError, key: string): Issue[] {
  return error.issues.flatMap((issue) => issueOf(issue, [key]));
}

/** Of `map or list`, only the faults of what the user chose are told. */
function chosenBranch(issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  return issue.errors.find((branch) => !branch.some(({ code, path }) => code === 'invalid_type' && path.length === 0));
}

function issueOf(issue: z.core.$ZodIssue, above: Issue['path']): Issue[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  if (issue.code === 'invalid_union') {
    const branch = chosenBranch(issue);
    if (branch !== undefined) return branch.flatMap((inner) => issueOf(inner, path));
    return [{ code: 'WRONG_TYPE', path, message: describeWrongType('a map or a list', issue.input) }];
  }
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(', ');
    return issue.keys.map((field) => ({
      code: 'UNKNOWN_FIELD',
      path: [...path, field],
      message: `unknown field; ${didYouMean(field, known)}`,
    }));
  }
  if (issue.code !== 'custom') return [{ code: codeOf(issue), path, message: issue.message }];
  const { code, line, column } = (issue.params ?? {}) as { code?: string; line?: number; column?: number };
  const place = line === undefined ? {} : { line, column: column ?? 1 };
  return [{ code: code ?? 'INVALID_VALUE', path, message: issue.message, ...place }];
}
