import type { Issue } from '../lib/issue.ts';
import { listAt, type Path, textAt, valueAt } from './raw.ts';

const OS_LABEL = 'kubernetes.io/os';
const REQUIRED_NODES: Path = ['affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms'];

/** Pods that no capture can work in. */
export function unfit(spec: unknown): Issue[] {
  const issues: Issue[] = [];
  if (valueAt(spec, ['hostNetwork']) === true) {
    const message =
      "the pod shares the node's network: its ports are the node's, and the sidecar cannot stand before one of them; take hostNetwork away";
    issues.push({ code: 'HOST_NETWORK', path: ['spec', 'hostNetwork'], message });
  }
  const windows = saysWindows(spec);
  if (windows) {
    const message = 'the sidecar runs on Linux only: it cannot be injected into a Windows pod';
    issues.push({ code: 'WINDOWS', path: ['spec', ...windows], message });
  }
  return issues;
}

/** Where the pod says that it is for Windows nodes; a pod that leaves it to taints cannot be told. */
function saysWindows(spec: unknown): Path | undefined {
  const selector: Path = ['nodeSelector', OS_LABEL];
  if (textAt(spec, ...selector) === 'windows') return selector;
  if (textAt(spec, 'os', 'name') === 'windows') return ['os', 'name'];
  // The terms are alternatives: only where each of them wants Windows does the pod.
  const terms = listAt(spec, ...REQUIRED_NODES);
  return terms.length > 0 && terms.every(wantsWindows) ? REQUIRED_NODES : undefined;
}

function wantsWindows(term: unknown): boolean {
  return listAt(term, 'matchExpressions').some((expression) => {
    const values = listAt(expression, 'values');
    return textAt(expression, 'key') === OS_LABEL && textAt(expression, 'operator') === 'In' && values.join() === 'windows';
  });
}
