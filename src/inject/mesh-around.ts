import type { Facts } from './facts.ts';
import { meshProxy } from './mesh.ts';
import { type Path, textsAt, valueAt } from './raw.ts';

const AMBIENT_LABEL = 'istio.io/dataplane-mode';

/**
 * The mesh that dials the app from inside the pod, as words for a message: by a proxy that stands in the pod, by Istio's
 * ambient mode, or, for a template, by a proxy that its pods will get before we see them.
 */
export function meshAround(root: unknown, at: Path, namespace: Facts['namespace']): string | undefined {
  const pod = valueAt(root, at);
  const [labels, annotations] = [textsAt(pod, 'metadata', 'labels'), textsAt(pod, 'metadata', 'annotations')];
  const proxy = meshProxy(valueAt(pod, ['spec']));
  if (proxy !== undefined) return proxy;
  // ztunnel enters the pod's network namespace and dials from there; the pod's own label counts before the namespace's.
  if ((labels[AMBIENT_LABEL] ?? namespace.labels[AMBIENT_LABEL]) === 'ambient') return `Istio's ambient mode (${AMBIENT_LABEL}: ambient)`;
  if (at.length === 0) return undefined;
  return istioToCome({ ...annotations, ...labels }, namespace.labels) ?? linkerdToCome(annotations, namespace.annotations);
}

type Texts = Readonly<Record<string, string>>;

/** As Istio's webhook configuration selects: the pod's label (once an annotation) before the namespace's. */
function istioToCome(ofPod: Texts, ofNamespace: Texts): string | undefined {
  const asked = ofPod['sidecar.istio.io/inject'];
  if (asked === 'false' || ofNamespace['istio-injection'] === 'disabled') return undefined;
  const because = (cause: string) => `istio-proxy, which ${cause} brings`;
  if (asked === 'true') return because('sidecar.istio.io/inject: "true"');
  if (ofNamespace['istio-injection'] === 'enabled') return because("the namespace's istio-injection: enabled");
  const revision = ofPod['istio.io/rev'] ?? ofNamespace['istio.io/rev'];
  return revision === undefined ? undefined : because(`istio.io/rev: ${revision.slice(0, 63)}`);
}

function linkerdToCome(ofPod: Texts, ofNamespace: Texts): string | undefined {
  const asked = ofPod['linkerd.io/inject'] ?? ofNamespace['linkerd.io/inject'] ?? '';
  return ['enabled', 'ingress'].includes(asked) ? `linkerd-proxy, which linkerd.io/inject: ${asked} brings` : undefined;
}
