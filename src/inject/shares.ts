import type { Issue } from '../lib/issue.ts';
import { parseSettings } from '../settings/annotations.ts';
import { inherit } from '../settings/inherit.ts';
import type { Bucket, Limit, RateLimit } from '../settings/settings.ts';
import type { Facts } from './facts.ts';
import { type Path, textsAt, valueAt } from './raw.ts';
import { configured } from './stamp.ts';

/** Kinds whose `spec.replicas` says how many pods there are; an autoscaler may say otherwise later. */
const COUNTED = ['Deployment', 'StatefulSet', 'ReplicaSet'];

/**
 * Warns of limits that are less than one call for each replica: with
 * `on-redis-failure: local` each lets one pass all the same (contract §9.9).
 */
export function judgeShares(kind: string, root: unknown, template: Path, facts: Facts): readonly Issue[] {
  const replicas = COUNTED.includes(kind) ? valueAt(root, ['spec', 'replicas']) : undefined;
  if (typeof replicas !== 'number' || replicas < 2) return [];
  const own = textsAt(root, ...template, 'metadata', 'annotations');
  const { settings } = parseSettings(configured(inherit(own, facts.namespace.annotations, facts.defaults).annotations));
  if (settings?.redis?.onFailure !== 'local') return [];
  const limits = [
    { at: ['rate-limit'], limit: settings.rateLimit },
    ...settings.remoteEntries.map(({ rateLimit }, index) => ({ at: ['remote-entries', index, 'rateLimit'], limit: rateLimit })),
  ];
  return limits.flatMap(({ at, limit }) => (limit === undefined ? [] : judgeLimit(at, limit, replicas)));
}

function judgeLimit(at: Issue['path'], limit: RateLimit, replicas: number): Issue[] {
  return bucketsOf(limit).flatMap(({ path, bucket, cost }) => {
    const together = replicas * cost;
    if (bucket.maxTokens >= together) return [];
    const size = `${bucket.maxTokens}/${bucket.refillPeriod}`;
    const message =
      `${size} is less than one call for each of the ${replicas} replicas: while Redis is away each lets one pass all the same ` +
      `(on-redis-failure: local), which takes up to ${together} tokens at once; the refill stays that of ${size}`;
    return [{ code: 'SHARE_BELOW_ONE', path: [...at, ...path], message }];
  });
}

interface Charged {
  readonly path: readonly string[];
  readonly bucket: Bucket;
  /** What the dearest call takes of it. */
  readonly cost: number;
}

function bucketsOf(limits: RateLimit): readonly Charged[] {
  const dearest = Math.max(1, ...limits.tools.map(({ cost }) => cost));
  return [
    ...both([], { ...limits, cost: dearest }),
    ...limits.tools.flatMap((tool) => both(['tools', tool.pattern], tool)),
    ...limits.methods.flatMap((method) => both(['methods', method.method], method)),
  ];
}

const both = (path: readonly string[], { shared, perClient, cost }: Limit): readonly Charged[] => [
  ...(shared === undefined ? [] : [{ path: [...path, 'shared'], bucket: shared, cost }]),
  ...(perClient === undefined ? [] : [{ path: [...path, 'perClient'], bucket: perClient, cost }]),
];
