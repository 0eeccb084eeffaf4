import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderIssues } from '../../../src/lib/issue-text.ts';
import { parseSettings } from '../../../src/settings/annotations.ts';
import { parseAnnotationsFile } from '../../../src/settings/annotations-file.ts';
import { inherit } from '../../../src/settings/inherit.ts';
import { isUpdatingGoldens } from '../../support/update-goldens.ts';

/**
 * One file, one situation: annotations, a line of ten dashes, what becomes of
 * them. Several levels are parted by `---`: the pod's, the namespace's, the
 * cluster's. UPDATE_GOLDENS=1 writes what is after the line anew; read the diff.
 */
const folder = new URL('../../golden/settings/', import.meta.url);
const SEPARATOR = '\n----------\n';
const isUpdating = isUpdatingGoldens();
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

function read(text: string): Record<string, string> {
  const file = parseAnnotationsFile(text);
  if ('issues' in file) throw new Error(`the input of a golden has to be a map of annotations: ${renderIssues(file.issues)}`);
  return file.annotations;
}

function section(name: string, text: string): string {
  return text === '' ? '' : `${name}:\n${text}\n`;
}

function judge(input: string): string {
  const [own = {}, namespace = {}, cluster = {}] = input.split(/^---$/m).map(read);
  const inherited = inherit(own, namespace, cluster);
  const { settings, issues, warnings } = parseSettings(inherited.annotations);
  return [
    section('settings', settings === undefined ? '' : JSON.stringify(settings, undefined, 2)),
    section('errors', renderIssues([...inherited.issues, ...issues])),
    section('warnings', renderIssues([...inherited.warnings, ...warnings])),
  ].join('');
}

describe('settings, one golden per situation', () => {
  it.each(files)('%s', (file) => {
    const path = new URL(file, folder);
    const text = readFileSync(path, 'utf8');
    const at = text.indexOf(SEPARATOR);
    const input = at === -1 ? text.trimEnd() : text.slice(0, at);
    const outcome = judge(input);
    if (isUpdating) writeFileSync(path, `${input}${SEPARATOR}${outcome}`);
    else expect(at === -1 ? `no expectation in ${file}: run with UPDATE_GOLDENS=1` : text.slice(at + SEPARATOR.length)).toBe(outcome);
  });

  it('finds the files by itself', () => {
    expect(files.length).toBeGreaterThanOrEqual(35);
  });
});
