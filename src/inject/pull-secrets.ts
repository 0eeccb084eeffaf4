import type { Edit } from './edit.ts';
import { listAt, type Path, textAt } from './raw.ts';

/**
 * Appends the Secrets that our image is pulled with, where the pod does not name them. Only to pods, never to a
 * template: by the time a webhook sees a pod it has its service account's Secrets, which Kubernetes gives only to pods
 * that name none themselves.
 */
export function placePullSecrets(edit: Edit, spec: Path, names: readonly string[]): void {
  const path = [...spec, 'imagePullSecrets'];
  for (const name of names) {
    const present = listAt(edit.root, ...path).map((each) => textAt(each, 'name'));
    if (!present.includes(name)) edit.insert(path, Number.POSITIVE_INFINITY, { name });
  }
}
