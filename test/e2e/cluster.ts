import { stateOf } from './dump.ts';
import { getObject, type KubeObject, kubectl, listObjects } from './kubectl.ts';
import { until } from './until.ts';

/** Pods of a test's app that are not on their way out. */
export async function podsOf(namespace: string, app: string): Promise<KubeObject[]> {
  return (await listObjects(['pods', '-n', namespace, '-l', `app=${app}`])).filter((pod) => pod.metadata.deletionTimestamp === undefined);
}

/** Waits until so many pods of an app are there and all of them are ready, and none besides; answers them. */
export function readyPods(namespace: string, app: string, count = 1): Promise<KubeObject[]> {
  return until(
    `${count} ready pods of ${namespace}/${app}`,
    async () => {
      const pods = await podsOf(namespace, app);
      if (pods.length === count && pods.every(isReady)) return pods;
      throw new Error(pods.map((pod) => `${pod.metadata.name} ${stateOf(pod)}`).join('; ') || 'no pods');
    },
    { timeoutMs: 120_000 },
  );
}

export function isReady(pod: KubeObject): boolean {
  return (pod.status.conditions ?? []).some((one: KubeObject) => one.type === 'Ready' && one.status === 'True');
}

export function sidecarOf(pod: KubeObject): KubeObject | undefined {
  return (pod.spec.initContainers ?? []).find((one: KubeObject) => one.name === 'mcp-sluice');
}

export async function nodeAddress(): Promise<string> {
  const [node] = await listObjects(['nodes']);
  return node.status.addresses.find((one: KubeObject) => one.type === 'InternalIP').address as string;
}

/** The MCP endpoint of a NodePort Service as this host reaches it, once its endpoints are ready. */
export async function hostUrl(namespace: string, service: string): Promise<URL> {
  const { spec } = await getObject(['service', service, '-n', namespace]);
  await until(`endpoints of ${namespace}/${service}`, async () => {
    const slices = await listObjects(['endpointslices', '-n', namespace, '-l', `kubernetes.io/service-name=${service}`]);
    return slices.some((slice) => (slice.endpoints ?? []).some((one: KubeObject) => one.conditions?.ready === true));
  });
  const url = new URL(`http://${await nodeAddress()}:${spec.ports[0].nodePort}/mcp`);
  // kube-proxy writes its rules a moment after the endpoints are known.
  await until(`${url.host} to answer`, async () => (await fetch(url, { signal: AbortSignal.timeout(2000) })).status > 0, {
    timeoutMs: 30_000,
  });
  return url;
}

/** Prometheus text of a pod's sidecar, through the apiserver. */
export function metricsOf(pod: KubeObject): Promise<string> {
  return kubectl(['get', '--raw', `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}:15179/proxy/metrics`]);
}

/** Sum of a counter's samples whose labels contain all that is given. */
export function sampleOf(metrics: string, name: string, ...labels: readonly string[]): number {
  return metrics
    .split('\n')
    .filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

export function sidecarLog(pod: KubeObject): Promise<string> {
  return kubectl(['logs', '-n', pod.metadata.namespace, pod.metadata.name, '-c', 'mcp-sluice']);
}

export async function setAnnotations(namespace: string, object: string, ...changes: readonly string[]): Promise<void> {
  await kubectl(['annotate', '--overwrite', '-n', namespace, object, ...changes]);
}
