import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { hostUrl, readyPods, sidecarOf } from './cluster.ts';
import { IMAGES } from './images.ts';
import { install, SYSTEM, WEBHOOK } from './install.ts';
import { apply, getObject, kubectl, listObjects, tryKubectl } from './kubectl.ts';
import { post, toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, ours, podSpec, REDIS_URL, redis } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-11';
const template = { inject: 'true', redis: REDIS_URL, 'rate-limit': 'shared: 2/1h' };
const server = (name: string) => ({ name, namespace, server: 'python', template, env: { STATELESS: 'true' } }) as const;

describe('rollouts and upgrades', () => {
  useNamespaces({ [namespace]: {} });
  afterAll(async () => {
    // Other files look for the first image, also when a test here fails.
    const { spec } = await getObject(['deployment', WEBHOOK, '-n', SYSTEM]);
    if (spec.template.spec.containers[0].image !== IMAGES.product) await install('first');
  });

  it('[e2e:rollout-keeps-buckets] a rollout does not refill a bucket', async () => {
    await apply(...redis(namespace), deployment(server('one')), nodePort(server('one')));
    await readyPods(namespace, 'one');
    const url = await hostUrl(namespace, 'one');
    expect(await statuses(url, 3)).toEqual([200, 200, 429]);
    await rollOut('one');
    const again = await hostUrl(namespace, 'one');
    expect(await statuses(again, 2)).toEqual([429, 429]);
  });

  it('[e2e:own-buckets] two Deployments do not share one', async () => {
    await apply(deployment(server('two')), nodePort(server('two')));
    await readyPods(namespace, 'two');
    expect(await statuses(await hostUrl(namespace, 'two'), 3)).toEqual([200, 200, 429]);
  });

  it('[e2e:upgrade] while an injected Job runs the image is upgraded: Deployments roll, the Job completes, its pod can be deleted', async () => {
    await apply(job());
    const [worker] = await readyPods(namespace, 'job');
    expect(sidecarOf(worker)?.image).toBe(IMAGES.product);
    await install('second');

    await rollOut('two');
    const [rolled] = await readyPods(namespace, 'two');
    expect(sidecarOf(rolled)?.image).toBe(IMAGES.upgraded);
    // What ran before the upgrade is still the old one, and still takes edits of its limits.
    const [old] = await readyPods(namespace, 'one');
    expect(sidecarOf(old)?.image).toBe(IMAGES.product);
    await kubectl(['annotate', '--overwrite', '-n', namespace, `pod/${old.metadata.name}`, 'mcp-sluice.dev/rate-limit=shared: 5/1h']);

    // The exec may be cut with the container that it ends: the Job's completion tells.
    await tryKubectl([
      'exec',
      '-n',
      namespace,
      worker.metadata.name,
      '-c',
      'app',
      '--',
      '/usr/local/bin/node',
      '-e',
      "process.kill(1, 'SIGTERM')",
    ]);
    await until('the Job to complete', async () => {
      const { status } = await getObject(['job', 'job', '-n', namespace]);
      return (status.conditions ?? []).some((one: { type: string; status: string }) => one.type === 'Complete' && one.status === 'True');
    });
    await kubectl(['delete', 'pod', worker.metadata.name, '-n', namespace, '--timeout=30s']);
    expect(await listObjects(['pods', '-n', namespace, '-l', 'app=job'])).toEqual([]);
  });

  it('[e2e:rollback] a rollback injects the image before again and names it the current one', async () => {
    await install('first');
    await rollOut('two');
    const [rolled] = await readyPods(namespace, 'two');
    expect(sidecarOf(rolled)?.image).toBe(IMAGES.product);
    // Once the last replica of the version before is gone, at the next look of another.
    const isNamed = async () => {
      const { data } = await getObject(['configmap', 'mcp-sluice-images', '-n', SYSTEM]);
      return isDeepStrictEqual(data, { current: IMAGES.product, previous: IMAGES.upgraded });
    };
    await until('the image to be the current one', isNamed, { timeoutMs: 180_000 });
  });
});

async function statuses(url: URL, count: number): Promise<number[]> {
  const seen: number[] = [];
  for (let id = 1; id <= count; id += 1) seen.push((await post(url, toolCall(id, 'whoami'))).status);
  return seen;
}

async function rollOut(name: string): Promise<void> {
  await kubectl(['rollout', 'restart', `deployment/${name}`, '-n', namespace]);
  await kubectl(['rollout', 'status', `deployment/${name}`, '-n', namespace, '--timeout=120s'], { timeoutMs: 130_000 });
  await readyPods(namespace, name);
}

/** A Job that serves on the MCP port until it is told to end. */
function job(): object {
  const script = "process.on('SIGTERM', () => process.exit(0)); require('http').createServer((q, r) => r.end()).listen(3001)";
  const container = { command: ['/usr/local/bin/node', '-e', script] };
  const spec = { ...podSpec({ container }), restartPolicy: 'Never' };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'job', namespace },
    spec: { backoffLimit: 0, template: { metadata: { labels: { app: 'job' }, annotations: ours(template) }, spec } },
  };
}
