import { uninject } from '../inject/uninject.ts';
import { kindOf } from './judge-files.ts';
import { type Manifest, type ManifestFile, parseManifests, plainJson } from './manifest.ts';
import { keepOriginal, takeOriginal } from './original.ts';
import { rewrite } from './rewrite.ts';
import { sameManifest } from './same-manifest.ts';

export interface Uninjected {
  readonly text: string;
  /** The text was edited after injection, where only its original could have given its spaces back. */
  readonly isEdited: boolean;
}

/** A document without what injection made of it. */
export function uninjectManifest(file: Pick<ManifestFile, 'text'>, manifest: Manifest): Uninjected {
  const kept = takeOriginal(manifest);
  if (kept.text === manifest.source) return { text: withoutOurs(file, manifest), isEdited: false };
  const rest = parseManifests('', kept.text);
  const text = rest.manifests.map((each) => withoutOurs(rest, each)).join('');
  if (kept.original !== undefined && saysSame(kept.original, text)) return { text: kept.original, isEdited: false };
  return { text, isEdited: true };
}

/**
 * An injected document, with its original on record where taking our parts out again would not give it back; undefined
 * where it has no place for that.
 */
export function reversible(injected: string, source: string): string | undefined {
  const original = uninjectText(source);
  // That of an earlier injection is not of this text.
  const { text } = takeOriginal({ source: injected });
  if (uninjectText(text) === original) return text;
  const kept = keepOriginal(text, original);
  return kept !== undefined && uninjectText(kept) === original ? kept : undefined;
}

function uninjectText(text: string): string {
  const file = parseManifests('', text);
  return file.manifests.map((manifest) => uninjectManifest(file, manifest).text).join('');
}

function withoutOurs(file: Pick<ManifestFile, 'text'>, manifest: Manifest): string {
  return rewrite(
    file,
    manifest,
    manifest.objects.map(({ path, object }) => ({ path, patch: uninject(kindOf(object), object) })),
  );
}

/** So that a comment cannot bring in what nobody has seen in the manifest. */
function saysSame(a: string, b: string): boolean {
  const [left, right] = [parseManifests('', a), parseManifests('', b)];
  const roots = (file: ManifestFile) => file.manifests.map(({ document }) => plainJson(document));
  return left.errors.length === 0 && right.errors.length === 0 && sameManifest(roots(left), roots(right));
}
