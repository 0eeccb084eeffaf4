import type { Issue } from '../lib/issue.ts';
import { ADMIN_PORT, ENTRIES_PORT, redirectPorts } from '../lib/ports.ts';
import type { Settings } from '../settings/settings.ts';
import type { Facts, Findings } from './facts.ts';
import type { Declared } from './port.ts';

export type Capture = 'redirect' | 'takeover';

const ENFORCED_LEVEL = 'pod-security.kubernetes.io/enforce';

/** How the traffic comes to the sidecar; `auto` takes over where `redirect` could not work (contract §5). */
export function decideCapture(wanted: Settings['capture'], mesh: string | undefined, labels: Facts['namespace']['labels']): Capture {
  if (wanted === 'redirect' || wanted === 'takeover') return wanted;
  return forbidsNetAdmin(labels) || mesh !== undefined ? 'takeover' : 'redirect';
}

/** Where the chosen way cannot work in this pod and namespace. */
export function judgeCapture(capture: Capture, mesh: string | undefined, facts: Facts): Findings {
  if (capture !== 'redirect') return { issues: [], cautions: [] };
  const issues: Issue[] = [];
  const cautions: Issue[] = [];
  if (mesh !== undefined) {
    const message = `redirect cannot work beside ${mesh}: the app is dialled from inside the pod, past the redirect; use takeover or auto`;
    issues.push({ code: 'REDIRECT_WITH_MESH', path: ['capture'], message });
  }
  if (forbidsNetAdmin(facts.namespace.labels)) {
    const level = facts.namespace.labels[ENFORCED_LEVEL];
    const message = `redirect needs NET_ADMIN, which this namespace refuses (Pod Security "${level}"): use takeover or auto`;
    cautions.push({ code: 'REDIRECT_FORBIDDEN', path: ['capture'], message });
  }
  return { issues, cautions };
}

/** Ports that the sidecar itself has to hold in the pod, so many of its own being captured. */
export function judgePorts(
  { capture, servers }: { readonly capture: Capture | undefined; readonly servers: number },
  hasEntries: boolean,
  all: readonly Declared[],
): Issue[] {
  const ours = [ADMIN_PORT, ...(capture === 'redirect' ? redirectPorts(servers) : []), ...(hasEntries ? [ENTRIES_PORT] : [])];
  const taken = all.filter((port) => port.protocol === 'TCP' && ours.includes(port.number));
  return taken.map((port) => ({
    code: 'PORT_RESERVED',
    path: ['port'],
    message: `container ${port.container} declares port ${port.number}, which the sidecar needs for itself: let the app use another one`,
  }));
}

function forbidsNetAdmin(labels: Facts['namespace']['labels']): boolean {
  return ['baseline', 'restricted'].includes(labels[ENFORCED_LEVEL] ?? '');
}
