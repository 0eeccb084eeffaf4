import { describe, expect, it } from 'vitest';
import { isReady, podsOf, readyPods, sidecarOf } from '../e2e/cluster.ts';
import { SYSTEM, startWebhook, stopWebhook, WEBHOOK } from '../e2e/install.ts';
import { apply, kubectl, listObjects, tryKubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { inNode, nodeName, reboot } from '../e2e/node.ts';
import { deployment } from '../e2e/objects.ts';
import { until } from '../e2e/until.ts';
import { readyWebhookPods, webhookPods } from '../e2e/webhook-pods.ts';
import { untilWell, whileCreating } from './toll.ts';

const namespace = 'e2e-23';
const SCHEDULER = 'kube-scheduler';
/** A whole control plane comes up, on a machine that may have other things to do. */
const PATIENT = { timeoutMs: 420_000, everyMs: 1000 };

describe('a reboot of the only node', () => {
  useNamespaces({ [namespace]: {} });

  it('[e2e:reboot] with the webhook itself pending: the cluster comes up by itself, and injects what waited', async () => {
    await apply(deployment({ name: 'before', namespace, server: 'python', template: { inject: 'true' } }));
    await readyPods(namespace, 'before');
    const node = await nodeName();
    await stopWebhook();
    // A scheduler that stands still places nothing. Nobody has to set it going again: it does not outlive the reboot,
    // and where that never comes the kubelet replaces it, as it does not answer.
    await inNode(node, `kill -STOP $(pidof ${SCHEDULER})`);
    await kubectl(['scale', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--replicas=2']);
    await until('two pending replicas', async () => (await phases()).join() === 'Pending,Pending');
    await apply(
      deployment({ name: 'waits', namespace, server: 'python', template: { inject: 'true' } }),
      deployment({ name: 'plain', namespace }),
    );
    expect(await phases()).toEqual(['Pending', 'Pending']);
    await reboot(node);

    // From here on this test looks on, and does nothing.
    await until('the apiserver', async () => (await tryKubectl(['get', '--raw', '/readyz'])).code === 0, PATIENT);
    await until('the pods of the control plane and both replicas to be ready', isUp, PATIENT);
    await until(
      'the workloads',
      async () => (await Promise.all(['before', 'waits', 'plain'].map((app) => readyPods(namespace, app)))) && true,
      PATIENT,
    );
    for (const app of ['before', 'waits']) expect((await podsOf(namespace, app)).map(sidecarOf), app).toEqual([expect.anything()]);
    expect((await podsOf(namespace, 'plain')).map(sidecarOf)).toEqual([undefined]);
    await startWebhook();
    await whileCreating(namespace, untilWell);
  });
});

async function phases(): Promise<string[]> {
  return (await webhookPods()).map(({ status }) => status.phase);
}

/** The replicas' readiness is news in any case, as they had never run: what the rest says is of after the reboot, too. */
async function isUp(): Promise<boolean> {
  const away = (await listObjects(['pods', '-n', 'kube-system'])).filter((pod) => !isReady(pod));
  if (away.length > 0) throw new Error(`not ready: ${away.map(({ metadata }) => metadata.name).join(', ')}`);
  return (await readyWebhookPods()).length === 2;
}
