import { type KubeApi, type KubeObject, kubePaths } from './kube-api.ts';
import { HTTPS_PORT_NAME, WEBHOOK_CONTAINER, WEBHOOK_LABELS } from './names.ts';
import { type Address, distrust, readServedChain } from './served-chain.ts';

/** More replicas than anybody runs. */
const MAX_REPLICAS = 100;
/** For another image than the container's own. */
const IMAGE_OPTION = '--image=';

export interface Replica {
  readonly name: string;
  readonly address: Address;
  readonly isReady: boolean;
}

interface PodShape {
  readonly spec?: { readonly containers?: readonly ContainerShape[] };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}
interface ContainerShape {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly ports?: readonly ContainerPort[];
}
interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
}

/**
 * The pods that are there to stay, ready or not, in the order of their names.
 *
 * @throws KubeError.
 */
export async function listReplicas(api: KubeApi, namespace: string): Promise<Replica[]> {
  const staying = (await listPods(api, namespace)).filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  return staying.flatMap(replicaOf).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * All that an apiserver's call may reach: also those on their way out, until each apiserver has learned of it.
 *
 * @throws KubeError.
 */
export async function listServing(api: KubeApi, namespace: string): Promise<Replica[]> {
  return (await listPods(api, namespace)).flatMap(replicaOf);
}

/**
 * What the pods that run inject, those on their way out among them: they serve on for a moment.
 *
 * @throws KubeError.
 */
export async function imagesOfReplicas(api: KubeApi, namespace: string): Promise<string[]> {
  const images = (await listPods(api, namespace)).flatMap((pod) => {
    const { spec, status } = pod as PodShape;
    const container = spec?.containers?.find(({ name }) => name === WEBHOOK_CONTAINER);
    const told = container?.args?.find((each) => each.startsWith(IMAGE_OPTION))?.slice(IMAGE_OPTION.length);
    const image = told ?? container?.image ?? '';
    return status?.phase === 'Running' && image !== '' ? [image] : [];
  });
  return [...new Set(images)];
}

async function listPods(api: KubeApi, namespace: string): Promise<readonly KubeObject[]> {
  const labelSelector = Object.entries(WEBHOOK_LABELS)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  return (await api.list(kubePaths.pod(namespace), { limit: MAX_REPLICAS, labelSelector })).items;
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
  if (status?.phase !== 'Running' || !status.podIP || port === undefined) return [];
  const isReady = status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
  return [{ name: pod.metadata?.name ?? '', address: { host: status.podIP, port }, isReady }];
}
