import type { X509Certificate } from 'node:crypto';
import { serviceNames } from '../../webhook/names.ts';
import { readServedChain } from '../../webhook/served-chain.ts';
import { isReady } from './cluster.ts';
import { SYSTEM } from './install.ts';
import { type KubeObject, kubectl, listObjects } from './kubectl.ts';
import { withPortForward } from './port-forward.ts';

/** Replicas of the webhook that are not on their way out. */
export async function webhookPods(): Promise<KubeObject[]> {
  const pods = await listObjects(['pods', '-n', SYSTEM, '-l', 'app.kubernetes.io/component=webhook']);
  return pods.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase !== 'Failed');
}

export async function readyWebhookPods(): Promise<KubeObject[]> {
  return (await webhookPods()).filter(isReady);
}

/** The metrics of each replica, as Prometheus reads them. */
export function webhookMetrics(): Promise<string[]> {
  return webhookPods().then((pods) => Promise.all(pods.map(metricsOfReplica)));
}

export function metricsOfReplica({ metadata }: KubeObject): Promise<string> {
  return kubectl(['get', '--raw', `/api/v1/namespaces/${SYSTEM}/pods/https:${metadata.name}:10250/proxy/metrics`]);
}

/** What each replica, by its name, greets a new connection with. */
export async function servedLeaves(): Promise<ReadonlyMap<string, X509Certificate>> {
  const [name] = serviceNames(SYSTEM);
  const leaves = (await webhookPods()).map(({ metadata }) =>
    withPortForward(SYSTEM, metadata.name, 10_250, async ({ port }) => {
      const [leaf] = await readServedChain({ host: '127.0.0.1', port: Number(port) }, name);
      if (leaf === undefined) throw new Error(`${metadata.name} serves no certificate`);
      return [metadata.name as string, leaf] as const;
    }),
  );
  return new Map(await Promise.all(leaves));
}

/** What the apiserver itself says of its calls to our webhook. */
export function apiserverMetrics(): Promise<string> {
  return kubectl(['get', '--raw', '/metrics']);
}
