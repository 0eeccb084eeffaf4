import { isLoopback } from '../src/identity/cidr.ts';
import type { Check } from './admin.ts';
import { type AskApp, createAppProbes } from './app-probes.ts';
import { createUpstream } from './forward.ts';
import type { Listeners } from './listeners.ts';
import { createPipeline, type PipelineDeps, type PodInEffect } from './pipeline.ts';
import { createProxyServer, type ServerDeps } from './server.ts';
import type { ServerOptions } from './server-options.ts';
import type { SessionGate } from './session-gate.ts';
import type { Sessions } from './sessions.ts';
import { UpstreamProbe } from './upstream-probe.ts';

type Shared = Pick<PipelineDeps, 'maxBodyBytes' | 'isDraining' | 'metrics' | 'refusalLog'> &
  Omit<ServerDeps, 'isLoopbackListener' | 'answer'>;

export interface PodServerDeps extends Shared {
  /** What holds for all servers alike. */
  readonly inEffect: () => PodInEffect | undefined;
  /** Among the others of the pod; 0: the first, or the only one. */
  readonly index: number;
  /** Whether it has to say which one it is. */
  readonly isOneOfSeveral: boolean;
  readonly onProbe: (path: string, problem: string | undefined) => void;
}

/**
 * One MCP server of the pod, with all that is its own: where it listens, its way to the app, what is learnt of its
 * sessions and clients. What bounds and counts is the pod's.
 */
export interface PodServer {
  /** Where it listens. */
  addTo(listeners: Listeners): void;
  /** Once a configuration is in effect: where its sessions are judged. */
  join(sessions: Sessions): void;
  /** Whether something accepts where the app should. */
  check(): Check;
  readonly askApp: AskApp;
  startProbe(): void;
  stopProbe(): void;
  close(): Promise<void>;
}

export function createPodServer(options: ServerOptions, deps: PodServerDeps): PodServer {
  const { port, listen, upstreams, upstreamHost, probes } = options;
  const { isOneOfSeveral } = deps;
  const upstream = createUpstream(upstreams);
  const probe = new UpstreamProbe(upstreams);
  let gate: SessionGate | undefined;
  const answer = createPipeline({
    ...deps,
    inEffect: () => {
      const present = deps.inEffect();
      return present && gate && { ...present, sessions: gate };
    },
    upstream,
    upstreams,
    upstreamHost,
  });
  return {
    addTo(listeners) {
      for (const address of listen) {
        const isLoopbackListener = address.host !== undefined && isLoopback(address.host);
        listeners.add(address, createProxyServer({ ...deps, isLoopbackListener, answer }));
      }
    },
    join(sessions) {
      gate ??= sessions.gateOf({ upstream, upstreamHost, ...(deps.index > 0 && { name: `port ${port}` }) });
    },
    check: () => ({
      name: isOneOfSeveral ? `upstream:${port}` : 'upstream',
      isHeld: probe.isAccepting,
      reason: `nothing accepts at ${upstreams.join(', ')}`,
    }),
    askApp: createAppProbes({ probes, upstreams, upstreamHost, onChange: deps.onProbe, ...(isOneOfSeveral && { port }) }),
    startProbe: () => void probe.start(),
    stopProbe: () => probe.stop(),
    close: () => upstream.close(),
  };
}
