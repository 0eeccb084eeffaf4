import type { Facts } from '../../inject/facts.ts';
import { SIDECAR } from '../../inject/names.ts';
import { servedPorts } from '../../inject/ours.ts';
import { readPropagated } from '../../inject/propagate.ts';
import { listAt, type Path, textAt, textsAt, valueAt } from '../../inject/raw.ts';
import { levelOf, readAdditions } from '../../inject/record.ts';
import { configured, shortHash } from '../../inject/stamp.ts';
import { TEMPLATES } from '../../inject/workload.ts';
import { PREFIX } from '../../lib/prefix.ts';
import { inherit } from '../../settings/inherit.ts';
import { KEYS, table } from '../../settings/table.ts';

/** One setting as it is in force. */
export interface Effective {
  readonly key: string;
  readonly value: string;
  /** Where it was written, as words; `default` where nowhere. */
  readonly from: string;
}

interface Levels {
  readonly kind: string;
  readonly object: unknown;
  /** Where the pod or the template is in the object. */
  readonly at: Path;
  readonly facts: Pick<Facts, 'namespace' | 'defaults'>;
  /** What made the pod, where that is known. */
  readonly owner?: { readonly kind: string; readonly object: unknown };
}

/** Every setting in force for the pods of an object, and the level that each value comes from. */
export function effectiveSettings({ kind, object, at, facts, owner }: Levels): Effective[] {
  const inPod = textsAt(object, ...at, 'metadata', 'annotations');
  const onWorkload = at.length === 0 ? {} : configured(textsAt(object, 'metadata', 'annotations'));
  const given = { ...onWorkload, ...configured(inPod) };
  const inForce = configured(inherit(given, facts.namespace.annotations, facts.defaults).annotations);
  const additions = readAdditions(inPod);
  const propagated = readPropagated(object) ?? {};
  const from = (key: string, value: string): string => {
    const level = levelOf(key, value, additions);
    if (level !== undefined) return levelWords(level, facts);
    if (owner !== undefined && Object.hasOwn(inPod, key)) return ownersWords(owner, key, value);
    if (Object.hasOwn(inPod, key) && propagated[key] !== shortHash(value)) return at.length === 0 ? 'the pod' : 'the pod template';
    if (Object.hasOwn(given, key)) return `the ${kind}'s metadata`;
    return levelWords(facts.namespace.annotations[key] === value ? 'namespace' : 'cluster', facts);
  };
  return KEYS.map((key) => {
    const value = inForce[PREFIX + key];
    return value === undefined
      ? { key, value: table[key].fallback.replaceAll('`', ''), from: 'default' }
      : { key, value, from: from(PREFIX + key, value) };
  });
}

function ownersWords({ kind, object }: NonNullable<Levels['owner']>, key: string, value: string): string {
  const template = TEMPLATES.get(kind) ?? [];
  if (textsAt(object, ...template, 'metadata', 'annotations')[key] !== value) return 'the pod alone';
  const isPropagated = readPropagated(object)?.[key] === shortHash(value);
  return `the ${isPropagated ? 'metadata' : 'pod template'} of ${kind} ${textAt(object, 'metadata', 'name')}`;
}

function levelWords(level: 'namespace' | 'cluster', { namespace }: Levels['facts']): string {
  return level === 'namespace' ? `namespace ${namespace.name}` : "the webhook's default";
}

export interface Decided {
  readonly port?: number;
  /** In its place where there are several. */
  readonly ports?: readonly number[];
  readonly capture?: string;
  /** Where the app reaches its remote entries. */
  readonly entries?: string;
}

/** What injection decided, as the sidecar's own arguments have it. */
export function decided(spec: unknown): Decided {
  const sidecar = listAt(spec, 'initContainers').find((each) => textAt(each, 'name') === SIDECAR);
  const argument = (name: string) =>
    listAt(sidecar, 'args').flatMap((each) =>
      typeof each === 'string' && each.startsWith(`--${name}=`) ? [each.slice(name.length + 3)] : [],
    )[0];
  const ports = servedPorts(spec);
  const [capture, entries] = [argument('capture'), argument('entries')];
  return {
    ...(ports.length > 1 ? { ports } : ports[0] !== undefined && { port: ports[0] }),
    ...(capture !== undefined && { capture }),
    ...(entries !== undefined && { entries }),
  };
}

/** True for a pod or template that has our sidecar. */
export function hasSidecar(spec: unknown): boolean {
  return listAt(spec, 'initContainers').some((each) => textAt(each, 'name') === SIDECAR && valueAt(each, ['restartPolicy']) === 'Always');
}
