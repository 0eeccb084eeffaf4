import type { Facts } from '../../../src/inject/facts.ts';
import { PREFIX } from '../../../src/lib/prefix.ts';
import { IMAGE, NOW_MS } from './golden-file.ts';

export const facts: Facts = {
  image: IMAGE,
  allowedImages: [IMAGE],
  namespace: { name: 'tools', annotations: {}, labels: {} },
  defaults: { [`${PREFIX}redis`]: 'redis://redis.cluster:6379' },
  configMap: () => 'unknown',
  nowMs: NOW_MS,
};

export const restricted: Facts = {
  ...facts,
  namespace: { ...facts.namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
};

export interface SamplePod {
  metadata: { name: string; annotations: Record<string, string>; [key: string]: unknown };
  spec: { containers: SampleContainer[]; initContainers?: SampleContainer[]; volumes?: { name: string }[]; [key: string]: unknown };
  [key: string]: unknown;
}
interface SampleContainer {
  name: string;
  image?: string;
  [key: string]: unknown;
}

/** A pod with something of everything: init containers, native sidecars, volumes, several containers. */
export function samplePod(annotations: Record<string, string> = {}): SamplePod {
  const ours = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [PREFIX + key, value]));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'everything', labels: { app: 'x' }, annotations: { team: 'tools', [`${PREFIX}inject`]: 'true', ...ours } },
    spec: {
      initContainers: [
        { name: 'migrate', image: 'example.com/migrate:1' },
        { name: 'logs', image: 'example.com/logs:1', restartPolicy: 'Always' },
      ],
      containers: [
        { name: 'app', image: 'example.com/app:1', ports: [{ containerPort: 3000 }], env: [{ name: 'A', value: 'b' }] },
        { name: 'helper', image: 'example.com/helper:1' },
      ],
      volumes: [{ name: 'data' }],
    },
  };
}
