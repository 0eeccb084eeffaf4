import type { Issue } from '../lib/issue.ts';
import { listAt, type Path, valueAt } from './raw.ts';

const CONTAINER_LISTS = ['containers', 'initContainers'];
const LISTS = [...CONTAINER_LISTS, 'volumes', 'imagePullSecrets'];

/**
 * Where something that we may edit is not of the type that Kubernetes gives it. An apiserver never sends such an object;
 * a file may hold one.
 */
export function malformed(object: unknown, template: Path | undefined): Issue[] {
  const pod = template ?? [];
  const objects: Path[] = [['metadata'], ['metadata', 'annotations'], ...pod.map((_, index) => pod.slice(0, index + 1))];
  objects.push(...['annotations', 'labels'].map((map) => [...pod, 'metadata', map]), [...pod, 'metadata'], [...pod, 'spec']);
  const lists: Path[] = LISTS.map((name) => [...pod, 'spec', name]);
  for (const list of [...lists]) {
    listAt(object, ...list).forEach((_, index) => {
      objects.push([...list, index]);
      if (CONTAINER_LISTS.includes(String(list.at(-1)))) lists.push([...list, index, 'env'], [...list, index, 'ports']);
    });
  }
  const wrongObject = objects.filter((path) => !isAbsentOr(object, path, (value) => typeof value === 'object' && !Array.isArray(value)));
  const wrongList = lists.filter((path) => !isAbsentOr(object, path, Array.isArray));
  return [...wrongObject.map((path) => issue(path, 'an object')), ...wrongList.map((path) => issue(path, 'a list'))];
}

function isAbsentOr(object: unknown, path: Path, is: (value: unknown) => boolean): boolean {
  const value = valueAt(object, path);
  // An element of a list has to be there; null instead of a map or list means that there is none.
  return value === undefined || (value === null && typeof path.at(-1) === 'string') || (value !== null && is(value));
}

function issue(path: Path, type: string): Issue {
  return { code: 'MALFORMED', path, message: `has to be ${type}` };
}
