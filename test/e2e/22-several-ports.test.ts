import { describe, expect, it } from 'vitest';
import { metricsOf, readyPods } from './cluster.ts';
import { postFromPod } from './cluster-client.ts';
import { apply, getObject, kubectl } from './kubectl.ts';
import { toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { clientPod, deployment, podSpec, REDIS_URL, redis, SERVERS } from './objects.ts';

const plain = 'e2e-22';
const restricted = 'e2e-22-restricted';
const { port, bindEnv } = SERVERS.python;
const ADMIN_PORT = 9000;
const CALL = toolCall(1, 'whoami');

describe('a pod with two MCP servers', () => {
  useNamespaces({ [plain]: {}, [restricted]: { enforce: 'restricted' } });

  it.for([
    ['redirect', plain],
    ['takeover', restricted],
  ] as const)(
    '[e2e:several-ports] has both of its ports captured under %s, each with its own server behind it, and spends one limit at both',
    async ([capture, namespace]) => {
      const template = {
        inject: 'true',
        port: `${port}, admin`,
        redis: REDIS_URL,
        rejection: 'http',
        'rate-limit': 'shared: 2/1h',
        'bind-env': bindEnv,
      };
      await apply(...redis(namespace), clientPod(namespace), twoServers(namespace, template), service(namespace));
      const [found] = await readyPods(namespace, 'app');
      await kubectl(['wait', '-n', namespace, '--for=condition=Ready', 'pod/client', '--timeout=60s']);
      const [sidecar] = found.spec.initContainers;
      expect(sidecar.args).toEqual(expect.arrayContaining([`--capture=${capture}`, `--port=${port}`, `--port=${ADMIN_PORT}`]));
      // The kubelet found both apps through these.
      const probes = found.spec.containers.map(
        (each: { readinessProbe: { httpGet: { path: string } } }) => each.readinessProbe.httpGet.path,
      );
      expect(probes.map((path: string) => path.split('-').at(-1))).toEqual([String(port), String(ADMIN_PORT)]);

      const urls = [port, ADMIN_PORT].map((each) => `http://${found.status.podIP}:${each}/mcp`);
      // Only the first server answers calls outside of a session.
      expect((await postFromPod(namespace, CALL, urls)).map(({ status }) => status)).toEqual([200, 400]);
      const { spec } = await getObject(['service', 'app', '-n', namespace]);
      const others = [port, ADMIN_PORT].map((each) => `http://${spec.clusterIP}:${each}/mcp`);
      const refused = await postFromPod(namespace, CALL, [...urls, ...others]);
      expect(refused.map(({ url, status, error }) => [url, status ?? error])).toEqual([...urls, ...others].map((url) => [url, 429]));
      expect(await metricsOf(found)).not.toMatch(/^mcp_sluice_capture_bypass.* 1$/m);
    },
  );

  it('[e2e:several-ports] is denied at kubectl apply where one of the ports is none', async () => {
    const denied = apply(twoServers(plain, { inject: 'true', port: `${port}, admin, metrics` }));
    await expect(denied).rejects.toThrow(/no container declares a port named "metrics"/);
  });
});

/** The second one keeps sessions, the first one does not. */
function twoServers(namespace: string, template: Readonly<Record<string, string>>): object {
  const server = 'python' as const;
  const probed = (probe: number | string) => ({ readinessProbe: { tcpSocket: { port: probe }, periodSeconds: 1 } });
  const made = deployment({ name: 'app', namespace, server, template, env: { STATELESS: 'true' }, container: probed('mcp') });
  const further = podSpec({
    server,
    env: { PORT: String(ADMIN_PORT) },
    container: { name: 'admin', ports: [{ name: 'admin', containerPort: ADMIN_PORT }], ...probed('admin') },
  });
  const { spec } = (made as { spec: { template: { spec: { containers: object[] } } } }).spec.template;
  spec.containers.push(...(further as { containers: object[] }).containers);
  return made;
}

function service(namespace: string): object {
  const ports = [port, ADMIN_PORT].map((each) => ({ name: `mcp-${each}`, port: each }));
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'app', namespace }, spec: { selector: { app: 'app' }, ports } };
}
