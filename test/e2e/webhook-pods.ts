import { isReady } from './cluster.ts';
import { SYSTEM } from './install.ts';
import { type KubeObject, kubectl, listObjects } from './kubectl.ts';

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
  return webhookPods().then((pods) =>
    Promise.all(
      pods.map(({ metadata }) => kubectl(['get', '--raw', `/api/v1/namespaces/${SYSTEM}/pods/https:${metadata.name}:10250/proxy/metrics`])),
    ),
  );
}

/** What the apiserver itself says of its calls to our webhook. */
export function apiserverMetrics(): Promise<string> {
  return kubectl(['get', '--raw', '/metrics']);
}
