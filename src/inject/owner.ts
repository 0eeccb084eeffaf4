import type { Owner } from './facts.ts';
import { listAt, textAt, valueAt } from './raw.ts';

/** The reference whose `controller` is true, if any. */
export function controllerOf(object: unknown): Owner | undefined {
  const reference = listAt(object, 'metadata', 'ownerReferences').find((each) => valueAt(each, ['controller']) === true);
  return reference === undefined ? undefined : { kind: textAt(reference, 'kind'), name: textAt(reference, 'name') };
}

/**
 * The name under which a pod's buckets are kept, so that a rollout does not refill them: its controller, where that is
 * a ReplicaSet of a Deployment the Deployment (the ReplicaSet's name without the pod-template-hash, contract §2).
 */
export function ownerOfPod(pod: unknown): Owner {
  const controller = controllerOf(pod);
  // A name that is generated does not exist yet when webhooks see the pod.
  if (!controller)
    return { kind: 'Pod', name: textAt(pod, 'metadata', 'name') || textAt(pod, 'metadata', 'generateName').replace(/-+$/, '') };
  const hash = textAt(pod, 'metadata', 'labels', 'pod-template-hash');
  if (controller.kind !== 'ReplicaSet' || hash === '' || !controller.name.endsWith(`-${hash}`)) return controller;
  return { kind: 'Deployment', name: controller.name.slice(0, -hash.length - 1) };
}

/** The same name, told from the workload whose template the pods will have. */
export function ownerOfWorkload(kind: string, workload: unknown): Owner {
  return (
    controllerOf(workload) ?? {
      kind,
      name: textAt(workload, 'metadata', 'name') || textAt(workload, 'metadata', 'generateName').replace(/-+$/, ''),
    }
  );
}
