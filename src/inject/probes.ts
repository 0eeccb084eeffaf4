import type { Issue } from '../lib/issue.ts';
import { appContainers } from './app-containers.ts';
import { listAt, type Path, textAt, valueAt } from './raw.ts';

const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'];

/** Probes that would ask the sidecar and not the app: a TCP connection to the captured port always opens, gRPC it does not speak. */
export function judgeProbes(spec: unknown, at: Path, port: number): Issue[] {
  const found: Issue[] = [];
  for (const { container, name, at: place } of appContainers(spec)) {
    for (const probe of PROBES) {
      for (const handler of ['tcpSocket', 'grpc']) {
        if (probedPort(container, valueAt(container, [probe, handler, 'port'])) !== port) continue;
        const message = `container ${name} is probed by ${handler} on port ${port}, where the sidecar answers for it: use httpGet or exec`;
        found.push({ code: 'PROBE_CAPTURED', path: [...at, 'spec', ...place, probe], message });
      }
    }
  }
  return found;
}

function probedPort(container: unknown, port: unknown): number | undefined {
  if (typeof port === 'number') return port;
  const named = listAt(container, 'ports').find((each) => textAt(each, 'name') === port);
  const number = valueAt(named, ['containerPort']);
  return typeof number === 'number' ? number : undefined;
}
