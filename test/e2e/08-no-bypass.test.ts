import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostUrl, isReady, nodeAddress, podsOf, readyPods } from './cluster.ts';
import { postFromPod } from './cluster-client.ts';
import { apply, getObject, kubectl } from './kubectl.ts';
import { post, toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { clientPod, deployment, nodePort, REDIS_URL, redis, SERVERS } from './objects.ts';
import { withPortForward } from './port-forward.ts';
import { until } from './until.ts';

const plain = 'e2e-08';
const restricted = 'e2e-08-restricted';
const ROOT = join(import.meta.dirname, '../..');
const { port, bindEnv } = SERVERS.python;
const CALL = toolCall(1, 'whoami');

describe('ways past the sidecar', () => {
  useNamespaces({ [plain]: {}, [restricted]: { enforce: 'restricted' } });

  it.for([
    ['redirect', plain],
    ['takeover', restricted],
  ] as const)(
    '[e2e:no-bypass] no address of pod, Service or node and no other port leads past the sidecar under %s',
    async ([capture, namespace]) => {
      const template = {
        inject: 'true',
        capture,
        redis: REDIS_URL,
        'rate-limit': 'shared: 1/1h',
        ...(capture === 'takeover' ? { 'bind-env': bindEnv } : {}),
      };
      const options = { name: 'app', namespace, server: 'python' } as const;
      const app = deployment({ ...options, template, env: { STATELESS: 'true' } });
      await apply(...redis(namespace), clientPod(namespace), app, nodePort(options), headless(namespace), otherPort(namespace));
      const [found] = await readyPods(namespace, 'app');
      await kubectl(['wait', '-n', namespace, '--for=condition=Ready', 'pod/client', '--timeout=60s']);
      const url = await hostUrl(namespace, 'app');
      expect((await post(url, CALL)).status).toBe(200);

      const { spec } = await getObject(['service', 'app', '-n', namespace]);
      const metered = [
        `http://${found.status.podIP}:${port}/mcp`,
        `http://${spec.clusterIP}:${port}/mcp`,
        `http://app.${namespace}.svc.cluster.local:${port}/mcp`,
        `http://headless:${port}/mcp`,
        'http://other-port:80/mcp',
        `http://${await nodeAddress()}:${spec.ports[0].nodePort}/mcp`,
      ];
      const attempts = await postFromPod(namespace, CALL, metered);
      expect(attempts.map((one) => [one.url, one.status ?? one.error])).toEqual(metered.map((one) => [one, 429]));
      // The sidecar's own ports: whatever answers there, it is not the server unmetered.
      const others = await postFromPod(
        namespace,
        CALL,
        [15001, 15179].map((other) => `http://${found.status.podIP}:${other}/mcp`),
      );
      for (const attempt of others) expect(attempt.status, JSON.stringify(attempt)).not.toBe(200);
    },
  );

  it('[e2e:wildcard-bind] warns of an app that binds all addresses under takeover, which then fails to start rather than bypass', async () => {
    const template = { inject: 'true', capture: 'takeover' };
    const applied = await apply(deployment({ name: 'wild', namespace: restricted, server: 'python', template, env: { HOST: '0.0.0.0' } }));
    expect(applied.stderr).toMatch(/Warning: .*HOST/);
    const found = await until('the app to end', async () => {
      const [one] = await podsOf(restricted, 'wild');
      return one?.status.containerStatuses?.[0].restartCount > 0 && one;
    });
    const log = await kubectl(['logs', '-n', restricted, found.metadata.name, '-c', 'app', '--previous']);
    expect(log).toMatch(/address already in use/);
    expect(isReady(found)).toBe(false);
    await kubectl(['delete', 'deployment', 'wild', '-n', restricted]);
  });

  it('[e2e:port-forward] says in the docs what kubectl port-forward still can, and that is so', async () => {
    expect(readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8')).toContain('kubectl port-forward');
    // It enters at the pod's loopback, where the server listens: RBAC on pods/portforward is the remedy.
    const [found] = await readyPods(restricted, 'app');
    const answer = await withPortForward(restricted, found.metadata.name, port, (url) => post(url, CALL));
    expect(answer.status).toBe(200);
  });
});

function headless(namespace: string): object {
  return service(namespace, 'headless', { clusterIP: 'None', ports: [{ port }] });
}

function otherPort(namespace: string): object {
  return service(namespace, 'other-port', { ports: [{ port: 80, targetPort: 'mcp' }] });
}

function service(namespace: string, name: string, spec: object): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: { app: 'app' }, ...spec } };
}
