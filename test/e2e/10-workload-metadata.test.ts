import { describe, expect, it } from 'vitest';
import { hostUrl, readyPods, sidecarOf } from './cluster.ts';
import { startWebhook, stopWebhook } from './install.ts';
import { apply, getObject, type KubeObject, kubectl, listObjects, tryApply } from './kubectl.ts';
import { post, toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, PREFIX, REDIS_URL, redis } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-10';
const options = { name: 'app', namespace, server: 'python', env: { STATELESS: 'true' } } as const;
const metadata = { inject: 'true', redis: REDIS_URL, 'rate-limit': 'shared: 1/1h' };
const replicaSets = (): Promise<KubeObject[]> => listObjects(['replicasets', '-n', namespace, '-l', 'app=app']);
const current = (): Promise<KubeObject> => getObject(['deployment', 'app', '-n', namespace]);
const rolledOut = (): Promise<string> =>
  kubectl(['rollout', 'status', 'deployment/app', '-n', namespace, '--timeout=120s'], { timeoutMs: 130_000 });

describe("annotations on the Deployment's own metadata", () => {
  useNamespaces({ [namespace]: {} });

  it('[e2e:metadata] take effect', async () => {
    await apply(...redis(namespace), deployment({ ...options, metadata }), nodePort(options));
    const [found] = await readyPods(namespace, 'app');
    expect(sidecarOf(found)).toBeDefined();
    const url = await hostUrl(namespace, 'app');
    expect((await post(url, toolCall(1, 'whoami'))).status).toBe(200);
    expect((await post(url, toolCall(2, 'whoami'))).status).toBe(429);
  });

  it('[e2e:metadata-replicasets] make no extra ReplicaSet on kubectl scale, nor on a rollout', async () => {
    const [first, ...extra] = await replicaSets();
    expect(extra).toEqual([]);
    await kubectl(['scale', 'deployment/app', '-n', namespace, '--replicas=2']);
    await readyPods(namespace, 'app', 2);
    expect((await replicaSets()).map((one) => one.metadata.name)).toEqual([first.metadata.name]);

    await kubectl(['rollout', 'restart', 'deployment/app', '-n', namespace]);
    await rolledOut();
    await kubectl(['scale', 'deployment/app', '-n', namespace, '--replicas=1']);
    await readyPods(namespace, 'app');
    expect(await replicaSets()).toHaveLength(2);
    await settled();
    expect(await replicaSets()).toHaveLength(2);
  });

  it('[e2e:metadata-withdrawn] leave the template when they leave the metadata', async () => {
    await kubectl(['annotate', '-n', namespace, 'deployment/app', ...Object.keys(metadata).map((key) => `${PREFIX}${key}-`)]);
    await rolledOut();
    const [found] = await readyPods(namespace, 'app');
    expect(sidecarOf(found)).toBeUndefined();
    const { spec } = await current();
    expect(Object.keys(spec.template.metadata.annotations ?? {}).filter((key) => key.startsWith(PREFIX))).toEqual([]);
  });

  it('[e2e:metadata-webhook-down] are refused while the webhook is down, not run naked', async () => {
    await stopWebhook();
    try {
      const refused = await tryApply(deployment({ ...options, name: 'naked', metadata }));
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toMatch(/mcp-sluice/);
      expect(await listObjects(['deployments', '-n', namespace, '--field-selector', 'metadata.name=naked'])).toEqual([]);
    } finally {
      await startWebhook();
    }
  });
});

/** Until the controller has seen the last generation: a loop of template edits would never let it. */
async function settled(): Promise<void> {
  await until('the Deployment to be settled', async () => {
    const { metadata: found, status } = await current();
    return status.observedGeneration === found.generation && status.updatedReplicas === 1 && status.replicas === 1;
  });
}
