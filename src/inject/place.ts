import { captureContainer, type Plan, sidecarContainer } from './container.ts';
import type { Edit } from './edit.ts';
import { CAPTURE, SIDECAR } from './names.ts';
import { initIndex } from './ours.ts';
import { listAt, objectAt, type Path, type Raw, textAt, valueAt } from './raw.ts';

/** Puts our containers into the pod: first in the list, or in place of their predecessors, which keep their position. */
export function placeContainers(edit: Edit, spec: Path, plan: Plan): void {
  place(edit, spec, sidecarContainer(plan), 0);
  const after = initIndex(valueAt(edit.root, spec), SIDECAR) + 1;
  const stale = initIndex(valueAt(edit.root, spec), CAPTURE);
  if (plan.server?.capture === 'redirect') place(edit, spec, captureContainer(plan, plan.server.ports), after);
  else if (stale !== -1) edit.remove([...spec, 'initContainers', stale]);
}

function place(edit: Edit, spec: Path, container: Raw, position: number): void {
  const path = [...spec, 'initContainers'];
  const index = initIndex(valueAt(edit.root, spec), textAt(container, 'name'));
  if (index === -1) {
    edit.insert(path, position, container);
    return;
  }
  const before = listAt(edit.root, ...path)[index];
  edit.set([...path, index], { ...container, resources: keepForeign(objectAt(before, 'resources'), objectAt(container, 'resources')) });
}

/** A LimitRanger's additions to our container stay: without them a quota would refuse the pod. */
function keepForeign(before: Raw, ours: Raw): Raw {
  const kinds = ['requests', 'limits'].map((kind) => [kind, { ...objectAt(before, kind), ...objectAt(ours, kind) }] as const);
  return { ...ours, ...Object.fromEntries(kinds.filter(([, entries]) => Object.keys(entries).length > 0)) };
}
