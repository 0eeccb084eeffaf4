import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeAddress, readyPods, sidecarOf } from './cluster.ts';
import { postFromPod } from './cluster-client.ts';
import { IMAGES } from './images.ts';
import { apply, getObject, type KubeObject, kubectl, tryKubectl } from './kubectl.ts';
import { post, toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { clientPod, pod, REDIS_URL, redis, SERVERS } from './objects.ts';
import { until } from './until.ts';

const plain = 'e2e-30';
const restricted = 'e2e-30-restricted';
const { port, bindEnv } = SERVERS.python;
const CALL = toolCall(1, 'whoami');
const priority = 'e2e-30';
const NODE = ['/usr/local/bin/node', '-e'];
const HOST_PORTS = { redirect: 18_090, takeover: 18_091 } as const;

type Capture = keyof typeof HOST_PORTS;

/** One call in an hour: the second one tells whether the first went through the sidecar. */
function server(name: string, capture: Capture, spec: object, container: object = {}): KubeObject {
  const template = {
    ...{ inject: 'true', capture, redis: REDIS_URL, 'rate-limit': 'shared: 1/1h' },
    ...(capture === 'takeover' && { 'bind-env': bindEnv }),
  };
  const object: KubeObject = pod({ name, namespace: plain, server: 'python', template, env: { STATELESS: 'true' }, container });
  return { ...object, spec: { ...object.spec, ...spec } };
}

/** Its MCP server is a native sidecar of its own, behind an init container that ends. */
function serverAsSidecar(): KubeObject {
  const object = server('native', 'takeover', {});
  const [app] = object.spec.containers;
  const step = { image: IMAGES.everything, securityContext: app.securityContext };
  const initContainers = [
    { ...step, name: 'migrate', command: [...NODE, ''] },
    { ...app, restartPolicy: 'Always' },
    { ...step, name: 'warm-up', command: [...NODE, ''] },
  ];
  const containers = [
    { ...step, name: 'main', command: [...NODE, "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1e9)"] },
  ];
  return { ...object, spec: { ...object.spec, initContainers, containers } };
}

const withHostPort = (capture: Capture): object => {
  const ports = [{ name: 'mcp', containerPort: port, hostPort: HOST_PORTS[capture] }];
  return server(`host-port-${capture}`, capture, {}, { ports });
};

describe('pods out of the ordinary', () => {
  useNamespaces({ [plain]: {}, [restricted]: { enforce: 'restricted' } });

  beforeAll(async () => {
    await apply({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: priority }, value: 1000 });
    // All at once, as each takes its time to start.
    await apply(
      ...redis(plain),
      clientPod(plain),
      pod({ name: 'target', namespace: restricted, template: { inject: 'true', 'bind-env': SERVERS.everything.bindEnv } }),
      withHostPort('redirect'),
      withHostPort('takeover'),
      server('shared', 'redirect', { shareProcessNamespace: true, priorityClassName: priority }),
      serverAsSidecar(),
    );
    await kubectl(['wait', '-n', plain, '--for=condition=Ready', 'pod/client', '--timeout=120s'], { timeoutMs: 130_000 });
  });

  afterAll(async () => {
    await kubectl(['delete', 'priorityclass', priority, '--ignore-not-found']);
  });

  it.for(['redirect', 'takeover'] as const)('[e2e:host-port] meters what comes by a port of the node, under %s', async (capture) => {
    await readyPods(plain, `host-port-${capture}`);
    const url = new URL(`http://${await nodeAddress()}:${HOST_PORTS[capture]}/mcp`);
    // The CNI plugin has written its rules before the pod started.
    expect((await post(url, CALL)).status).toBe(200);
    expect((await post(url, CALL)).status).toBe(429);
  });

  it('[e2e:pod-features] meters a pod whose containers share their processes, and leaves its priority as it is', async () => {
    const [found] = await readyPods(plain, 'shared');
    expect(found.spec).toMatchObject({ priorityClassName: priority, priority: 1000, shareProcessNamespace: true });
    expect(await statuses(found, 2)).toEqual([200, 429]);
  });

  it("[e2e:native-sidecars] stands before the pod's own init containers, and meters a server that is one of them", async () => {
    const [found] = await readyPods(plain, 'native');
    expect(found.spec.initContainers.map(({ name }: KubeObject) => name)).toEqual(['mcp-sluice', 'migrate', 'app', 'warm-up']);
    expect(await statuses(found, 2)).toEqual([200, 429]);
  });

  it.for([
    [restricted, 'target', 'restricted', 'app'],
    [plain, 'native', 'general', 'main'],
  ] as const)('[e2e:ephemeral] lets kubectl debug into an injected pod of %s', async ([namespace, name, profile, target]) => {
    await kubectl(['wait', '-n', namespace, '--for=condition=Ready', `pod/${name}`, '--timeout=120s'], { timeoutMs: 130_000 });
    const before = await getObject(['pod', name, '-n', namespace]);
    const how = [
      '--image',
      IMAGES.everything,
      '--image-pull-policy',
      'IfNotPresent',
      '--profile',
      profile,
      '--target',
      target,
      '-c',
      'look',
    ];
    await kubectl(['debug', '-n', namespace, `pod/${name}`, ...how, '--', ...NODE, "console.log('seen')"]);
    const ended = await until('the ephemeral container to end', async () => {
      const found = await getObject(['pod', name, '-n', namespace]);
      return found.status.ephemeralContainerStatuses?.[0]?.state.terminated !== undefined && found;
    });
    expect(ended.status.ephemeralContainerStatuses[0].state.terminated.exitCode).toBe(0);
    expect(ended.spec.initContainers).toEqual(before.spec.initContainers);
    expect(ended.metadata.annotations).toEqual(before.metadata.annotations);
    expect(sidecarStatus(ended)).toMatchObject({ ready: true, restartCount: 0 });
  });

  it.for([
    ['a Windows pod', { os: { name: 'windows' } }, /the sidecar runs on Linux only: it cannot be injected into a Windows pod/],
    ['a pod for Windows nodes', { nodeSelector: { 'kubernetes.io/os': 'windows' } }, /it cannot be injected into a Windows pod/],
    ['hostNetwork', { hostNetwork: true }, /the pod shares the node's network: .*take hostNetwork away/],
  ] as const)('[e2e:unfit] denies %s with the reason', async ([, spec, reason]) => {
    const object = server('unfit', 'redirect', spec);
    const tried = await tryKubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(object) });
    expect(tried.code).not.toBe(0);
    expect(tried.stderr).toMatch(reason);
  });
});

async function statuses(found: KubeObject, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let at = 0; at < count; at += 1) {
    const [attempt] = await postFromPod(plain, CALL, [`http://${found.status.podIP}:${port}/mcp`]);
    seen.push(attempt?.status ?? attempt?.error);
  }
  expect(sidecarOf(found)).toBeDefined();
  return seen;
}

function sidecarStatus(found: KubeObject): KubeObject {
  return found.status.initContainerStatuses.find(({ name }: KubeObject) => name === 'mcp-sluice');
}
