import type { Issue } from '../lib/issue.ts';
import { ADMIN_PORT } from '../lib/ports.ts';
import { listAt, objectAt, type Raw, textAt, textsAt, valueAt } from './raw.ts';

const PROXY = 'istio-proxy';
const REWRITES = 'sidecar.istio.io/rewriteAppHTTPProbers';
const EXCLUDED_PORTS = 'traffic.sidecar.istio.io/excludeInboundPorts';

/**
 * What Istio does to probes and its webhook alone can undo: it comes before ours (`istio-…` sorts before `mcp-sluice`),
 * so that ours are not among those that it rewrites, and the app's are rewritten already.
 */
export function judgeIstioProbes(pod: unknown, captured: readonly number[]): Issue[] {
  const proxy = [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')].find(
    (each) => textAt(each, 'name') === PROXY,
  );
  return proxy === undefined ? [] : [...sidecarsOwn(pod), ...askedByAgent(proxy, captured)];
}

/** Where the mesh insists on mTLS, the kubelet's plain request would never reach our container. */
function sidecarsOwn(pod: unknown): Issue[] {
  const { [EXCLUDED_PORTS]: ports = '' } = textsAt(pod, 'metadata', 'annotations');
  if (ports.split(',').some((each) => each.trim() === String(ADMIN_PORT))) return [];
  const message = `needs "${ADMIN_PORT}" where the mesh is set to STRICT mTLS, or the kubelet's probes of the sidecar fail: set it on the pod template, Istio reads it when it injects`;
  return [{ code: 'MESH_PROBES', path: ['metadata', 'annotations', EXCLUDED_PORTS], message }];
}

/** Istio's agent asks the app in the kubelet's place, at the pod's address: what it asks by TCP or gRPC, it asks us. */
function askedByAgent(proxy: unknown, captured: readonly number[]): Issue[] {
  const probers = listAt(proxy, 'env').find((each) => textAt(each, 'name') === 'ISTIO_KUBE_APP_PROBERS');
  const asked = Object.values(parsedObject(textAt(probers, 'value')));
  const kinds = (['tcpSocket', 'grpc'] as const).map((kind) => ({ kind, ports: asked.map((prober) => valueAt(prober, [kind, 'port'])) }));
  const [found] = kinds.flatMap(({ kind, ports }) => captured.filter((each) => ports.includes(each)).map((port) => ({ kind, port })));
  if (found === undefined) return [];
  const { kind, port } = found;
  const message = `needs "false" on the pod template, and the sidecar asks the app itself: Istio's agent asks it by ${kind} on port ${port}, where the sidecar answers`;
  return [{ code: 'PROBE_CAPTURED', path: ['metadata', 'annotations', REWRITES], message }];
}

function parsedObject(text: string): Raw {
  try {
    return objectAt(JSON.parse(text === '' ? '{}' : text));
  } catch {
    return {};
  }
}
