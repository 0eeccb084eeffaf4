import { applyPatch, type PatchOp, pointer } from '../inject/apply-patch.ts';
import type { Path } from '../inject/raw.ts';
import { type Manifest, type ManifestFile, parseManifests, plainJson } from './manifest.ts';
import { patchDocument } from './patch-document.ts';
import { sameManifest } from './same-manifest.ts';
import { applyEdits, spliceText } from './splice.ts';
import { styleOf } from './write-value.ts';

/** A patch of the object at the path of a document. */
export interface Patched {
  readonly path: Path;
  readonly patch: readonly PatchOp[];
}

/**
 * A document's text with its objects patched. Every byte that the patches do not concern stays, where the text can be
 * edited; else (an alias shares what is patched, an empty value becomes a list) the document is written anew, with its
 * comments and order, but not with its spaces.
 */
export function rewrite({ text }: Pick<ManifestFile, 'text'>, { source, start, document }: Manifest, patched: readonly Patched[]): string {
  const changed = patched.filter(({ patch }) => patch.length > 0);
  if (changed.length === 0) return source;
  const before = plainJson(document);
  const after = applyPatch(
    before,
    changed.flatMap(({ path, patch }) => patch.map((op) => ({ ...op, path: pointer(path) + op.path }))),
  );
  const style = styleOf(source);
  // The last line of a file need not be ended.
  const isOpen = start + source.length === text.length && !text.endsWith('\n');
  const whole = isOpen ? text + style.newline : text;
  const edits = spliceText(whole, document, style, before, after);
  if (edits !== undefined) {
    const edited = applyEdits(whole, edits, start, start + source.length + (isOpen ? style.newline.length : 0));
    const spliced = isOpen ? edited.slice(0, -style.newline.length) : edited;
    if (says(spliced, after)) return spliced;
  }
  if (style.isJson) return writeJson(after, source);
  for (const { path, patch } of changed) patchDocument(document, path, patch);
  // The parser takes a byte order mark for no part of the document.
  const mark = source.startsWith('\uFEFF') ? '\uFEFF' : '';
  return mark + document.toString({ lineWidth: 0, indentSeq: style.isIndented, flowCollectionPadding: style.isPadded });
}

/** JSON stays JSON, as deep in as it was. */
function writeJson(value: unknown, source: string): string {
  const [, indent = ''] = /^\s*[{[]\r?\n([ \t]+)/.exec(source) ?? [];
  return `${JSON.stringify(value, null, indent)}${/\s*$/.exec(source)?.[0] ?? ''}`;
}

/** Read again, so that no trick of YAML makes something else of it. */
function says(text: string, expected: unknown): boolean {
  const { manifests, errors } = parseManifests('', text);
  return errors.length === 0 && manifests.length === 1 && manifests.every(({ document }) => sameManifest(plainJson(document), expected));
}
