import type { Manifest, ManifestFile } from './manifest.ts';

/** Files as one stream of documents; `renderManifest` gives the text of each. */
export function renderFiles(files: readonly ManifestFile[], renderManifest: (file: ManifestFile, manifest: Manifest) => string): string {
  return files
    .map((file) => file.manifests.map((manifest) => renderManifest(file, manifest)).join(''))
    .reduce((all, text) => (all === '' ? text : `${all}${separator(all, text)}${text}`), '');
}

function separator(before: string, after: string): string {
  const newline = before.endsWith('\n') ? '' : '\n';
  return /^(#[^\n]*\n|\s*\n)*---/.test(after) || after.trim() === '' ? newline : `${newline}---\n`;
}

/** One object as JSON, several as a List. */
export function renderObjects(objects: readonly unknown[]): string {
  const [only] = objects;
  const whole = objects.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items: objects };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
