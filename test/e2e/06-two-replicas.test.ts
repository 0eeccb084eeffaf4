import { describe, expect, it } from 'vitest';
import { hostUrl, metricsOf, readyPods, sampleOf } from './cluster.ts';
import { apply } from './kubectl.ts';
import { post, toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, REDIS_URL, redis } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-06';

describe('two replicas', () => {
  useNamespaces({ [namespace]: {} });

  it('[e2e:one-bucket] lets exactly the limit pass of 40 concurrent calls over both', async () => {
    const template = { inject: 'true', redis: REDIS_URL, 'rate-limit': 'shared: 10/1h' };
    const options = { name: 'app', namespace, server: 'python' } as const;
    await apply(...redis(namespace), deployment({ ...options, template, env: { STATELESS: 'true' }, replicas: 2 }), nodePort(options));
    const pods = await readyPods(namespace, 'app', 2);
    const url = await hostUrl(namespace, 'app');
    // A list is free of charge, and kube-proxy takes up the second replica when it comes to it.
    await until('both replicas to be asked', async () => {
      await post(url, { jsonrpc: '2.0', id: 0, method: 'tools/list' });
      const asked = await Promise.all(
        pods.map(async (pod) => sampleOf(await metricsOf(pod), 'mcp_sluice_messages_total', 'kind="request"')),
      );
      return asked.every((count) => count > 0);
    });

    const answers = await Promise.all(Array.from({ length: 40 }, (_, id) => post(url, toolCall(id, 'whoami'))));
    const statuses = answers.map((one) => one.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30);
    for (const pod of pods) expect(sampleOf(await metricsOf(pod), 'mcp_sluice_calls_total')).toBeGreaterThan(0);
  });
});
