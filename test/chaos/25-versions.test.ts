import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { VERSION } from '../../src/inject/stamp.ts';
import { checkCluster, mcpSluice } from '../e2e/cli.ts';
import { hostUrl, metricsOf, podsOf, readyPods, sampleOf, setAnnotations } from '../e2e/cluster.ts';
import { IMAGES } from '../e2e/images.ts';
import { install, installFrom, SYSTEM, systemGone, WEBHOOK } from '../e2e/install.ts';
import { kindNameOf } from '../e2e/kind.ts';
import { apply, getObject, type KubeObject, kubectl, listObjects, tryKubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { deployment, nodePort, pod, REDIS_URL, redis } from '../e2e/objects.ts';
import { annotated } from '../e2e/policy-objects.ts';
import { until } from '../e2e/until.ts';
import { readyWebhookPods, webhookMetrics } from '../e2e/webhook-pods.ts';
import { buildPrevious, PREVIOUS_IMAGE, type Previous } from './build-previous.ts';
import { openSession, type Session } from './open-session.ts';
import { keepParameterReader } from './parameter-reader.ts';
import { PREVIOUS } from './previous-version.ts';
import { cronJob, endApp } from './serving-job.ts';
import { createAll, faultOf, HALF_WAY, makerOf, mixed, replicaOf, reviewedBy, whileCreating } from './two-versions.ts';

const namespace = 'e2e-25';
const many = 'e2e-25-many';
const SECRET = ['secret', 'mcp-sluice-webhook-certificate', '-n', SYSTEM];
const METERED = {
  ...{ inject: 'true', redis: REDIS_URL, 'on-redis-failure': 'closed' },
  ...{ 'rate-limit': 'shared: 6/24h', sessions: '{max: 2, idleTimeout: 1h}' },
};
const byPrevious = { version: PREVIOUS.version, image: PREVIOUS_IMAGE };
const byCurrent = { version: VERSION, image: IMAGES.product };

describe(`an upgrade from ${PREVIOUS.version} to ${VERSION}`, () => {
  useNamespaces({ [namespace]: {}, [many]: {} });
  keepParameterReader();
  let previous: Previous | undefined;
  let session: Session;
  let running: object;
  let authority: object;

  beforeAll(async () => {
    const building = buildPrevious(kindNameOf(inject('kubeconfig')) ?? '').then((built) => {
      previous = built;
      return built;
    });
    // Awaited below.
    building.catch(() => undefined);
    const removed = await mcpSluice(['uninstall', '--yes']);
    expect(removed.code, removed.stderr).toBe(0);
    await systemGone();
    await installFrom((await building).manifests);
  });
  afterAll(async () => {
    previous?.remove();
    const { stdout } = await tryKubectl(['get', 'deployment', WEBHOOK, '-n', SYSTEM, '-o', 'json']);
    const { spec, metadata } = stdout === '' ? { spec: undefined, metadata: undefined } : (JSON.parse(stdout) as KubeObject);
    if (spec === undefined || metadata.deletionTimestamp !== undefined) await systemGone();
    if (spec?.template.spec.containers[0].image !== IMAGES.product || spec.minReadySeconds) await install('first');
  });

  it('[versions:previous] the release before injects workloads of all kinds', async () => {
    const server = { namespace, server: 'python' } as const;
    const app = { ...server, name: 'app', template: METERED };
    await apply(...redis(namespace), deployment(app), nodePort(app), cronJob({ name: 'cron', namespace, template: { inject: 'true' } }));
    await apply(pod({ ...server, name: 'bare', template: METERED }));
    await apply(deployment({ ...server, name: 'meta', metadata: { ...METERED, 'rate-limit': 'shared: 9/24h' } }));
    await kubectl(['create', 'job', 'job', '--from=cronjob/cron', '-n', namespace]);
    for (const name of ['app', 'bare', 'meta', 'cron']) {
      const [made] = await readyPods(namespace, name);
      expect(makerOf(made), name).toEqual(byPrevious);
    }
    session = await openSession(await hostUrl(namespace, 'app'));
    expect([(await session.call()).status, (await session.call()).status]).toEqual([200, 200]);
    running = await whatRuns();
    authority = (await getObject(SECRET)).data;
  });

  it('[versions:side-by-side] while two versions serve, by one CA, no pod is naked and none is refused', async () => {
    const wrong = await whileCreating(many, async () => {
      await kubectl(['apply', '-k', HALF_WAY]);
      await until('a new replica beside the old ones', async () => (await readyWebhookPods()).length === 3, { timeoutMs: 120_000 });
    });
    expect(wrong).toEqual([]);
    expect((await versionsServing()).toSorted()).toEqual([PREVIOUS.version, PREVIOUS.version, VERSION]);

    const makers = new Set<string | undefined>();
    await until('pods made by each version', async () => {
      const created = await createAll({ objects: mixed(many, 64), concurrency: 16 });
      expect(created.flatMap(faultOf)).toEqual([]);
      for (const { name, body } of created) if (name.startsWith('asks-')) makers.add(makerOf(body).version);
      return makers.size === 2;
    });
    expect((await session.call()).status).toBe(200);
    expect((await getObject(SECRET)).data).toEqual(authority);
    await until('all to be trusted', async () => {
      const all = await webhookMetrics();
      return all.length === 3 && all.every((each) => sampleOf(each, 'mcp_sluice_webhook_certificate_trusted') === 1);
    });
    expect((await getObject(['configmap', 'mcp-sluice-images', '-n', SYSTEM])).data).toMatchObject({
      current: IMAGES.product,
      previous: PREVIOUS_IMAGE,
    });
    await kubectl(['delete', 'pods', '--all', '-n', many, '--grace-period=0', '--force'], { timeoutMs: 120_000 });
  });

  it('[versions:no-ping-pong] each version accepts what the other made, and neither writes it back', async () => {
    const [older, newer] = [await replicaOf(PREVIOUS_IMAGE), await replicaOf(IMAGES.product)];
    for (const [one, other] of [
      [older, newer],
      [newer, older],
    ] as const) {
      const first = await reviewedBy(one, annotated({ namespace, name: 'settles' }));
      const second = await reviewedBy(other, first);
      const third = await reviewedBy(one, second);
      expect(makerOf(first).image).not.toBe(makerOf(second).image);
      expect(await reviewedBy(one, await reviewedBy(other, third))).toEqual(third);
      expect(third.spec.initContainers).toEqual(first.spec.initContainers);
      // The apiserver and its policies take it, whoever is asked there.
      const created = await createAll({
        objects: [{ ...second, metadata: { ...second.metadata, name: 'asks-again' } }],
        concurrency: 1,
        isDryRun: true,
      });
      expect(created.flatMap(faultOf)).toEqual([]);
    }

    const meta = await getObject(['deployment', 'meta', '-n', namespace]);
    const touched = { ...meta, metadata: { ...meta.metadata, labels: { touched: 'yes' } } };
    for (const replica of [older, newer]) expect(await reviewedBy(replica, touched, meta), replica).toEqual(touched);
    for (let time = 0; time < 5; time += 1) await setAnnotations(namespace, 'deployment/meta', `e2e.test/touched=${time}`);
    expect((await getObject(['deployment', 'meta', '-n', namespace])).spec).toEqual(meta.spec);
    expect(await replicaSetsOf('meta')).toBe(1);
    await setAnnotations(namespace, 'deployment/meta', 'mcp-sluice.dev/rate-limit=shared: 8/24h');
    await kubectl(['rollout', 'status', 'deployment/meta', '-n', namespace, '--timeout=120s'], { timeoutMs: 130_000 });
    for (let time = 0; time < 5; time += 1) await setAnnotations(namespace, 'deployment/meta', `e2e.test/touched=${time}`);
    expect(await replicaSetsOf('meta')).toBe(2);
  });

  it('[versions:keeps-running] after the upgrade all that was injected before runs on, and takes edits', async () => {
    expect(await whileCreating(many, () => install('first'))).toEqual([]);
    expect(await versionsServing()).toEqual([VERSION, VERSION]);
    expect((await getObject(SECRET)).data).toEqual(authority);
    // Three of six are spent; the session is the same.
    expect(await session.exhaust()).toBeLessThanOrEqual(3);
    await setAnnotations(namespace, 'pod/bare', 'mcp-sluice.dev/rate-limit=shared: 12/24h');

    for (const change of ['e2e.test/label=1', 'e2e.test/label-']) await kubectl(['label', 'pod/bare', '-n', namespace, change]);
    for (const finalizers of [['e2e.test/keep'], []]) {
      const patch = JSON.stringify({ metadata: { finalizers } });
      await kubectl(['patch', 'pod/bare', '-n', namespace, '--type=merge', '-p', patch]);
    }
    const [worker] = await podsOf(namespace, 'cron');
    expect(await whatRuns()).toEqual(running);
    await endApp(worker);
    await kubectl(['wait', '--for=condition=complete', 'job/job', '-n', namespace, '--timeout=60s'], { timeoutMs: 70_000 });
    await kubectl(['delete', 'job/job', '-n', namespace, '--timeout=60s'], { timeoutMs: 70_000 });
    running = await whatRuns();
  });

  it('[versions:stale] check and metric tell which pods are stale, and a rollout restart renews them', async () => {
    const { checks } = await checkCluster();
    // Pods of other files may be among them.
    expect(checks.find(({ check }) => check === 'pods')?.message).toMatch(/ ([2-9]|\d{2,}) stale/);
    const stale = async () => (await webhookMetrics()).map((each) => sampleOf(each, 'mcp_sluice_webhook_pods', 'state="stale"'));
    // A minute after a replica started, by one of them.
    await until('the metric', async () => Math.max(...(await stale())) >= 2, { timeoutMs: 150_000, everyMs: 1_000 });

    await kubectl(['rollout', 'restart', 'deployment/app', '-n', namespace]);
    await kubectl(['rollout', 'status', 'deployment/app', '-n', namespace, '--timeout=120s'], { timeoutMs: 130_000 });
    const [renewed] = await readyPods(namespace, 'app');
    expect(makerOf(renewed)).toEqual(byCurrent);
    // Until then a node may still send calls to the one before, whose server has ended.
    const left = () => listObjects(['pods', '-n', namespace, '-l', 'app=app']);
    await until('the pod of before to be gone', async () => (await left()).length === 1, { timeoutMs: 90_000 });
    // One version wrote the bucket, the other reads it.
    session = await openSession(await hostUrl(namespace, 'app'));
    expect((await session.call()).status).toBe(429);

    // The edit of a while ago; the kubelet writes the volume within a minute.
    const bare = await getObject(['pod', 'bare', '-n', namespace]);
    const generation = async (): Promise<number> => sampleOf(await metricsOf(bare), 'mcp_sluice_configuration_generation');
    await until('the new limit', async () => (await generation()) === 2, { timeoutMs: 150_000, everyMs: 1_000 });
  });

  it('[versions:rollback] the manifests of the release before inject again, then those of this one; all that runs runs on', async () => {
    running = await whatRuns();
    const steps = [
      { by: byPrevious, roll: () => installFrom(previous?.manifests ?? '') },
      { by: byCurrent, roll: () => install('first') },
    ];
    for (const { by, roll } of steps) {
      expect(await whileCreating(many, roll)).toEqual([]);
      expect(await versionsServing()).toEqual([by.version, by.version]);
      const created = await createAll({ objects: mixed(many, 16), concurrency: 4, isDryRun: true });
      expect(created.flatMap(faultOf)).toEqual([]);
      expect(makerOf(created.find(({ name }) => name.startsWith('asks-'))?.body)).toEqual(by);
      expect((await session.call()).status).toBe(429);
      expect(await whatRuns()).toEqual(running);
    }
    // Nothing holds the last one of the release before when it goes.
    await kubectl(['delete', 'pod/bare', '-n', namespace, '--timeout=60s'], { timeoutMs: 70_000 });
  });
});

/** Pods that nobody has touched are the same, with the same containers. */
async function whatRuns(): Promise<object> {
  const pods = await listObjects(['pods', '-n', namespace, '-l', 'app in (app, bare, cron)']);
  const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const containers = ({ status }: KubeObject) =>
    [...status.initContainerStatuses, ...status.containerStatuses].map(({ name, containerID, restartCount }) => ({
      ...{ name, containerID, restartCount },
    }));
  return Object.fromEntries(alive.map((each) => [each.metadata.uid, containers(each)]));
}

async function versionsServing(): Promise<(string | undefined)[]> {
  return (await webhookMetrics()).map((each) => /^mcp_sluice_webhook_info\{version="([^"]+)"\}/m.exec(each)?.[1]);
}

async function replicaSetsOf(app: string): Promise<number> {
  return (await listObjects(['replicasets', '-n', namespace, '-l', `app=${app}`])).length;
}
