import { type KubeApi, type KubeObject, kubePaths, type OwnerReference } from './kube-api.ts';

/** As an Event refers to an object. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

/**
 * Whom a person looks at: the Deployment of a pod's ReplicaSet, the CronJob of its Job, its controller of any other
 * kind, or the pod itself, as for a static pod, whose controller is its node. Controllers in between that are not to be
 * read are taken for the top.
 *
 * @throws nothing.
 */
export async function topOwnerOf(api: Pick<KubeApi, 'read'>, pod: KubeObject): Promise<ObjectReference> {
  const namespace = pod.metadata?.namespace ?? '';
  const own = { apiVersion: 'v1', kind: 'Pod', name: pod.metadata?.name ?? '', namespace, uid: pod.metadata?.uid ?? '' };
  const first = controllerOf(pod);
  if (first === undefined || (first.kind === 'Node' && first.apiVersion === 'v1')) return own;
  const path = pathOf(first, namespace);
  const between = path === undefined ? undefined : await api.read(path).catch(() => undefined);
  // A name may have been given again: to another object, of which our pod is not.
  const above = between?.metadata?.uid === first.uid ? controllerOf(between) : undefined;
  return referenceTo(above ?? first, namespace);
}

function controllerOf(object: KubeObject | undefined): OwnerReference | undefined {
  return object?.metadata?.ownerReferences?.find(({ controller }) => controller === true);
}

function pathOf({ kind, apiVersion, name }: OwnerReference, namespace: string): string | undefined {
  if (kind === 'ReplicaSet' && apiVersion === 'apps/v1') return kubePaths.replicaSet(namespace, name);
  return kind === 'Job' && apiVersion === 'batch/v1' ? kubePaths.job(namespace, name) : undefined;
}

function referenceTo({ apiVersion = '', kind, name, uid = '' }: OwnerReference, namespace: string): ObjectReference {
  return { apiVersion, kind, name, namespace, uid };
}
