import type { Issue } from '../lib/issue.ts';
import { quote } from '../lib/quote.ts';
import { parseDownward } from './downward.ts';
import { parseYaml } from './yaml-value.ts';

export type AnnotationsFile = { readonly annotations: Record<string, string> } | { readonly issues: readonly Issue[] };

/**
 * Reads the annotations that a sidecar is given in a file: a YAML map, or what
 * the downward API writes. A line `key="` tells the second: in YAML that would
 * be one scalar and no map.
 */
export function parseAnnotationsFile(text: string): AnnotationsFile {
  // An empty file is what the downward API writes for a pod without annotations.
  if (text.trim() === '') return { annotations: {} };
  if (/^[^\s="#]+="/.test(text)) {
    const found = parseDownward(text);
    return Array.isArray(found['path']) ? { issues: [found as Issue] } : { annotations: found as Record<string, string> };
  }
  const { placed, faults } = parseYaml(text);
  if (placed === undefined || faults.length > 0) return { issues: faults };
  if (placed.fields === undefined)
    return { issues: [{ code: 'WRONG_TYPE', path: [], message: 'has to be a map of annotations, key: "value"' }] };
  const issues: Issue[] = [];
  for (const [key, { placed: held }] of placed.fields) {
    if (typeof held.value === 'string') continue;
    const message = `${quote(key)}: an annotation is text; quote it, or write "|" and the lines below it`;
    issues.push({ code: 'WRONG_TYPE', path: [], message, ...held.at });
  }
  return issues.length > 0 ? { issues } : { annotations: placed.value as Record<string, string> };
}
