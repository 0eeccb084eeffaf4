import { PREFIX } from '../lib/prefix.ts';
import { MOST_ENTRIES, remoteEntry } from './remote-entries.ts';
import type { RemoteEntry } from './settings.ts';
import { parseYaml } from './yaml-value.ts';

export interface SoundEntry {
  /** Its place in the list as it is written. */
  readonly index: number;
  readonly entry: RemoteEntry;
}

/** The entries that are sound by themselves, whatever is wrong with others or with other annotations. */
export function soundEntries(annotations: Readonly<Record<string, string>>): readonly SoundEntry[] {
  // A longer list is refused as a whole: nobody looks a thousand ConfigMaps up for it.
  return (writtenEntries(annotations) ?? []).slice(0, MOST_ENTRIES).flatMap((written, index) => {
    const { data: entry } = remoteEntry.safeParse(written);
    return entry === undefined ? [] : [{ index, entry }];
  });
}

/** The list as it is written; nothing where it is none, or no readable YAML. */
export function writtenEntries(annotations: Readonly<Record<string, string>>): readonly unknown[] | undefined {
  const text = annotations[`${PREFIX}remote-entries`];
  const value = text === undefined ? undefined : parseYaml(text).placed?.value;
  return Array.isArray(value) ? value : undefined;
}
