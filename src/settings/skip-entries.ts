import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { type ParsedSettings, parseSettings } from './annotations.ts';
import { MOST_ENTRIES } from './remote-entries.ts';
import type { RemoteEntry } from './settings.ts';
import { writtenEntries } from './sound-entries.ts';

const ENTRIES = `${PREFIX}remote-entries`;
const CAPTURE = `${PREFIX}capture`;
const REDIS = `${PREFIX}redis`;

/** Each that is skipped has a line in the log: a list of ten thousand is not judged to its end. */
const MOST_JUDGED = 2 * MOST_ENTRIES;

type Annotations = Readonly<Record<string, string>>;

export interface SkippedEntry {
  /** The place in the list as it is written. */
  readonly index: number;
  /** As it is written, where it is text. */
  readonly name?: string;
  readonly issues: readonly Issue[];
}

export interface ParsedWithSkips extends ParsedSettings {
  readonly skipped: readonly SkippedEntry[];
}

/**
 * As `parseSettings`, for a sidecar: an entry that admission would have denied
 * is left out, and the others are kept (contract §7). What is wrong anywhere
 * else is an issue as ever.
 */
export function parseSkippingEntries(annotations: Annotations): ParsedWithSkips {
  const parsed = parseSettings(annotations);
  const written = writtenEntries(annotations);
  if (parsed.settings !== undefined || written === undefined) return { ...parsed, skipped: [] };
  const others = parseSettings(withoutEntries(annotations));
  if (others.settings === undefined) return { ...parsed, skipped: [] };

  const kept: RemoteEntry[] = [];
  const skipped: SkippedEntry[] = [];
  for (const [index, entry] of written.slice(0, MOST_JUDGED).entries()) {
    const alone = judgeAlone(entry, index, annotations);
    const issues = 'issues' in alone ? alone.issues : besideOthers(alone, index, kept);
    if (issues.length === 0 && !('issues' in alone)) kept.push(alone);
    else skipped.push({ index, ...nameOf(entry), issues });
  }
  const rest = written.length - MOST_JUDGED;
  if (rest > 0) skipped.push({ index: MOST_JUDGED, issues: [tooMany(MOST_JUDGED, `this and ${rest - 1} after it are not read: `)] });
  return { settings: { ...others.settings, remoteEntries: kept }, issues: [], warnings: others.warnings, skipped };
}

/** `capture: none` goes with them: without an entry it would be a mistake of its own. */
function withoutEntries(annotations: Annotations): Annotations {
  const isGone = (key: string, value: string) => key === ENTRIES || (key === CAPTURE && value === 'none');
  return Object.fromEntries(Object.entries(annotations).filter(([key, value]) => !isGone(key, value)));
}

/** One by one, as the faults of one entry may be too many for those of the others to be told. */
function judgeAlone(entry: unknown, index: number, annotations: Annotations): RemoteEntry | { readonly issues: readonly Issue[] } {
  const redis = annotations[REDIS];
  // JSON is YAML. Its places are not those of what the user wrote, and are not told.
  const { settings, issues } = parseSettings({ ...(redis === undefined ? {} : { [REDIS]: redis }), [ENTRIES]: JSON.stringify([entry]) });
  const [sound] = settings?.remoteEntries ?? [];
  if (sound !== undefined) return sound;
  return { issues: issues.map(({ code, path: [key = '', , ...rest], message }) => ({ code, path: [key, index, ...rest], message })) };
}

function besideOthers({ name }: RemoteEntry, index: number, kept: readonly RemoteEntry[]): Issue[] {
  const message = `"${name}" is the name of an entry before it; give each its own`;
  if (kept.some((each) => each.name === name)) return [{ code: 'DUPLICATE_ENTRY', path: ['remote-entries', index, 'name'], message }];
  return kept.length < MOST_ENTRIES ? [] : [tooMany(index, '')];
}

function tooMany(index: number, what: string): Issue {
  return { code: 'OUT_OF_RANGE', path: ['remote-entries', index], message: `${what}${MOST_ENTRIES} entries are the most that is allowed` };
}

function nameOf(entry: unknown): { name?: string } {
  const name = typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : undefined;
  return typeof name === 'string' ? { name } : {};
}
