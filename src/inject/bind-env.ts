import type { Settings } from '../settings/settings.ts';
import { missingEnv } from './bind-address.ts';
import type { Edit } from './edit.ts';
import type { Declared } from './port.ts';
import { listAt, type Path, valueAt } from './raw.ts';
import { type Additions, addedNow } from './record.ts';

type Serving = readonly Pick<Declared, 'container' | 'at'>[];

/** What the record calls a variable: by its name alone in the first server's container, as before there could be others. */
export function recordedName(variable: string, container: string, { isFirst }: { readonly isFirst: boolean }): string {
  return isFirst ? variable : `${container}/${variable}`;
}

/** The record of the variables of `bind-env` that injection adds now, or added earlier. */
export function boundNow(spec: unknown, serving: Serving, wanted: Settings['bindEnv'], before: Additions['env']): Additions['env'] {
  return serving.flatMap(({ container, at }, index) => {
    const recordedAs = (variable: string) => recordedName(variable, container, { isFirst: index === 0 });
    const names = wanted.map(({ name }) => name);
    const added = names.filter((name) => before.includes(recordedAs(name)));
    return addedNow(listAt(spec, ...at, 'env'), names, added).map(recordedAs);
  });
}

/** Sets the variables of `bind-env` in each container that serves, where it does not set them itself. */
export function placeBindEnv(edit: Edit, spec: Path, serving: Serving, wanted: Settings['bindEnv']): void {
  for (const { at } of serving) {
    const app = [...spec, ...at];
    for (const { name, value } of missingEnv(valueAt(edit.root, app), wanted))
      edit.insert([...app, 'env'], Number.POSITIVE_INFINITY, { name, value });
  }
}
