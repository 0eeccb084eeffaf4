import type { Issue } from '../lib/issue.ts';
import { MOST_SERVERS } from '../lib/ports.ts';
import { PREFIX } from '../lib/prefix.ts';
import { judgeIstioProbes } from './istio-probes.ts';
import { declaredPorts } from './port.ts';
import { type Path, valueAt } from './raw.ts';

/** What of the pod's own making weakens the sidecar without preventing it: worth a sentence, never a denial. */
export function judgeSurroundings(root: unknown, at: Path, captured: readonly number[]): Issue[] {
  const pod = valueAt(root, at);
  const inPod = judgeIstioProbes(pod, captured);
  return [...otherMcpPorts(valueAt(pod, ['spec']), captured), ...inPod.map((issue) => ({ ...issue, path: [...at, ...issue.path] }))];
}

/** A second MCP port is nobody's mistake by itself, but whoever names it so may believe that it is metered. */
function otherMcpPorts(spec: unknown, captured: readonly number[]): Issue[] {
  const others = declaredPorts(spec).filter(
    ({ name, number, protocol }) => protocol === 'TCP' && !captured.includes(number) && /^mcp(-|$)/.test(name),
  );
  const metered = `only port${captured.length === 1 ? '' : 's'} ${captured.join(', ')} ${captured.length === 1 ? 'is' : 'are'}`;
  const way = (number: number) =>
    captured.length < MOST_SERVERS ? `set ${PREFIX}port: "${[...captured, number].join(', ')}"` : 'give it a pod of its own';
  return others.map(({ container, name, number }) => ({
    code: 'PORT_UNMETERED',
    path: ['port'],
    message: `port ${number} (${name}, container ${container}) is not metered, ${metered}: where an MCP server is behind it ${way(number)}`,
  }));
}

/** In one process namespace `/proc` shows root, or the sidecar's own user, the files that are mounted for it. */
export function judgeSharing(spec: unknown, secrets: readonly string[]): Issue[] {
  if (secrets.length === 0 || valueAt(spec, ['shareProcessNamespace']) !== true) return [];
  const message =
    `every container of the pod that runs as root can read ${secrets.join(' and ')} out of the sidecar: take shareProcessNamespace away, ` +
    'or let them give no more rights than the app may have';
  return [{ code: 'SHARED_PROCESSES', path: ['spec', 'shareProcessNamespace'], message }];
}
