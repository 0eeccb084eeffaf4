import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Created, createPods, numbered } from '../e2e/burst.ts';
import { SYSTEM, startWebhook } from '../e2e/install.ts';
import { type KubeObject, kubectl, listObjects, tryKubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { inNode, nodeName } from '../e2e/node.ts';
import { annotated } from '../e2e/policy-objects.ts';
import { until } from '../e2e/until.ts';
import { readyWebhookPods, webhookPods } from '../e2e/webhook-pods.ts';

const namespace = 'e2e-21';
const naked = 'e2e-21-naked';

describe('chaos', () => {
  useNamespaces({ [namespace]: {}, [naked]: {} });

  beforeAll(async () => {
    // Made while nobody looked, so that it is naked; its ReplicaSet's name is not its Deployment's.
    await kubectl(['label', 'namespace', naked, 'mcp-sluice.dev/webhook=ignore']);
    await kubectl(['create', '-f', '-'], { input: JSON.stringify(ownedNaked()) });
    await until('a naked pod', async () => (await listObjects(['pods', '-n', naked])).length === 1);
    await kubectl(['label', 'namespace', naked, 'mcp-sluice.dev/webhook-']);
  });

  it('[e2e:kill-loop] webhook pods killed in a loop during 300 creations: no annotated pod is naked, no other is refused', async () => {
    const objects = mixed(300);
    let isOver = false;
    const kills = killLoop(() => isOver);
    // So slow that the burst outlasts several kills, wherever it runs.
    const created = await paced(objects, 8, 15_000).finally(() => {
      isOver = true;
    });
    const killed = await kills;
    await startWebhook();
    const stored = await listObjects(['pods', '-n', namespace]);
    const asking = stored.filter(({ metadata }) => metadata.name.startsWith('asks-'));
    expect(asking.filter((pod) => !hasSidecar(pod)).map(({ metadata }) => metadata.name)).toEqual([]);
    const plain = created.filter(({ name }) => name.startsWith('plain-'));
    expect(plain.filter(({ status }) => status !== 201).map(({ name, body }) => [name, body.message])).toEqual([]);
    const asked = created.filter(({ name }) => name.startsWith('asks-'));
    // What the policies refused says so; nothing failed in another way.
    const refused = asked.filter(({ status }) => status !== 201);
    expect(refused.filter(({ body }) => !/but not the sidecar/.test(body.message)).map(({ body }) => body.message)).toEqual([]);
    process.stderr.write(
      `e2e: ${killed} webhook pods killed; ${asked.length - refused.length} of ${asked.length} annotated pods injected, the rest refused\n`,
    );
    expect(killed).toBeGreaterThan(3);
    await kubectl(['delete', 'pods', '--all', '-n', namespace, '--grace-period=0', '--force'], { timeoutMs: 120_000 });
  });

  it('[e2e:drain] a drain of the node that both replicas are on leaves one of them, and so injection', async () => {
    const name = await nodeName();
    const selector = ['--pod-selector', 'app.kubernetes.io/component=webhook'];
    try {
      const drained = await tryKubectl(['drain', name, ...selector, '--timeout=8s']);
      expect(drained.stderr).toMatch(/disruption budget/);
      expect(await readyWebhookPods()).toHaveLength(1);
      const created = await createPods({ objects: mixed(40), concurrency: 4, isDryRun: true });
      expect(created.filter((each) => !isRight(each)).map(({ name: pod, body }) => [pod, body.message])).toEqual([]);
    } finally {
      await kubectl(['uncordon', name]);
    }
    await until('both replicas', async () => (await readyWebhookPods()).length === 2, { timeoutMs: 90_000 });
  });

  it('[e2e:apiserver-restart] an apiserver that is restarted injects as soon as it answers, and is asked again by both replicas', async () => {
    const node = await nodeName();
    const pid = await inNode(node, 'pidof kube-apiserver');
    await inNode(node, `kill ${pid}`);
    await until('another apiserver', async () => (await inNode(node, 'pidof kube-apiserver')) !== pid, { timeoutMs: 120_000 });
    await until('its readiness', async () => (await tryKubectl(['get', '--raw', '/readyz'])).code === 0, { timeoutMs: 120_000 });
    const created = await createPods({ objects: mixed(40), concurrency: 4, isDryRun: true });
    expect(created.filter((each) => !isRight(each)).map(({ name, body }) => [name, body.message])).toEqual([]);
    await until('both replicas to be ready', async () => (await readyWebhookPods()).length === 2);
  });

  it('[e2e:event] an Event on the owner tells of a pod that runs naked', async () => {
    const events = await until(
      'the Event',
      async () => {
        const found = await listObjects(['events', '-n', naked, '--field-selector', 'reason=SidecarMissing']);
        return found.length > 0 && found;
      },
      { timeoutMs: 200_000, everyMs: 1000 },
    );
    expect(events.map(({ involvedObject, type }) => [involvedObject.kind, involvedObject.name, type])).toEqual([
      ['Deployment', 'owner', 'Warning'],
    ]);
    expect(events[0].message).toMatch(/^pod owner-/);
  });
});

/** Annotated and unannotated pods by turns. */
function mixed(count: number): KubeObject[] {
  const asks = numbered(count / 2, (name) => annotated({ namespace, name }), 'asks');
  const plain = numbered(count / 2, (name) => annotated({ namespace, name }, {}), 'plain');
  return asks.flatMap((pod, at) => [pod, plain[at]]);
}

/** Creates all over at least so long: each of so many parts begins when it is due. */
async function paced(objects: readonly KubeObject[], parts: number, overMs: number): Promise<Created[]> {
  const size = Math.ceil(objects.length / parts);
  const all: Created[] = [];
  for (let part = 0; part < parts; part += 1) {
    const [made] = await Promise.all([
      createPods({ objects: objects.slice(part * size, (part + 1) * size), concurrency: 32 }),
      sleep(overMs / parts),
    ]);
    all.push(...made);
  }
  return all;
}

/** Kills one replica after the other, without grace; how many. */
async function killLoop(isOver: () => boolean): Promise<number> {
  let killed = 0;
  while (!isOver()) {
    const [victim] = await webhookPods();
    if (victim === undefined) await sleep(100);
    else if ((await tryKubectl(['delete', 'pod', victim.metadata.name, '-n', SYSTEM, '--grace-period=0', '--force'])).code === 0)
      killed += 1;
  }
  return killed;
}

const hasSidecar = ({ spec }: KubeObject): boolean => spec.initContainers?.[0].name === 'mcp-sluice';
const isRight = ({ name, status, body }: Created): boolean => status === 201 && hasSidecar(body) === name.startsWith('asks-');

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
