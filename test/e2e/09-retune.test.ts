import { describe, expect, it } from 'vitest';
import { hostUrl, metricsOf, readyPods, sampleOf } from './cluster.ts';
import { apply, getObject, type KubeObject, kubectl, tryKubectl } from './kubectl.ts';
import { post, toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, PREFIX, REDIS_URL, redis } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-09';

describe('kubectl annotate on a running pod', () => {
  useNamespaces({ [namespace]: {} });
  let url: URL;
  let app: KubeObject;

  it('[e2e:retune] changes the limit without a restart, and keeps the spent share', async () => {
    const template = { inject: 'true', redis: REDIS_URL, 'rate-limit': 'shared: 2/1h' };
    const options = { name: 'app', namespace, server: 'python' } as const;
    await apply(...redis(namespace), deployment({ ...options, template, env: { STATELESS: 'true' } }), nodePort(options));
    [app] = await readyPods(namespace, 'app');
    url = await hostUrl(namespace, 'app');
    expect((await post(url, toolCall(1, 'whoami'))).status).toBe(200);

    await annotate('rate-limit=shared: 8/1h');
    // The kubelet writes the volume within a minute.
    await until('the new configuration', async () => (await generation()) === 2, { timeoutMs: 100_000 });
    // Half was spent of two, so half is left of eight.
    const statuses = [];
    for (let id = 0; id < 5; id += 1) statuses.push((await post(url, toolCall(id, 'whoami'))).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
    expect(await restarts()).toBe(0);
  });

  it('[e2e:retune-refused] refuses a bad value, which changes nothing', async () => {
    const refused = await tryAnnotate('rate-limit=shared: many/1m');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/mcp-sluice\.dev\/rate-limit.*many/s);
    expect((await current()).metadata.annotations[`${PREFIX}rate-limit`]).toBe('shared: 8/1h');
    expect(await generation()).toBe(2);
    expect((await post(url, toolCall(1, 'whoami'))).status).toBe(429);
  });

  it('[e2e:retune-rollout] refuses an edit that needs a new pod and names the rollout', async () => {
    for (const change of ['capture=takeover', `redis=${REDIS_URL}/1`, 'inject=false']) {
      const refused = await tryAnnotate(change);
      expect(refused.code, change).not.toBe(0);
      expect(refused.stderr).toContain('kubectl rollout restart');
    }
    expect(await restarts()).toBe(0);
  });

  const annotate = (change: string): Promise<string> => kubectl(annotation(change));
  const tryAnnotate = (change: string): ReturnType<typeof tryKubectl> => tryKubectl(annotation(change));
  const annotation = (change: string): string[] => [
    'annotate',
    '--overwrite',
    '-n',
    namespace,
    `pod/${app.metadata.name}`,
    `${PREFIX}${change}`,
  ];
  const current = (): Promise<KubeObject> => getObject(['pod', app.metadata.name, '-n', namespace]);
  const generation = async (): Promise<number> => sampleOf(await metricsOf(app), 'mcp_sluice_configuration_generation');

  async function restarts(): Promise<number> {
    const { status } = await current();
    return [...status.initContainerStatuses, ...status.containerStatuses].reduce(
      (sum: number, one: KubeObject) => sum + one.restartCount,
      0,
    );
  }
});
