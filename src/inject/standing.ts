import { driftOf } from './drift.ts';
import type { Facts } from './facts.ts';
import { CAPTURE, INJECT_KEY, INJECTED_LABEL, SIDECAR } from './names.ts';
import { initIndex, isOurImage } from './ours.ts';
import { listAt, textAt, textsAt, valueAt } from './raw.ts';
import { readStamp, VERSION } from './stamp.ts';
import { isMirrorPod, STATIC_POD_WAY } from './static-pod.ts';

/**
 * How a running pod stands to what the webhook would make of it today: as made today; made by another version, with
 * another image or another configuration; asking for a sidecar that it lacks; with something in the sidecar's place that is none.
 */
export type PodState = 'fresh' | 'stale' | 'naked' | 'forged';

export interface Standing {
  readonly state: PodState;
  /** Half a sentence, without a capital; empty for a fresh one. */
  readonly reason: string;
}

/** What the webhook makes of pods today. */
export interface Today extends Pick<Facts, 'image' | 'allowedImages'> {
  /** Of the webhook, where that is not ours. */
  readonly version?: string;
  /** The pod's; absent where the caller does not know it. */
  readonly namespace?: Pick<Facts['namespace'], 'annotations'>;
  /** The cluster's, likewise. */
  readonly defaults?: Facts['defaults'];
}

/**
 * Undefined for a pod that is none of ours. Judged by the containers, as an annotation or a label is whatever its author
 * wrote; the policies say the same at admission (manifests/base/policy-*.yaml).
 */
export function standingOf(pod: unknown, today: Today): Standing | undefined {
  const asks = textAt(pod, 'metadata', 'annotations', INJECT_KEY) === 'true';
  const isLabelled = textAt(pod, 'metadata', 'labels', INJECTED_LABEL) === 'true';
  const spec = valueAt(pod, ['spec']);
  const sidecar = listAt(spec, 'initContainers')[initIndex(spec, SIDECAR)];
  if (sidecar === undefined) {
    if (asks) return { state: 'naked', reason: `it asks for the sidecar and runs without${isMirrorPod(pod) ? `; ${STATIC_POD_WAY}` : ''}` };
    return isLabelled ? forged(`it has label ${INJECTED_LABEL} and no sidecar`) : undefined;
  }
  const image = textAt(sidecar, 'image');
  if (!isOurImage(image, today)) return forged(`container ${SIDECAR} runs image ${image || 'none'}, which is not ours`);
  if (!runsSidecar(spec, sidecar)) return forged(`container ${SIDECAR} does not run what the webhook would have it run`);
  if (!isLabelled) return forged(`it runs the sidecar without label ${INJECTED_LABEL}, so nobody looked at its image`);
  if (image !== today.image) return { state: 'stale', reason: `its sidecar runs ${image}, and ${today.image} is injected now` };
  const annotations = textsAt(pod, 'metadata', 'annotations');
  const version = stampedVersion(annotations);
  // Who asks from outside may be of another version than the webhook.
  const current = today.version ?? VERSION;
  if (version !== current) return { state: 'stale', reason: `it was injected by version ${version}, and ${current} runs now` };
  // Another version may hash and inherit in another way.
  if (current !== VERSION) return { state: 'fresh', reason: '' };
  const { namespace, defaults } = today;
  const drift = driftOf(annotations, namespace && { annotations: namespace.annotations, defaults });
  return drift === undefined ? { state: 'fresh', reason: '' } : { state: 'stale', reason: drift };
}

function forged(reason: string): Standing {
  return { state: 'forged', reason };
}

function runsSidecar(spec: unknown, sidecar: unknown): boolean {
  const args = listAt(sidecar, 'args');
  const isSidecar = textAt(sidecar, 'restartPolicy') === 'Always' && valueAt(sidecar, ['command']) === undefined;
  if (!isSidecar || args[0] !== 'sidecar' || !args.includes('--in-pod')) return false;
  if (!args.includes('--capture=redirect')) return true;
  const capture = listAt(spec, 'initContainers')[initIndex(spec, CAPTURE)];
  return capture !== undefined && valueAt(capture, ['command']) === undefined && listAt(capture, 'args').includes('capture');
}

/** Text that anybody may have written: bounded, and never more than shown. */
function stampedVersion(annotations: Readonly<Record<string, string>>): string {
  const version = textAt(readStamp(annotations), 'version');
  return /^[-+.0-9A-Za-z]{1,40}$/.test(version) ? version : 'unknown';
}
