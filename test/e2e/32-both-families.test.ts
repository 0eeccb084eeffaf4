import { beforeAll, describe, expect, it } from 'vitest';
import { readyPods, sidecarOf } from './cluster.ts';
import { postFromPod } from './cluster-client.ts';
import { apply, getObject, type KubeObject, kubectl, listObjects } from './kubectl.ts';
import { toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { clientPod, pod, REDIS_URL, redis, SERVERS } from './objects.ts';
import { until } from './until.ts';

const plain = 'e2e-32';
const restricted = 'e2e-32-restricted';
const { port, bindEnv } = SERVERS.python;
const CALL = toolCall(1, 'whoami');
const authority = (address: string): string => (address.includes(':') ? `[${address}]` : address);

describe('IPv4 and IPv6', () => {
  useNamespaces({ [plain]: {}, [restricted]: { enforce: 'restricted' } });

  const captures = [
    ['redirect', plain],
    ['takeover', restricted],
  ] as const;

  // Both at once, as each takes its time to start.
  beforeAll(() => apply(...captures.flatMap(([capture, namespace]) => objects(capture, namespace))));

  it.for(captures)('[e2e:dual-stack] one limit holds at every address of both families, under %s', async ([capture, namespace]) => {
    const [found] = await readyPods(namespace, 'app');
    await kubectl(['wait', '-n', namespace, '--for=condition=Ready', 'pod/client', '--timeout=60s']);
    expect(sidecarOf(found)?.args).toContain(`--capture=${capture}`);
    // Where this fails the cluster has one family: test/e2e/kind.ts makes it with both, if the machine has IPv6.
    const podIps = families(found.status.podIPs.map(({ ip }: KubeObject) => ip));
    const { spec } = await getObject(['service', 'app', '-n', namespace]);
    const serviceIps = families(spec.clusterIPs);
    const [node] = await listObjects(['nodes']);
    const nodeIps = families(
      node.status.addresses.filter(({ type }: KubeObject) => type === 'InternalIP').map(({ address }: KubeObject) => address),
    );

    // One call by each family takes from the same bucket, which is empty then.
    for (const address of podIps) expect(await ask(namespace, [urlOf(address)])).toEqual([200]);
    const urls = [
      ...[...podIps, ...serviceIps].map((address) => urlOf(address)),
      ...nodeIps.map((address) => urlOf(address, spec.ports[0].nodePort)),
    ];
    // kube-proxy writes the rules of each family by itself.
    await until('all of them to answer', async () => (await ask(namespace, urls)).every((status) => typeof status === 'number'));
    expect(await ask(namespace, urls)).toEqual(urls.map(() => 429));

    const others = podIps.flatMap((address) => [15_001, 15_179].map((other) => urlOf(address, other)));
    expect(await ask(namespace, others)).not.toContain(200);
    // What the sidecar says of itself, the kubelet's address family or not.
    expect(
      await get(
        namespace,
        podIps.map((address) => `http://${authority(address)}:15179/readyz`),
      ),
    ).toEqual([200, 200]);
  });
});

function objects(capture: string, namespace: string): object[] {
  const template = {
    ...{ inject: 'true', capture, redis: REDIS_URL, 'rate-limit': 'shared: 2/1h' },
    ...(capture === 'takeover' && { 'bind-env': bindEnv }),
  };
  // Under redirect an app that listens at every IPv6 address: whoever came past the rules would find it.
  const env = { STATELESS: 'true', ...(capture === 'redirect' && { HOST: '::' }) };
  const app = pod({ name: 'app', namespace, server: 'python', template, env });
  return [...redis(namespace), clientPod(namespace), app, service(namespace)];
}

function families(addresses: readonly string[]): readonly string[] {
  expect(addresses.map((address) => (address.includes(':') ? 6 : 4)).sort()).toEqual([4, 6]);
  return addresses;
}

function urlOf(address: string, at: number = port): string {
  return `http://${authority(address)}:${at}/mcp`;
}

async function ask(namespace: string, urls: readonly string[]): Promise<unknown[]> {
  return (await postFromPod(namespace, CALL, urls)).map(({ status, error }) => status ?? error);
}

async function get(namespace: string, urls: readonly string[]): Promise<unknown[]> {
  const script =
    'Promise.all(JSON.parse(process.argv[1]).map(async (url) => (await fetch(url)).status)).then((all) => console.log(JSON.stringify(all)))';
  return JSON.parse(await kubectl(['exec', '-n', namespace, 'client', '--', '/usr/local/bin/node', '-e', script, JSON.stringify(urls)]));
}

function service(namespace: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'app', namespace },
    spec: { type: 'NodePort', ipFamilyPolicy: 'RequireDualStack', selector: { app: 'app' }, ports: [{ port, targetPort: port }] },
  };
}
