import type { Check } from './admin.ts';
import type { ConfigurationFile } from './configuration.ts';
import type { Limiter } from './limiter.ts';
import { type Held, type Listeners, renderAddress } from './listeners.ts';
import type { ServerOptions } from './server-options.ts';

export function configurationCheck({ isLoaded, problem }: Pick<ConfigurationFile, 'isLoaded' | 'problem'>): Check {
  return { name: 'configuration', isHeld: isLoaded, reason: problem };
}

/** Whether each address of each server is ours: what comes in at another's goes past the sidecar. */
export function portsCheck(listeners: Listeners, servers: readonly ServerOptions[]): Check {
  const lost = listeners.held.filter(({ error }) => error !== undefined);
  return { name: 'ports', isHeld: listeners.areAllHeld, reason: lost.map((held) => renderLost(held, servers)).join('; ') };
}

function renderLost({ address, error }: Held, servers: readonly ServerOptions[]): string {
  const server = servers.find(({ listen }) => listen.includes(address));
  // Of several servers which are redirected the address does not show which one it is.
  const isUnnamed = servers.length > 1 && server !== undefined && server.port !== address.port;
  return `${renderAddress(address)} ${error}${isUnnamed ? `, where port ${server.port} is sent` : ''}`;
}

export function redisCheck(limiter: Limiter | undefined): Check {
  const answer = limiter?.ready() ?? { ready: true };
  return { name: 'redis', isHeld: answer.ready, ...('reason' in answer && { reason: answer.reason }) };
}
