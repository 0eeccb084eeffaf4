import { RUNNING_PODS } from '../../inject/names.ts';
import { textAt, valueAt } from '../../inject/raw.ts';
import { type Answer, type Cluster, isAnswered, SYSTEM } from './outcome.ts';
import { optionOf, versionOfImage, webhookContainer } from './webhook-deployment.ts';

/** More than any installation has. */
const MAX_REPLICAS = 20;

export interface Replica {
  readonly name: string;
  readonly ready: Answer;
  /** In the text format of Prometheus; undefined where it was not to be had. */
  readonly metrics?: string;
}

/** What runs in a cluster, as far as it can be seen. */
export interface Installed {
  readonly deployment: object | undefined;
  /** Of the webhooks that run, or else of their image; empty where neither says. */
  readonly versions: readonly string[];
  /** Somebody else makes its certificate, cert-manager as a rule. */
  readonly isMounted: boolean;
  /** `forbidden`: they may not be listed. */
  readonly replicas: readonly Replica[] | 'forbidden';
}

/** Looks once for all checks. @throws where the cluster cannot be asked at all. */
export async function readInstalled(api: Cluster): Promise<Installed> {
  const deployment = await unlessForbidden(() => api.read(`/apis/apps/v1/namespaces/${SYSTEM}/deployments/mcp-sluice-webhook`));
  const replicas = (await unlessForbidden(() => readReplicas(api))) ?? 'forbidden';
  const told =
    replicas === 'forbidden' ? [] : replicas.flatMap(({ metrics = '' }) => labelOf(metrics, 'mcp_sluice_webhook_info', 'version'));
  const tag = versionOfImage(textAt(webhookContainer(deployment), 'image'));
  const versions = told.length > 0 ? told : tag === undefined ? [] : [tag];
  return { deployment, versions: [...new Set(versions)], isMounted: optionOf(deployment, 'tls-dir') !== undefined, replicas };
}

async function readReplicas(api: Cluster): Promise<readonly Replica[]> {
  const labelSelector = 'app.kubernetes.io/name=mcp-sluice,app.kubernetes.io/component=webhook';
  // Kubernetes keeps pods that were evicted; those and the ones on their way out after a rollout answer nobody.
  const query = { limit: MAX_REPLICAS, labelSelector, fieldSelector: RUNNING_PODS };
  const { items } = await api.list(`/api/v1/namespaces/${SYSTEM}/pods`, query);
  const there = items.filter((pod) => valueAt(pod, ['metadata', 'deletionTimestamp']) === undefined);
  return await Promise.all(
    there.map(async ({ metadata }) => {
      const name = metadata?.name ?? '';
      const proxy = `/api/v1/namespaces/${SYSTEM}/pods/https:${name}:10250/proxy`;
      const ready = await api.ask('GET', `${proxy}/readyz`);
      const metrics = ready.status === 403 ? undefined : await api.ask('GET', `${proxy}/metrics`);
      return { name, ready, ...(metrics?.status === 200 && { metrics: metrics.body }) };
    }),
  );
}

async function unlessForbidden<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!isAnswered(error)) throw error;
    return undefined;
  }
}

/** The value of a metric without labels. */
export function metricOf(metrics: string, name: string): number | undefined {
  const [, value] = new RegExp(`^${name} (-?[0-9.eE+-]+)$`, 'm').exec(metrics) ?? [];
  return value === undefined ? undefined : Number(value);
}

function labelOf(metrics: string, name: string, label: string): string[] {
  const [, value] = new RegExp(`^${name}\\{(?:[^}]*,)?${label}="([-+.0-9A-Za-z]{1,40})"`, 'm').exec(metrics) ?? [];
  return value === undefined ? [] : [value];
}
