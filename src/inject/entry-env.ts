import { ENTRIES_PORT } from '../lib/ports.ts';
import type { RemoteEntry } from '../settings/settings.ts';
import { appContainers } from './app-containers.ts';
import { missingEnv } from './bind-address.ts';
import type { Edit } from './edit.ts';
import { listAt, type Path, textAt, valueAt } from './raw.ts';
import type { Additions } from './record.ts';

interface Variable {
  readonly name: string;
  readonly value: string;
}

/** Where the app finds the entry. An entry's name has no `_`, so that two never share a variable. */
export function entryVariable(entry: string): Variable {
  return { name: `MCP_ENTRY_${entry.toUpperCase().replaceAll('-', '_')}_URL`, value: `http://127.0.0.1:${ENTRIES_PORT}/${entry}` };
}

/** Whether a variable of a container is one that an earlier injection gave it, and unchanged since. */
export type IsGiven = (container: string, variable: unknown) => boolean;

/** By the record of an earlier injection. A container that is on record and gone was renamed: what it had may be in any other. */
export function givenBefore(spec: unknown, record: Additions['entryEnv']): IsGiven {
  const names = appContainers(spec).map(({ name }) => name);
  const variablesOf = (entries: string) => entries.split(' ').map(entryVariable);
  const renamed = Object.entries(record).flatMap(([name, entries]) => (names.includes(name) ? [] : variablesOf(entries)));
  return (container, variable) => {
    const given = Object.hasOwn(record, container) ? variablesOf(record[container] ?? '') : renamed;
    return given.some(({ name, value }) => textAt(variable, 'name') === name && textAt(variable, 'value') === value);
  };
}

/**
 * Tells every container of the app where its entries are, never over a name that it sets itself. First in the list, as
 * Kubernetes expands `$(NAME)` only of what stands before. Takes back what it told of entries that are gone. The record
 * of what is told now.
 */
export function placeEntryEnv(
  edit: Edit,
  spec: Path,
  entries: readonly Pick<RemoteEntry, 'name'>[],
  isGiven: IsGiven,
): Additions['entryEnv'] {
  const wanted = entries.map((entry) => ({ entry: entry.name, ...entryVariable(entry.name) }));
  const told = appContainers(valueAt(edit.root, spec)).map(({ name: container, at }) => {
    const env = [...spec, ...at, 'env'];
    const kept = removeStale(edit, env, wanted, (variable) => isGiven(container, variable));
    const missing = missingEnv(valueAt(edit.root, [...spec, ...at]), wanted);
    for (const { name, value } of missing.toReversed()) edit.insert(env, 0, { name, value });
    const ours = wanted.filter((each) => missing.includes(each) || kept.includes(each.name));
    return [container, ours.map(({ entry }) => entry).join(' ')] as const;
  });
  return Object.fromEntries(told.filter(([, names]) => names !== ''));
}

/** Names of the variables that were given and stay. */
function removeStale(edit: Edit, env: Path, wanted: readonly Variable[], isGiven: (variable: unknown) => boolean): string[] {
  const given = [...listAt(edit.root, ...env).entries()].filter(([, variable]) => isGiven(variable));
  const isWanted = (variable: unknown) => wanted.some(({ name }) => name === textAt(variable, 'name'));
  for (const [index, variable] of given.toReversed()) {
    if (!isWanted(variable)) edit.remove([...env, index]);
  }
  return given.map(([, variable]) => textAt(variable, 'name')).filter((name) => wanted.some((each) => each.name === name));
}
