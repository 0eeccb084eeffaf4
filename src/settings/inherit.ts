import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { didYouMean } from '../lib/suggest.ts';
import { ownAnnotations } from './own-annotations.ts';
import { KEYS, keysWith } from './table.ts';

type Annotations = Readonly<Record<string, string>>;

export interface Inherited {
  /** Those under our prefix that are in force for the pod. */
  readonly annotations: Record<string, string>;
  readonly issues: readonly Issue[];
  readonly warnings: readonly Issue[];
}

/** These come together, from the level that sets `redis` (contract §5): one level's password is not for another's server. */
const REDIS_GROUP: readonly string[] = keysWith('fromCluster');
const FROM_NAMESPACE: readonly string[] = keysWith('fromNamespace');

const isKnown = (key: string): boolean => (KEYS as readonly string[]).includes(key);

/**
 * What is in force for a pod: its own annotations, then the namespace's
 * (`redis` and what belongs to it, `identity`, `mode`), then the cluster's
 * default Redis.
 */
export function inherit(own: Annotations, namespace: Annotations, cluster: Annotations): Inherited {
  const levels = [
    { name: 'this object', annotations: ownAnnotations(own) },
    { name: 'the namespace', annotations: ownAnnotations(namespace) },
    { name: "the cluster's defaults", annotations: ownAnnotations(cluster) },
  ];
  const has = (annotations: Annotations, key: string) => Object.hasOwn(annotations, PREFIX + key);
  const issues: Issue[] = [];
  const taken = new Map(Object.entries(levels[0]?.annotations ?? {}));

  const source = levels.findIndex(({ annotations }) => has(annotations, 'redis'));
  for (const [index, { name, annotations }] of levels.entries()) {
    if (source === -1 || index >= source) break;
    for (const key of REDIS_GROUP.filter((candidate) => has(annotations, candidate))) {
      issues.push({
        code: 'REDIS_GROUP_SPLIT',
        path: [key],
        message: `set on ${name}, while redis comes from ${levels[source]?.name}: ${REDIS_GROUP.join(', ')} are taken together from the level that sets redis; set ${PREFIX}redis on ${name} too, or take ${PREFIX}${key} away from it`,
      });
    }
  }
  // What was refused above does not go along with another level's Redis.
  if (source > 0) for (const key of REDIS_GROUP) taken.delete(PREFIX + key);
  const giving = levels[source === -1 ? 0 : source]?.annotations ?? {};
  for (const key of REDIS_GROUP) if (source > 0 && has(giving, key)) taken.set(PREFIX + key, giving[PREFIX + key] ?? '');
  const fromNamespace = levels[1]?.annotations ?? {};
  for (const key of FROM_NAMESPACE.filter((candidate) => !REDIS_GROUP.includes(candidate))) {
    if (!taken.has(PREFIX + key) && has(fromNamespace, key)) taken.set(PREFIX + key, fromNamespace[PREFIX + key] ?? '');
  }

  const warnings: Issue[] = Object.keys(fromNamespace)
    .map((key) => key.slice(PREFIX.length))
    .filter((key) => !FROM_NAMESPACE.includes(key))
    .map((key) => ({
      code: 'IGNORED_ON_NAMESPACE',
      path: [key],
      message: `set on the namespace, where it has no effect; ${isKnown(key) ? `a namespace gives ${FROM_NAMESPACE.join(', ')}` : didYouMean(key, FROM_NAMESPACE)}`,
    }));
  if (source === -1) {
    for (const { name, annotations } of levels.slice(1)) {
      for (const key of REDIS_GROUP.filter((candidate) => has(annotations, candidate))) {
        warnings.push({ code: 'REDIS_MISSING', path: [key], message: `set on ${name} without redis beside it, so that it has no effect` });
      }
    }
  }
  return { annotations: Object.fromEntries(taken), issues, warnings };
}
