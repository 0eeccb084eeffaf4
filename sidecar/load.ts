import type { Issue } from '../src/lib/issue.ts';
import { PREFIX } from '../src/lib/prefix.ts';
import { parseAnnotationsFile } from '../src/settings/annotations-file.ts';
import { ownAnnotations } from '../src/settings/own-annotations.ts';
import { RETUNABLE } from '../src/settings/retune.ts';
import type { Settings } from '../src/settings/settings.ts';
import { parseSkippingEntries, type SkippedEntry } from '../src/settings/skip-entries.ts';

/** A configuration that passed every check of admission. */
export interface Loaded {
  /** Ours alone, without what the machine writes for itself. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly settings: Settings;
  /** Entries that are not valid; the others are among the settings. */
  readonly skippedEntries: readonly SkippedEntry[];
  readonly warnings: readonly Issue[];
}

export type LoadResult =
  | { readonly ok: true; readonly loaded: Loaded }
  | { readonly ok: false; readonly issues: readonly Issue[]; readonly warnings: readonly Issue[] };

/** Keys of the machine: a change of the stamp is no change of the configuration. */
const ofMachine = new Set([`${PREFIX}status`, `${PREFIX}propagated`]);
const retunable = new Set(RETUNABLE.map((key) => `${PREFIX}${key}`));

/** Reads a file of annotations, in YAML or as the downward API writes it. */
export function load(text: string): LoadResult {
  const parsed = parseAnnotationsFile(text);
  if ('issues' in parsed) return { ok: false, issues: parsed.issues, warnings: [] };
  return loadAnnotations(parsed.annotations);
}

export function loadAnnotations(annotations: Readonly<Record<string, string>>): LoadResult {
  const own = Object.fromEntries(Object.entries(ownAnnotations(annotations)).filter(([key]) => !ofMachine.has(key)));
  const { settings, issues, warnings: all, skipped: skippedEntries } = parseSkippingEntries(own);
  // Where a sidecar runs, by hand too, they have their effect without `inject`.
  const warnings = all.filter(({ code }) => code !== 'CONFIG_WITHOUT_INJECT');
  if (settings === undefined) return { ok: false, issues, warnings };
  return { ok: true, loaded: { annotations: own, settings, skippedEntries, warnings } };
}

/**
 * What of a new configuration takes effect in a running process: the retunable
 * keys; all others stay as they were (contract §5) and are named.
 */
export function retuned(present: Loaded, fresh: Loaded): { readonly loaded: Loaded; readonly heldBack: readonly string[] } {
  const all = new Set([...Object.keys(present.annotations), ...Object.keys(fresh.annotations)]);
  const heldBack = [...all].filter((key) => !retunable.has(key) && present.annotations[key] !== fresh.annotations[key]);
  if (heldBack.length === 0) return { loaded: fresh, heldBack };
  const annotations = Object.fromEntries([
    ...Object.entries(present.annotations).filter(([key]) => !retunable.has(key)),
    ...Object.entries(fresh.annotations).filter(([key]) => retunable.has(key)),
  ]);
  const mixed = loadAnnotations(annotations);
  // Each was sound by itself, but not this mix (a limit that came with its Redis, say): nothing changes.
  return { loaded: mixed.ok ? mixed.loaded : present, heldBack };
}

export function isSameConfiguration(a: Loaded, b: Loaded): boolean {
  const keys = Object.keys(a.annotations);
  return keys.length === Object.keys(b.annotations).length && keys.every((key) => a.annotations[key] === b.annotations[key]);
}
