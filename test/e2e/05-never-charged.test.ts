import { describe, expect, it } from 'vitest';
import { hostUrl, readyPods } from './cluster.ts';
import { apply } from './kubectl.ts';
import { connect } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, nodePort, REDIS_URL, redis } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-05';

describe('what is no tools/call', () => {
  useNamespaces({ [namespace]: {} });

  it('[e2e:never-charged] charges nothing for initialize, tools/list, ping, GET and health', async () => {
    const limit = 'shared: 1/1h\ntools:\n  "*": 1/1h\n';
    const template = { inject: 'true', redis: REDIS_URL, 'rate-limit': limit };
    const options = { name: 'app', namespace, server: 'python' } as const;
    // The kubelet asks for health all the while, through the sidecar.
    const container = { readinessProbe: { httpGet: { path: '/health', port: 'mcp' }, periodSeconds: 1 } };
    await apply(...redis(namespace), deployment({ ...options, template, container }), nodePort(options));
    await readyPods(namespace, 'app');
    const url = await hostUrl(namespace, 'app');

    for (let round = 1; round <= 4; round += 1) {
      const connected = await connect(url);
      await connected.client.listTools();
      await connected.client.ping();
      await connected.client.ping();
      // The SDK opens its GET stream by itself after `initialized`, and waits for no answer.
      await until('the GET stream', async () => connected.exchanges.some((one) => one.method === 'GET'));
      expect(connected.exchanges.map((one) => one.sent?.method ?? one.method)).toEqual(
        expect.arrayContaining(['initialize', 'notifications/initialized', 'tools/list', 'ping']),
      );
      await connected.close();
      const health = await fetch(new URL('/health', url));
      expect([health.status, await health.text()]).toEqual([200, 'ok']);
      await (await fetch(url)).text();
    }

    const connected = await connect(url);
    expect(await connected.call('whoami')).toMatchObject({ ok: true });
    expect((await connected.call('whoami')).exchange.status).toBe(429);
    // And they go on when nothing is left.
    await connected.client.listTools();
    await connected.client.ping();
    await connected.close();
  });
});
