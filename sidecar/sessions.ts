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
import { closingBudget, SessionCloser } from './session-closer.ts';
import { SessionGate } from './session-gate.ts';
import { RedisSessionStore } from './store-redis-sessions.ts';

/** A server whose sessions they are. */
export interface SessionServer {
  /**
   * Sets its sessions apart from those of the others: two servers may give the same id. Absent for the first of a pod,
   * whose sessions have the names that they have in a version which knows one server.
   */
  readonly name?: string | undefined;
  readonly upstream: Upstream;
  readonly upstreamHost: string;
}

/** Sessions that have their places together: those of one pod's servers, or of one remote entry. */
export interface Sessions {
  /** Where the sessions of one server are judged; for each once, before its first request. */
  gateOf(server: SessionServer): SessionGate;
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
  readonly metrics: SessionMetrics;
  readonly onWarning: (message: string) => void;
  /** A session of this pod was ended by us, or would have been. */
  readonly onReaped: (reason: string, mode: { readonly isShadow: boolean }) => void;
}

/** Behind a server's name. No id begins so: HTTP has no NUL in a header (RFC 9110 §5.5), and streams' ids have a beginning of their own. */
const BETWEEN = '\0';

/** Puts gates, admission and what closes sessions together, and sets them going. */
export function startSessions(deps: SessionsDeps): Sessions {
  let { settings } = deps;
  const { entry, limiter, metrics, pod } = deps;
  const gates = new Map<string, SessionGate>();
  const orphans = new Orphans();
  const waitingToClose = closingBudget();
  const admission: SessionAdmission = createSessionAdmission({
    owner: entry === undefined ? deps.owner : `${deps.owner}\0${entry}`,
    limits: settings.sessions,
    events: {
      onEnded(known, reason) {
        const isShadow = settings.mode === 'shadow';
        const at = known.indexOf(BETWEEN);
        const named = at === -1 ? undefined : gates.get(known.slice(0, at));
        // Further on a stream's id has whatever its address has.
        if (named === undefined) gates.get('')?.ended(known, reason, { isShadow });
        else named.ended(known.slice(at + 1), reason, { isShadow });
        deps.onReaped(reason, { isShadow });
      },
      onWarning: deps.onWarning,
    },
    store: limiter && new RedisSessionStore({ redis: limiter.redis, pod, entry }),
    onRedisFailure: () => settings.redis?.onFailure ?? 'open',
    isShadow: () => settings.mode === 'shadow',
  });
  const concurrency = createConcurrencyAdmission(settings.sessions);
  admission.start();
  return {
    gateOf({ name, upstream, upstreamHost }) {
      const closer = new SessionCloser(upstream, upstreamHost, waitingToClose);
      const own = { book: new SessionBook(), traits: new ServerTraits(), admission: admissionOf(admission, name) };
      const gate = new SessionGate({ ...own, closer, orphans, metrics, concurrency });
      gates.set(name ?? '', gate);
      return gate;
    },
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

/** The one admission, as a server asks it about its own sessions. */
function admissionOf(admission: SessionAdmission, name: string | undefined): Pick<SessionAdmission, 'reserve' | 'find'> {
  if (name === undefined) return admission;
  const known = (id: string): string => `${name}${BETWEEN}${id}`;
  return {
    async reserve(client) {
      const reserved = await admission.reserve(client);
      if (!reserved.ok) return reserved;
      const { slot } = reserved;
      return { ok: true, slot: { confirm: (id) => slot.confirm(known(id)), release: () => slot.release() } };
    },
    find: (id, client) => admission.find(known(id), client),
  };
}
