import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Created, createPods } from '../e2e/burst.ts';
import { sampleOf } from '../e2e/cluster.ts';
import { SYSTEM, startWebhook, WEBHOOK } from '../e2e/install.ts';
import { type KubeObject, kubectl, listObjects, tryKubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { inNode, nodeName } from '../e2e/node.ts';
import { annotated, injectedPod } from '../e2e/policy-objects.ts';
import { until } from '../e2e/until.ts';
import { readyWebhookPods, webhookMetrics } from '../e2e/webhook-pods.ts';
import { mixed, tollOf, untilWell, whileCreating } from './toll.ts';

const namespace = 'e2e-21';
const naked = 'e2e-21-naked';
const CREATIONS = 300;
/** Spread over the creations, however fast the machine makes the one and the other. */
const KILLS = 10;
const AT_ONCE = 3;

describe('chaos', () => {
  useNamespaces({ [namespace]: {}, [naked]: {} });

  beforeAll(async () => {
    // Made while nobody looked, so that it is naked; its ReplicaSet's name is not its Deployment's.
    await kubectl(['label', 'namespace', naked, 'mcp-sluice.dev/webhook=ignore']);
    for (const object of [ownedNaked(), injectedPod({ namespace: naked, name: 'forged', image: 'evil.test/evil:1' })])
      await kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
    await until('a naked pod and a forged one', async () => (await listObjects(['pods', '-n', naked])).length === 2);
    await kubectl(['label', 'namespace', naked, 'mcp-sluice.dev/webhook-']);
  });

  it('[e2e:kill-loop] webhook pods killed in a loop during 300 creations: no annotated pod is naked, no other is refused', async () => {
    const objects = mixed(namespace, CREATIONS);
    const created: Created[] = [];
    const killer = startKilling();
    try {
      for (let at = 0; at < CREATIONS; at += AT_ONCE) {
        const due = Math.floor((at / CREATIONS) * KILLS);
        await until(`kill ${due}`, async () => killer.killed() >= due, { timeoutMs: 180_000, everyMs: 50 });
        created.push(...(await createPods({ objects: objects.slice(at, at + AT_ONCE), concurrency: AT_ONCE })));
        await sleep(50);
      }
    } finally {
      await killer.stop();
      await startWebhook();
    }
    const toll = tollOf(created);
    process.stderr.write(
      `e2e: ${killer.killed()} webhook pods killed; of ${CREATIONS} pods ${toll.of('right').length} came out right, ` +
        `${toll.of('refused').length} that asked were refused\n`,
    );
    // What the policies refused says so; nothing failed in another way, and nothing that does not ask at all.
    expect(toll.failures()).toEqual(toll.of('refused'));
    const stored = await listObjects(['pods', '-n', namespace]);
    const asking = stored.filter(({ metadata }) => metadata.name.startsWith('asks-'));
    // Were all refused, none would be naked either.
    expect(asking.length).toBeGreaterThan(KILLS / 2);
    expect(asking.filter((pod) => !hasSidecar(pod)).map(({ metadata }) => metadata.name)).toEqual([]);
    expect(stored).toHaveLength(CREATIONS - toll.of('refused').length);
    expect(stored.length - asking.length).toBe(CREATIONS / 2);
    await kubectl(['delete', 'pods', '--all', '-n', namespace, '--grace-period=0', '--force'], { timeoutMs: 120_000 });
  });

  it('[e2e:apiserver-restart] the apiserver is restarted amid creations: none is naked, none that does not ask is refused, all heals', async () => {
    const node = await nodeName();
    const pid = await inNode(node, 'pidof kube-apiserver');
    const toll = await whileCreating(namespace, async (soFar) => {
      await until('some creations', async () => soFar().total >= 20);
      await inNode(node, `kill ${pid}`);
      await until('another apiserver', async () => (await inNode(node, 'pidof kube-apiserver')) !== pid, { timeoutMs: 180_000 });
      await until('its readiness', async () => (await tryKubectl(['get', '--raw', '/readyz'])).code === 0, { timeoutMs: 180_000 });
      await kubectl(['rollout', 'status', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--timeout=120s'], { timeoutMs: 130_000 });
      await untilWell(soFar);
    });
    const words = [...new Set(toll.of('away').map(([, said]) => said.replace(/asks-\d+|plain-\d+/g, '…').slice(0, 150)))];
    process.stderr.write(
      `e2e: the apiserver restarted amid ${toll.total} creations: ${toll.of('away').length} found it away, ` +
        `${toll.of('refused').length} that asked were refused; its words: ${JSON.stringify(words, null, 1)}\n`,
    );
    // The webhook asks the apiserver, too: what it cannot judge meanwhile the policies refuse, and controllers try again.
    expect([toll.of('naked'), toll.of('wrong')]).toEqual([[], []]);
    await until('both replicas to be ready', async () => (await readyWebhookPods()).length === 2, { timeoutMs: 120_000 });
  });

  it('[e2e:event] an Event on the owner tells of a pod that runs naked', async () => {
    // A new replica reports a minute after its start; the next report of the others may be five away.
    await kubectl(['rollout', 'restart', `deployment/${WEBHOOK}`, '-n', SYSTEM]);
    await startWebhook();
    const events = await until(
      'the Event',
      async () => {
        const found = await listObjects(['events', '-n', naked, '--field-selector', 'reason=SidecarMissing']);
        return found.length > 0 && found;
      },
      { timeoutMs: 450_000, everyMs: 1000 },
    );
    expect(events.map(({ involvedObject, type }) => [involvedObject.kind, involvedObject.name, type])).toEqual([
      ['Deployment', 'owner', 'Warning'],
    ]);
    expect(events[0].message).toMatch(/^pod owner-/);
    await until('the metric to count it, and the forged one', async () => {
      const all = await webhookMetrics();
      const counted = (state: string) => all.reduce((sum, each) => sum + sampleOf(each, 'mcp_sluice_webhook_pods', `state="${state}"`), 0);
      const [nakedPods, forgedPods] = [counted('naked'), counted('forged')];
      if (nakedPods > 0 && forgedPods > 0) return true;
      throw new Error(`${nakedPods} naked, ${forgedPods} forged`);
    });
  });
});

/** Kills each replica without grace as soon as it serves, so that there always are some and never for long. */
function startKilling(): { killed(): number; stop(): Promise<void> } {
  let killed = 0;
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      const [victim] = await readyWebhookPods().catch(() => []);
      if (victim === undefined) await sleep(50);
      else if ((await tryKubectl(['delete', 'pod', victim.metadata.name, '-n', SYSTEM, '--grace-period=0', '--force'])).code === 0)
        killed += 1;
    }
  })();
  return {
    killed: () => killed,
    async stop() {
      isOver = true;
      await loop;
    },
  };
}

const hasSidecar = ({ spec }: KubeObject): boolean => spec.initContainers?.[0].name === 'mcp-sluice';

/** A Deployment whose pod is on its way to no node. */
function ownedNaked(): KubeObject {
  const { metadata, spec } = annotated({ namespace: naked, name: 'owner' });
  const labels = { app: 'owner' };
  const template = { metadata: { labels, annotations: metadata.annotations }, spec };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'owner', namespace: naked },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  };
}
