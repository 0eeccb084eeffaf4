import { describe, expect, it } from 'vitest';
import { podsOf, readyPods, sidecarOf } from '../e2e/cluster.ts';
import { SYSTEM, WEBHOOK } from '../e2e/install.ts';
import { apply, getObject, kubectl, listObjects, tryKubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { nodeName } from '../e2e/node.ts';
import { deployment } from '../e2e/objects.ts';
import { until } from '../e2e/until.ts';
import { readyWebhookPods, webhookPods } from '../e2e/webhook-pods.ts';
import { REFUSAL, untilWell, whileCreating } from './toll.ts';

const namespace = 'e2e-26';
const SELECTED = ['--pod-selector', 'app.kubernetes.io/component=webhook'];

describe('a drain of the node that both replicas are on', () => {
  useNamespaces({ [namespace]: {} });

  it('[e2e:drain] by eviction leaves one of them, and so injection', async () => {
    const node = await nodeName();
    const budget = ['poddisruptionbudget', WEBHOOK, '-n', SYSTEM];
    const isAllowed = async () => (await getObject(budget)).status.disruptionsAllowed === 1;
    await until('the budget to allow one disruption', isAllowed, { timeoutMs: 180_000 });
    try {
      const toll = await whileCreating(namespace, async (soFar) => {
        // Long enough for a second attempt, 5 s after the first.
        const drained = await tryKubectl(['drain', node, ...SELECTED, '--timeout=12s']);
        expect(drained.code).not.toBe(0);
        expect(drained.stderr).toMatch(/disruption budget/);
        await untilWell(soFar);
        expect(await readyWebhookPods()).toHaveLength(1);
      });
      // The one that goes may be called for a moment yet; what it does not answer any more is refused, and tried again.
      expect(toll.failures()).toEqual(toll.of('refused'));
      process.stderr.write(`e2e: evicted amid ${toll.total} creations: ${toll.of('refused').length} that asked were refused\n`);
    } finally {
      await kubectl(['uncordon', node]);
    }
    await bothReady();
  });

  it('[e2e:drained] against the budget takes both away: the annotated are refused, others created, none naked; then all heals by itself', async () => {
    const node = await nodeName();
    await bothReady();
    try {
      await kubectl(['drain', node, ...SELECTED, '--disable-eviction', '--timeout=180s'], { timeoutMs: 200_000 });
      const toll = await whileCreating(namespace, async (soFar) => {
        await apply(
          deployment({ name: 'waits', namespace, server: 'python', template: { inject: 'true' } }),
          deployment({ name: 'plain', namespace }),
        );
        await until('the reason, where its owner looks for it', () => refusalOf('waits'), { timeoutMs: 120_000 });
        await until('pods of each kind', async () => soFar().total >= 100);
        expect((await webhookPods()).map(({ status }) => status.phase)).toEqual(['Pending', 'Pending']);
        expect(await podsOf(namespace, 'waits')).toEqual([]);
        expect(await podsOf(namespace, 'plain')).toHaveLength(1);
      });
      // Every other one asks, and not one of those came in: by the policy's clear word, and in no other way.
      expect(toll.failures()).toEqual(toll.of('refused'));
      expect(toll.of('right').filter(([name]) => name.startsWith('asks-'))).toEqual([]);
      expect(toll.of('refused').length).toBeGreaterThanOrEqual(50);
    } finally {
      await kubectl(['uncordon', node]);
    }
    await bothReady();
    // The ReplicaSet's controller tries again at growing intervals of its own.
    const [waited] = await until(
      'the pod that waited',
      async () => {
        const pods = await podsOf(namespace, 'waits');
        return pods.length > 0 && pods;
      },
      { timeoutMs: 400_000, everyMs: 1000 },
    );
    expect(sidecarOf(waited)).toBeDefined();
    await readyPods(namespace, 'waits');
    expect(sidecarOf((await readyPods(namespace, 'plain'))[0])).toBeUndefined();
    await whileCreating(namespace, untilWell);
  });
});

function bothReady(): Promise<unknown> {
  return until('both replicas', async () => (await readyWebhookPods()).length === 2, { timeoutMs: 180_000 });
}

/** What an Event on the app's ReplicaSet says of pods that it could not create. */
async function refusalOf(app: string): Promise<string | undefined> {
  const events = await listObjects(['events', '-n', namespace, '--field-selector', 'reason=FailedCreate']);
  return events
    .filter(({ involvedObject }) => involvedObject.name.startsWith(`${app}-`))
    .map(({ message }) => message as string)
    .find((message) => REFUSAL.test(message));
}
