import type { Issue } from './issue.ts';
import { PREFIX } from './prefix.ts';
import { quote } from './quote.ts';

/** Paths that begin with one of these lead into the object; all others begin with one of our annotation keys. */
const OBJECT_FIELDS: readonly (string | number | undefined)[] = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

function renderFields(fields: readonly (string | number)[]): string {
  let text = '';
  for (const field of fields) {
    if (typeof field === 'number') text += `[${field}]`;
    else if (/^[\w-]+$/.test(field)) text += text === '' ? field : `.${field}`;
    else text += `[${quote(field)}]`;
  }
  return text;
}

/** A key as the user has to write it; what is no key of Kubernetes is quoted, as it may hold a line's end. */
function renderKey(key: string): string {
  return /^[\w.-]{1,63}$/.test(key) ? PREFIX + key : quote(PREFIX + key);
}

/** One issue as one line: where, then what, the rule and the way out. */
export function renderIssue(issue: Issue): string {
  const [first, ...fields] = issue.path;
  const isInObject = first === undefined || (OBJECT_FIELDS.includes(first) && (fields.length > 0 || first !== 'status'));
  const where = [
    isInObject ? renderFields(issue.path) : renderKey(String(first)),
    issue.line === undefined ? '' : `line ${issue.line}, column ${issue.column ?? 1}`,
    isInObject ? '' : renderFields(fields),
  ].filter((part) => part !== '');
  return where.length === 0 ? issue.message : `${where.join(', ')}: ${issue.message}`;
}

/** All issues, one per line, in their order. */
export function renderIssues(issues: readonly Issue[]): string {
  return issues.map(renderIssue).join('\n');
}
