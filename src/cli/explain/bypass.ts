import { declaredPorts } from '../../inject/port.ts';
import type { Settings } from '../../settings/settings.ts';
import { lastingContainers } from './pod-security.ts';

/** What a request can still do past the sidecar of a pod, or past its limits; docs/threat-model.md has the whole of it. */
export function waysPast(spec: unknown, port: number, settings: Settings): string[] {
  const others = lastingContainers(spec).filter((name) => !name.startsWith('mcp-sluice'));
  const ports = declaredPorts(spec).filter(
    (each) => each.number !== port && each.protocol === 'TCP' && !each.container.startsWith('mcp-sluice'),
  );
  const { identity, rateLimit, redis } = settings;
  return [
    'whoever may create pods/portforward, pods/exec, pods/attach or pods/ephemeralcontainers reaches the server over loopback',
    ...(others.length > 1 ? [`the containers of the pod share its loopback: ${others.join(', ')}`] : []),
    ...ports.map(({ number, name, container }) => `port ${number}${name ? ` (${name})` : ''} of container ${container} is not captured`),
    'whoever may label the namespace mcp-sluice.dev/webhook: ignore takes its new pods out of webhook and policies',
    ...(rateLimit === undefined ? ['no rate-limit is set: every call passes, and is counted'] : []),
    ...(settings.mode === 'shadow' ? ['mode is shadow: what a limit would refuse passes, and is logged'] : []),
    ...(redis !== undefined && rateLimit !== undefined ? whileAway(redis.onFailure) : []),
    ...(identity?.header === undefined
      ? []
      : [`any of ${identity.header.from.join(', ')} can say who calls, by the header ${identity.header.name}`]),
    ...(settings.paths.length === 0 ? [] : [`what is no JSON-RPC passes outside of ${settings.paths.join(', ')}`]),
  ];
}

function whileAway(onFailure: 'open' | 'local' | 'closed'): string[] {
  if (onFailure === 'closed') return [];
  if (onFailure === 'open') return ['while Redis does not answer every call passes (on-redis-failure: open)'];
  return ['while Redis does not answer each replica holds a share of the limit by itself (on-redis-failure: local)'];
}
