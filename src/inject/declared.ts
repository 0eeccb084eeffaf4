import { listAt, objectAt, type Path, textAt, valueAt } from './raw.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Annotations that a user's own manifest declares in the template, told by `kubectl apply`'s record of it or by the
 * fields that a server-side apply owns. Moving an annotation from the metadata into the template leaves the value that
 * we had written there: without this, it would be withdrawn, and the sidecar with it.
 */
export function declaredInTemplate(object: unknown, template: Path): ReadonlySet<string> {
  const path = [...template, 'metadata', 'annotations'];
  const found = new Set(Object.keys(objectAt(lastApplied(object), ...path)));
  for (const entry of listAt(object, 'metadata', 'managedFields')) {
    if (textAt(entry, 'operation') !== 'Apply') continue;
    const fields = objectAt(entry, 'fieldsV1', ...path.map((step) => `f:${step}`));
    for (const field of Object.keys(fields)) found.add(field.replace(/^f:/, ''));
  }
  return found;
}

function lastApplied(object: unknown): unknown {
  const text = valueAt(object, ['metadata', 'annotations', LAST_APPLIED]);
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
