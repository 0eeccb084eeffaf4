import { admit } from '../../src/inject/admit.ts';
import { applyPatch } from '../../src/inject/apply-patch.ts';
import type { KubeObject } from './kubectl.ts';

interface Named {
  readonly namespace: string;
  readonly name: string;
}

const INJECT: Readonly<Record<string, string>> = { 'mcp-sluice.dev/inject': 'true' };
const CONTAINER = { name: 'app', image: 'none.test/none:1', ports: [{ containerPort: 8080 }] };

/** A pod that no scheduler takes, so that nothing of it ever runs. */
export function annotated(named: Named, annotations: Readonly<Record<string, string>> = INJECT): KubeObject {
  const spec = { schedulerName: 'nobody', containers: [CONTAINER] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...named, annotations }, spec };
}

/** The same as the webhook would have made it. */
export function injectedPod({
  image,
  capture = 'takeover',
  ...named
}: Named & { image: string; capture?: 'takeover' | 'redirect' | 'none' }): KubeObject {
  const entries = capture === 'none' ? { 'mcp-sluice.dev/remote-entries': '[{name: a, url: https://a.example}]' } : {};
  const object = annotated(named, { ...INJECT, 'mcp-sluice.dev/capture': capture, ...entries });
  const admitted = admit(
    { kind: 'Pod', operation: 'CREATE', object },
    {
      ...{ image, allowedImages: [image], defaults: {}, configMap: () => 'unknown', nowMs: Date.now() },
      namespace: { name: named.namespace, labels: {}, annotations: {} },
    },
  );
  if (admitted.outcome !== 'injected') throw new Error(`not injected: ${JSON.stringify(admitted.issues)}`);
  return applyPatch(object, admitted.patch);
}

/** A workload of any kind with annotations on its metadata and on its pod template. */
export function workload(kind: string, named: Named, metadata: object, template: object): KubeObject {
  const isBatch = kind === 'Job' || kind === 'CronJob';
  const labels = { app: named.name };
  const spec = { schedulerName: 'nobody', restartPolicy: isBatch ? 'Never' : 'Always', containers: [CONTAINER] };
  const pods = { template: { metadata: { labels, annotations: template }, spec } };
  const specs: Readonly<Record<string, object>> = {
    Job: pods,
    CronJob: { schedule: '0 0 31 12 *', suspend: true, jobTemplate: { spec: pods } },
    StatefulSet: { ...pods, selector: { matchLabels: labels }, serviceName: named.name, replicas: 0 },
    DaemonSet: { ...pods, selector: { matchLabels: labels } },
  };
  return {
    apiVersion: isBatch ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { ...named, annotations: metadata },
    spec: specs[kind] ?? { ...pods, selector: { matchLabels: labels }, replicas: 0 },
  };
}

/** As if another object made and kept it. */
export function controlled(object: KubeObject): KubeObject {
  const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'keeper', uid: 'f00d', controller: true };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [reference] } };
}
