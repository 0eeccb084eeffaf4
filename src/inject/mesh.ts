import { listAt, textAt, valueAt } from './raw.ts';

const MESH_PROXIES = ['istio-proxy', 'linkerd-proxy'];

/** The name of the service mesh's proxy in the pod, as container or native sidecar. */
export function meshProxy(spec: unknown): string | undefined {
  return [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')].map((each) => textAt(each, 'name')).find(isMeshProxy);
}

/** True for the names that Istio and Linkerd give their proxies. */
export function isMeshProxy(name: string): boolean {
  return MESH_PROXIES.includes(name);
}

/** True for an init container that runs as long as the pod (KEP-753). */
export function isNativeSidecar(container: unknown): boolean {
  return valueAt(container, ['restartPolicy']) === 'Always';
}
