import type { Settings } from '../settings/settings.ts';
import { missingEnv } from './bind-address.ts';
import type { Edit } from './edit.ts';
import { servedPorts } from './ours.ts';
import type { Declared } from './port.ts';
import { listAt, type Path, valueAt } from './raw.ts';
import { type Additions, addedNow } from './record.ts';

type Serving = readonly Pick<Declared, 'at'>[];

/**
 * What the record calls a variable of a container, of which the port tells: names change. By its name alone where that is
 * the first port, as it was before there could be others; undefined in a container that serves none of them.
 */
export function recordedName(variable: string, container: unknown, served: readonly number[]): string | undefined {
  const declared = listAt(container, 'ports').map((each) => valueAt(each, ['containerPort']));
  const port = served.find((each) => declared.includes(each));
  if (port === undefined) return undefined;
  return port === served[0] ? variable : `${port}/${variable}`;
}

/** The record of the variables of `bind-env` that injection adds now, or added earlier. */
export function boundNow(
  spec: unknown,
  { serving, captured }: { readonly serving: Serving; readonly captured: readonly number[] },
  wanted: Settings['bindEnv'],
  before: Additions['env'],
): Additions['env'] {
  const names = wanted.map(({ name }) => name);
  const earlier = servedPorts(spec);
  return serving.flatMap(({ at }, index) => {
    const container = valueAt(spec, at);
    // Its port may have become another one since.
    const nameThen = (name: string) => recordedName(name, container, earlier) ?? (index === 0 ? name : '');
    const added = names.filter((name) => before.includes(nameThen(name)));
    return addedNow(listAt(container, 'env'), names, added).map((name) => recordedName(name, container, captured) ?? name);
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
