import { createConcurrencyAdmission } from '../src/policy/concurrency-admission.ts';
import type { SessionAdmission } from '../src/policy/session-admission.ts';
import type { Settings } from '../src/settings/settings.ts';
import type { Upstream } from './forward.ts';
import type { Limiter } from './limiter.ts';
import type { SessionMetrics } from './metrics.ts';
import { Orphans } from './orphans.ts';
import { ServerTraits } from './server-traits.ts';
import { createSessionAdmission } from './session-admission.ts';
import { SessionBook } from './session-book.ts';
import { SessionCloser } from './session-closer.ts';
import { SessionGate } from './session-gate.ts';
import { RedisSessionStore } from './store-redis-sessions.ts';

export interface Sessions {
  readonly gate: SessionGate;
  /** Sessions of this pod. */
  readonly count: number;
  retune(settings: Settings): void;
  /** Gives the places of this pod back. */
  stop(): Promise<void>;
}

export interface SessionsDeps {
  readonly settings: Settings;
  readonly limiter: Pick<Limiter, 'redis'> | undefined;
  readonly owner: string;
  /** The remote entry whose sessions they are; absent: the pod's own server's. They share no place and no name. */
  readonly entry?: string;
  /** Names this pod among those of its owner. */
  readonly pod: string;
  readonly upstream: Upstream;
  readonly upstreamHost: string;
  readonly metrics: SessionMetrics;
  readonly onWarning: (message: string) => void;
  /** A session of this pod was ended by us, or would have been. */
  readonly onReaped: (reason: string, mode: { readonly isShadow: boolean }) => void;
}

/** Puts gate, admission and what closes sessions together, and sets them going. */
export function startSessions(deps: SessionsDeps): Sessions {
  let { settings } = deps;
  const { entry, limiter, metrics, pod } = deps;
  const book = new SessionBook();
  const orphans = new Orphans();
  const closer = new SessionCloser(deps.upstream, deps.upstreamHost);
  const admission: SessionAdmission = createSessionAdmission({
    owner: entry === undefined ? deps.owner : `${deps.owner}\0${entry}`,
    limits: settings.sessions,
    events: {
      onEnded(id, reason) {
        const isShadow = settings.mode === 'shadow';
        gate.ended(id, reason, { isShadow });
        deps.onReaped(reason, { isShadow });
      },
      onWarning: deps.onWarning,
    },
    store: limiter && new RedisSessionStore({ redis: limiter.redis, pod, entry }),
    onRedisFailure: () => settings.redis?.onFailure ?? 'open',
    isShadow: () => settings.mode === 'shadow',
  });
  const concurrency = createConcurrencyAdmission(settings.sessions);
  const traits = new ServerTraits();
  const gate = new SessionGate({ book, closer, orphans, traits, metrics, admission, concurrency });
  admission.start();
  return {
    gate,
    get count() {
      return admission.count;
    },
    retune(next) {
      if (settings.mode === 'shadow' && next.mode !== 'shadow') admission.forgive();
      settings = next;
      admission.retune(next.sessions);
      concurrency.retune(next.sessions);
    },
    async stop() {
      orphans.stop();
      await admission.stop();
    },
  };
}
