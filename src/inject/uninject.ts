import { PREFIX } from '../lib/prefix.ts';
import { parseSettings } from '../settings/annotations.ts';
import { appContainers } from './app-containers.ts';
import type { PatchOp } from './apply-patch.ts';
import { withdrawBindEnv } from './bind-env.ts';
import { createEdit, type Edit, removeEmpty, removeFrom } from './edit.ts';
import { givenBefore } from './entry-env.ts';
import { mountedEntryVolumes } from './entry-volumes.ts';
import { isNativeSidecar } from './mesh.ts';
import { CAPTURE, INJECTED_LABEL, PROPAGATED_KEY, SIDECAR, STATUS_KEY, VOLUME } from './names.ts';
import { restoreProbes } from './probes.ts';
import { readPropagated } from './propagate.ts';
import { listAt, type Path, textAt, textsAt, valueAt } from './raw.ts';
import { type Additions, levelOf, readAdditions } from './record.ts';
import { malformed } from './shape.ts';
import { configured, shortHash } from './stamp.ts';
import { TEMPLATES } from './workload.ts';

/**
 * The patch that takes out of an object what injection added to it: containers, volumes, label, stamp, inherited and
 * propagated annotations, variables of `bind-env` and of remote entries; probes ask again what they asked. The user's own
 * annotations stay, and so does a value of ours that was edited since. Lists and maps that are left empty go.
 */
export function uninject(kind: string, object: unknown): readonly PatchOp[] {
  const template = TEMPLATES.get(kind);
  if (kind !== 'Pod' && template === undefined) return [];
  // Nothing that we made is of another type than Kubernetes gives it.
  if (malformed(object, template).length > 0) return [];
  const edit = createEdit(object);
  removeFromPod(edit, template ?? []);
  if (template !== undefined) withdraw(edit, template);
  return edit.patch;
}

function removeFromPod(edit: Edit, at: Path): void {
  const spec = [...at, 'spec'];
  const annotations = [...at, 'metadata', 'annotations'];
  const own = textsAt(edit.root, ...annotations);
  const additions = readAdditions(own);
  removeVariables(edit, spec, additions.env, own);
  removeEntryVariables(edit, spec, additions);
  if (listAt(edit.root, ...spec, 'initContainers').some((each) => textAt(each, 'name') === SIDECAR && isOurs(each))) {
    const names: readonly string[] = [...Object.values(VOLUME), ...mountedEntryVolumes(valueAt(edit.root, spec))];
    restoreProbes(edit, spec);
    removeFrom(edit, [...spec, 'initContainers'], isOurs);
    removeFrom(edit, [...spec, 'volumes'], (volume) => names.includes(textAt(volume, 'name')));
  }
  removeFrom(edit, [...spec, 'imagePullSecrets'], (secret) => additions.pullSecrets.includes(textAt(secret, 'name')));
  const keys = Object.keys(own).filter((key) => key === STATUS_KEY || levelOf(key, own[key] ?? '', additions) !== undefined);
  removeKeys(edit, annotations, keys);
  removeKeys(edit, [...at, 'metadata', 'labels'], [INJECTED_LABEL]);
}

/** Takes back what the workload's own annotations put into its template. */
function withdraw(edit: Edit, template: Path): void {
  const record = readPropagated(edit.root);
  if (record === undefined) return;
  const annotations = [...template, 'metadata', 'annotations'];
  const inTemplate = Object.entries(configured(textsAt(edit.root, ...annotations)));
  removeKeys(
    edit,
    annotations,
    inTemplate.filter(([key, value]) => record[key] === shortHash(value)).map(([key]) => key),
  );
  removeKeys(edit, ['metadata', 'annotations'], [PROPAGATED_KEY]);
}

/** A user's own container may have our name in a file: ours is native, or told to be what it is. */
function isOurs(container: unknown): boolean {
  const [name, [command]] = [textAt(container, 'name'), listAt(container, 'args')];
  if (name === CAPTURE) return command === 'capture' || listAt(container, 'args').length === 0;
  return name === SIDECAR && (command === 'sidecar' || isNativeSidecar(container));
}

function removeVariables(edit: Edit, spec: Path, names: readonly string[], own: Readonly<Record<string, string>>): void {
  const key = `${PREFIX}bind-env`;
  const wanted = parseSettings(own[key] === undefined ? {} : { [key]: own[key] }).settings?.bindEnv ?? [];
  withdrawBindEnv(edit, spec, { serving: [], captured: [] }, wanted, names);
}

function removeEntryVariables(edit: Edit, spec: Path, { entryEnv }: Additions): void {
  const isGiven = givenBefore(valueAt(edit.root, spec), entryEnv);
  for (const { name, at } of appContainers(valueAt(edit.root, spec)))
    removeFrom(edit, [...spec, ...at, 'env'], (variable) => isGiven(name, variable));
}

function removeKeys(edit: Edit, map: Path, keys: readonly string[]): void {
  const present = keys.filter((key) => valueAt(edit.root, [...map, key]) !== undefined);
  for (const key of present) edit.remove([...map, key]);
  if (present.length === 0) return;
  removeEmpty(edit, map);
  removeEmpty(edit, map.slice(0, -1));
}
