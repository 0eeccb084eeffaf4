import { type KubeApi, type KubeObject, kubePaths } from './kube-api.ts';
import { HTTPS_PORT_NAME, WEBHOOK_CONTAINER, WEBHOOK_LABELS } from './names.ts';
import { type Address, distrust, readServedChain } from './served-chain.ts';

/** More replicas than anybody runs. */
const MAX_REPLICAS = 100;

export interface Replica {
  readonly name: string;
  readonly address: Address;
  readonly isReady: boolean;
}

interface PodShape {
  readonly spec?: { readonly containers?: readonly { readonly name: string; readonly ports?: readonly ContainerPort[] }[] };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}
interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
}

/**
 * The pods that an apiserver's call may reach, ready or not; ones on their way out are not asked any more. In the order
 * of their names.
 *
 * @throws KubeError.
 */
export async function listReplicas(api: KubeApi, namespace: string): Promise<Replica[]> {
  const labelSelector = Object.entries(WEBHOOK_LABELS)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const { items } = await api.list(kubePaths.pod(namespace), { limit: MAX_REPLICAS, labelSelector });
  return items.flatMap(replicaOf).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * What stands against every replica's being trusted by this bundle, one sentence for each; none: all are.
 *
 * @throws KubeError.
 */
export async function distrustedReplicas(
  replicas: readonly Replica[],
  { bundle, serverName, clock }: { readonly bundle: string; readonly serverName: string; readonly clock: () => number },
): Promise<string[]> {
  const reasons = await Promise.all(
    replicas.map(async ({ name, address }) => {
      try {
        const reason = distrust(await readServedChain(address, serverName), bundle, serverName, clock());
        return reason === undefined ? [] : [`${name}: ${reason}`];
      } catch (error) {
        return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
      }
    }),
  );
  return reasons.flat();
}

function replicaOf(pod: KubeObject): Replica[] {
  const { spec, status } = pod as PodShape;
  const ports = spec?.containers?.find(({ name }) => name === WEBHOOK_CONTAINER)?.ports ?? [];
  const port = ports.find(({ name }) => name === HTTPS_PORT_NAME)?.containerPort;
  const isThere = status?.phase === 'Running' && pod.metadata?.deletionTimestamp === undefined;
  if (!isThere || !status?.podIP || port === undefined) return [];
  const isReady = status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
  return [{ name: pod.metadata?.name ?? '', address: { host: status.podIP, port }, isReady }];
}
