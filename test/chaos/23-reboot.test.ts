import { describe, expect, it } from 'vitest';
import { isReady, podsOf, readyPods, sidecarOf } from '../e2e/cluster.ts';
import { startWebhook, stopWebhook } from '../e2e/install.ts';
import { apply, kubectl, listObjects, tryKubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { nodeName, reboot } from '../e2e/node.ts';
import { deployment } from '../e2e/objects.ts';
import { until } from '../e2e/until.ts';
import { webhookPods } from '../e2e/webhook-pods.ts';

const namespace = 'e2e-23';

describe('a reboot of the only node', () => {
  useNamespaces({ [namespace]: {} });

  it('[e2e:reboot] with the webhook itself pending: the cluster comes up by itself, and injects what waited', async () => {
    await apply(deployment({ name: 'before', namespace, server: 'python', template: { inject: 'true' } }));
    await readyPods(namespace, 'before');
    const node = await nodeName();
    // Both replicas are to be scheduled anew, by a scheduler that comes up after the reboot.
    await stopWebhook();
    await kubectl(['cordon', node]);
    await kubectl(['scale', 'deployment/mcp-sluice-webhook', '-n', 'mcp-sluice-system', '--replicas=2']);
    await until('two pending replicas', async () => {
      const pods = await webhookPods();
      return pods.length === 2 && pods.every(({ status }) => status.phase === 'Pending');
    });
    await apply(
      deployment({ name: 'waits', namespace, server: 'python', template: { inject: 'true' } }),
      deployment({ name: 'plain', namespace }),
    );
    await reboot(node);
    await until('the apiserver', async () => (await tryKubectl(['get', '--raw', '/readyz'])).code === 0, { timeoutMs: 180_000 });
    await kubectl(['uncordon', node]);

    await until(
      'all pods of the cluster to be ready',
      async () => {
        const pods = await listObjects(['pods', '-A']);
        const away = pods.filter((pod) => /^(kube-system|mcp-sluice-system)$/.test(pod.metadata.namespace) && !isReady(pod));
        return away.length === 0 && (await webhookPods()).length === 2;
      },
      { timeoutMs: 180_000, everyMs: 1000 },
    );
    for (const app of ['before', 'waits']) expect(sidecarOf((await readyPods(namespace, app))[0])).toBeDefined();
    await readyPods(namespace, 'plain');
    expect(sidecarOf((await podsOf(namespace, 'plain'))[0])).toBeUndefined();
    await startWebhook();
  });
});
