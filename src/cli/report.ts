import { textAt } from '../inject/raw.ts';
import { TEMPLATES } from '../inject/workload.ts';
import type { Issue } from '../lib/issue.ts';
import { renderIssue } from '../lib/issue-text.ts';
import type { JudgedFiles, JudgedObject } from './judge-files.ts';
import { locate } from './locate.ts';

/** One thing that is wrong, as `--output json` has it. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number;
  /** The chart's template that Helm made this document of. */
  readonly source?: string;
  readonly object?: { readonly kind: string; readonly name: string; readonly namespace?: string };
  /** Stable: `UNKNOWN_KEY`, …; `UNREADABLE` for what is no YAML. */
  readonly code: string;
  /** Where and what, as a sentence. */
  readonly message: string;
}

export interface Report {
  /** In the order of the files. */
  readonly findings: readonly Finding[];
  readonly errors: number;
  readonly warnings: number;
}

/** Everything that is wrong with the files, and what only deserves a warning. */
export function reportOn({ files, objects }: JudgedFiles): Report {
  const findings = [
    ...files.flatMap((file) =>
      file.errors.map(({ line, message }): Finding => ({ severity: 'error', file: file.name, line, code: 'UNREADABLE', message })),
    ),
    ...objects.flatMap(findingsOf),
  ];
  const count = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity).length;
  return { findings, errors: count('error'), warnings: count('warning') };
}

/** What is wrong with one object. */
export function findingsOf(judged: JudgedObject): Finding[] {
  const { issues, cautions } = judged.admitted;
  return [...issues.map((issue) => findingOf(judged, issue, 'error')), ...cautions.map((caution) => findingOf(judged, caution, 'warning'))];
}

/** `FILE:LINE: kind/name: annotation: message`. */
export function renderFinding({ severity, file, line, source, object, message }: Finding): string {
  const from = source === undefined ? '' : ` (${source})`;
  const what = object === undefined ? '' : `${object.kind.toLowerCase()}/${object.name}: `;
  return `${file}:${line}:${from} ${what}${severity === 'warning' ? 'warning: ' : ''}${message}`;
}

/** An issue of an object, with the line that it is about. */
export function findingOf({ file, manifest, path, object }: JudgedObject, issue: Issue, severity: Finding['severity']): Finding {
  const kind = textAt(object, 'kind');
  const located = locate(issue, manifest.document, file.lines, path, TEMPLATES.get(kind));
  const namespace = textAt(object, 'metadata', 'namespace');
  return {
    severity,
    file: file.name,
    line: located.line,
    ...(manifest.chartTemplate !== undefined && { source: manifest.chartTemplate }),
    object: { kind, name: nameOf(object), ...(namespace !== '' && { namespace }) },
    code: issue.code,
    message: renderIssue(located.issue),
  };
}

/** The name of an object, or the beginning of one that is generated. */
export function nameOf(object: unknown): string {
  return textAt(object, 'metadata', 'name') || textAt(object, 'metadata', 'generateName') || '?';
}
