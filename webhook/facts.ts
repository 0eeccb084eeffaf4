import type { Facts, Owner } from '../src/inject/admit.ts';
import { controllerOf } from '../src/inject/owner.ts';
import { type KubeApi, KubeError, type KubeObject, kubePaths } from './kube-api.ts';
import { createLastKnown } from './last-known.ts';
import { createSharedReads } from './shared-reads.ts';

export type ConfigMapFound = ReturnType<Facts['configMap']>;

/** What a judgement needs to know besides the object: from an apiserver, or from files (`--standalone`). */
export interface FactsSource {
  /** @throws when it cannot be found out: no judgement is possible without it. */
  namespace(name: string): Promise<Facts['namespace']>;
  configMap(namespace: string, name: string): Promise<ConfigMapFound>;
  /** The controller of a Job, a CronJob as a rule. */
  ownerOfJob(namespace: string, name: string): Promise<Owner | undefined>;
}

/** A rollout asks the same of its namespace for every pod: shared while in flight and for a second after. */
const MAX_AGE_MS = 1000;
/** Of a namespace, where it cannot be read: a pod with its defaults of a minute ago is better than one refused. */
const LAST_KNOWN = { maxAgeMs: 60_000, maxCount: 1000, maxChars: 16_384 };

export function createClusterFacts(api: KubeApi, clock: () => number): FactsSource {
  const read = createSharedReads((path) => api.read(path), { maxAgeMs: MAX_AGE_MS, clock });
  const namespaceOf = createLastKnown(
    async (name) => {
      const found = await read(kubePaths.namespace(name));
      return found && { name, labels: found.metadata?.labels ?? {}, annotations: found.metadata?.annotations ?? {} };
    },
    { ...LAST_KNOWN, clock },
  );
  return {
    async namespace(name) {
      const found = await namespaceOf(name);
      if (found === undefined) throw new KubeError(404, `namespace ${name} does not exist`);
      return found;
    },
    async configMap(namespace, name) {
      try {
        const found = await read(kubePaths.configMap(namespace, name));
        return found === undefined ? 'missing' : dataOfConfigMap(found);
      } catch (error) {
        // An administrator may have taken this right from us; what we cannot see we do not judge.
        if (error instanceof KubeError && error.status === 403) return 'unreadable';
        throw error;
      }
    },
    async ownerOfJob(namespace, name) {
      const job = await read(kubePaths.job(namespace, name));
      return job && controllerOf(job);
    },
  };
}

/** `data`, and `binaryData` decoded byte by byte: the kubelet mounts both. */
export function dataOfConfigMap(object: KubeObject): Readonly<Record<string, string>> {
  const { data = {}, binaryData = {} } = object as { data?: Record<string, string>; binaryData?: Record<string, string> };
  const decoded = Object.entries(binaryData).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('latin1')]);
  return { ...data, ...Object.fromEntries(decoded) };
}
