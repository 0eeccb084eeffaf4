import { sameJson } from '../inject/raw.ts';

/** What injection may find missing, null or empty, which is all the same to Kubernetes, and what it leaves so when it is undone. */
const MAY_BE_EMPTY: readonly string[] = ['metadata', 'annotations', 'labels', 'env', 'initContainers', 'volumes'];

/** Whether two objects say the same, where a list or map that injection fills may be empty, null or missing. */
export function sameManifest(a: unknown, b: unknown): boolean {
  return sameJson(withoutEmpty(a), withoutEmpty(b));
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, each]) => [key, withoutEmpty(each)] as const);
  return Object.fromEntries(members.filter(([key, each]) => !(MAY_BE_EMPTY.includes(key) && isEmpty(each))));
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}
