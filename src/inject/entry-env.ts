import { ENTRIES_PORT } from '../lib/ports.ts';
import type { RemoteEntry } from '../settings/settings.ts';
import { appContainers } from './app-containers.ts';
import { missingEnv } from './bind-address.ts';
import type { Edit } from './edit.ts';
import { listAt, type Path, textAt, valueAt } from './raw.ts';

interface Variable {
  readonly name: string;
  readonly value: string;
}

/** Where the app finds the entry. An entry's name has no `_`, so that two never share a variable. */
export function entryVariable(entry: string): Variable {
  return { name: `MCP_ENTRY_${entry.toUpperCase().replaceAll('-', '_')}_URL`, value: `http://127.0.0.1:${ENTRIES_PORT}/${entry}` };
}

/**
 * Tells every container of the app where its entries are, never over a name that it sets itself. First in the list, as
 * Kubernetes expands `$(NAME)` only of what stands before. `wasInjected`: variables of entries that are gone may be ours.
 */
export function placeEntryEnv(edit: Edit, spec: Path, entries: readonly Pick<RemoteEntry, 'name'>[], wasInjected: boolean): void {
  const wanted = entries.map(({ name }) => entryVariable(name));
  for (const { at } of appContainers(valueAt(edit.root, spec))) {
    const container = [...spec, ...at];
    if (wasInjected) removeStale(edit, container, wanted);
    for (const variable of missingEnv(valueAt(edit.root, container), wanted).toReversed()) {
      edit.insert([...container, 'env'], 0, { ...variable });
    }
  }
}

function removeStale(edit: Edit, container: Path, wanted: readonly Variable[]): void {
  const env = listAt(edit.root, ...container, 'env');
  for (const [index, variable] of [...env.entries()].toReversed()) {
    const [name, value] = [textAt(variable, 'name'), textAt(variable, 'value')];
    const written = entryVariable(value.slice(value.lastIndexOf('/') + 1));
    const isOurs = name === written.name && value === written.value;
    if (isOurs && !wanted.some((each) => each.name === name)) edit.remove([...container, 'env', index]);
  }
}
