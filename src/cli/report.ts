import { textAt } from '../inject/raw.ts';
import { TEMPLATES } from '../inject/workload.ts';
import type { Issue } from '../lib/issue.ts';
import { renderIssue } from '../lib/issue-text.ts';
import type { JudgedFiles, JudgedObject } from './judge-files.ts';
import { locate } from './locate.ts';

export interface Report {
  /** `FILE:LINE: kind/name: annotation: message`, in the order of the files. */
  readonly lines: readonly string[];
  readonly hasErrors: boolean;
}

/** Everything that is wrong with the files, and what only deserves a warning. */
export function reportOn({ files, objects }: JudgedFiles): Report {
  const unreadable = files.flatMap((file) => file.errors.map(({ line, message }) => `${file.name}:${line}: ${message}`));
  const hasErrors = unreadable.length > 0 || objects.some(({ admitted }) => !admitted.allowed);
  const found = objects.flatMap((judged) => [
    ...judged.admitted.issues.map((issue) => renderLine(judged, issue, '')),
    ...judged.admitted.cautions.map((caution) => renderLine(judged, caution, 'warning: ')),
  ]);
  return { lines: [...unreadable, ...found], hasErrors };
}

function renderLine({ file, manifest, path, object }: JudgedObject, issue: Issue, severity: string): string {
  const kind = textAt(object, 'kind');
  const located = locate(issue, manifest.document, file.lines, path, TEMPLATES.get(kind));
  const name = textAt(object, 'metadata', 'name') || textAt(object, 'metadata', 'generateName') || '?';
  return `${file.name}:${located.line}: ${kind.toLowerCase()}/${name}: ${severity}${renderIssue(located.issue)}`;
}
