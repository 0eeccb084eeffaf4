import type { Settings } from '../settings/settings.ts';
import { appContainers } from './app-containers.ts';
import { missingEnv } from './bind-address.ts';
import { type Edit, removeFrom } from './edit.ts';
import { servedPorts } from './ours.ts';
import { type Declared, declaredPorts } from './port.ts';
import { listAt, type Path, sameJson, textAt, valueAt } from './raw.ts';
import { type Additions, addedNow } from './record.ts';

type Serving = readonly Pick<Declared, 'at' | 'number'>[];

/** Which of the ports a container is known by. */
interface Known {
  /** The first that it alone declares, or declares first. */
  own(at: Path): number | undefined;
  /** That, else the first that it declares at all. */
  any(at: Path): number | undefined;
}

/** Read once: whoever writes a pod writes containers and ports, and their product would hold the webhook for minutes. */
function knownBy(spec: unknown, ports: readonly number[]): Known {
  const places = new Map<number, string>();
  for (const { number, at } of declaredPorts(spec)) if (!places.has(number)) places.set(number, at.join());
  const own = (at: Path) => ports.find((port) => places.get(port) === at.join());
  return {
    own,
    any(at) {
      const declared = listAt(spec, ...at, 'ports').map((each) => valueAt(each, ['containerPort']));
      return own(at) ?? ports.find((port) => declared.includes(port));
    },
  };
}

/**
 * What the record calls a variable of the container that serves the port, as containers' names change. By its name alone
 * where that is the first port, as it was before there could be others.
 */
function recordedName(variable: string, port: number, [first]: readonly number[]): string {
  return port === first ? variable : `${port}/${variable}`;
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
  const [then, now] = [knownBy(spec, earlier), knownBy(spec, captured)];
  const isRenumbered = declaredPorts(spec).every(({ number }) => number !== earlier[0]);
  return serving.flatMap(({ at, number }, index) => {
    const [portThen, port = number] = [then.any(at), now.any(at)];
    const nameThen = (name: string): string => {
      if (portThen !== undefined) return recordedName(name, portThen, earlier);
      // Its port may have become another one since.
      return index === 0 && isRenumbered ? name : '';
    };
    const added = names.filter((name) => before.includes(nameThen(name)));
    return addedNow(listAt(spec, ...at, 'env'), names, added).map((name) => recordedName(name, port, captured));
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

/**
 * Takes back what is on record as added to containers which serve no more: an app that is left at loopback by itself would
 * be reached by nobody. A value that was edited since stays.
 */
export function withdrawBindEnv(
  edit: Edit,
  spec: Path,
  { serving, captured }: { readonly serving: Serving; readonly captured: readonly number[] },
  wanted: Settings['bindEnv'],
  recorded: Additions['env'],
): void {
  const earlier = servedPorts(valueAt(edit.root, spec));
  const then = knownBy(valueAt(edit.root, spec), earlier);
  const done = new Set([...captured, ...serving.map(({ at }) => then.own(at))]);
  for (const { at } of appContainers(valueAt(edit.root, spec))) {
    const port = then.any(at);
    if (port === undefined || done.has(port) || serving.some((each) => sameJson(each.at, at))) continue;
    const ours = wanted.filter(({ name }) => recorded.includes(recordedName(name, port, earlier)));
    const env = [...spec, ...at, 'env'];
    const found = removeFrom(edit, env, (variable) =>
      ours.some(({ name, value }) => textAt(variable, 'name') === name && valueAt(variable, ['value']) === value),
    );
    // Another one that declares the same port was given nothing.
    if (found) done.add(port);
  }
}
