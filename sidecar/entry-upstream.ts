import { Pool } from 'undici';
import type { RemoteEntry } from '../src/settings/settings.ts';
import { EntryAttempt } from './entry-attempt.ts';
import { EntryBreaker } from './entry-breaker.ts';
import { createDial, type OpenSocket, openSocket } from './entry-dial.ts';
import type { EntryEvents } from './entry-events.ts';
import { type EntryCause, EntryFault } from './entry-fault.ts';
import { type Resolve, systemResolve } from './entry-resolve.ts';
import { EntryTrust } from './entry-trust.ts';
import type { Flow, Sink, Upstream, UpstreamRequest } from './forward.ts';

export interface EntryUpstreamDeps {
  /**
   * The file of the bundle, where the entry names one: the caller knows where it is mounted
   * (`<ca-bundles-dir>/<entry>/<key>`, or the entry's own `caFile`).
   */
  readonly caFile: string | undefined;
  /** The pod's own addresses, which are never dialled (contract §7). */
  readonly ownAddresses: readonly string[];
  readonly nowMs: () => number;
  readonly events?: EntryEvents;
  /** Absent: the system's resolver, with the search list of the pod. */
  readonly resolve?: Resolve;
  /** Absent: over TCP to one of the addresses. A test's servers are on loopback, which no entry may reach. */
  readonly openSocket?: OpenSocket;
  /** From the last byte of a request to the head of its response; absent: a minute. */
  readonly firstByteTimeoutMs?: number;
}

/**
 * A remote entry as an upstream of the pipeline, at the entry's origin.
 *
 * `Host` among a request's headers is the entry's, `target` a path at its origin; the caller sees to both. A failure
 * before the head carries an `EntryFault` with the text and status of the answer; redirects of the same origin are
 * followed in here, and any other is such a failure, so that no `Location` of a redirect is ever given to the sink.
 */
export interface EntryUpstream extends Upstream {
  /** Reads the bundle, and from then on watches it. Does not reject: what is wrong is told by `problem`. */
  start(): Promise<void>;
  /** Why nothing can be sent at all now: the text of a 503 that names entry, cause and remedy. */
  problem(): string | undefined;
  /** What does not stop the entry, or not yet, each a sentence for the readiness detail. */
  warnings(): readonly string[];
}

export type CreateEntryUpstream = (entry: RemoteEntry, deps: EntryUpstreamDeps) => EntryUpstream;

/** Calls and streams at once, each on a connection: twice the sessions of the default cap, as each may hold a stream of its own. */
export const MOST_CONNECTIONS = 200;
const FIRST_BYTE_TIMEOUT_MS = 60_000;
/** As towards the pod's own server (forward.ts): most announce theirs, which undici heeds. */
const KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_LIMIT_MS = 60_000;
const MAX_HEADER_BYTES = 64 * 1024;

export const createEntryUpstream: CreateEntryUpstream = (entry, deps) => new PooledEntry(entry, deps);

const nothing: Flow = { resume: () => undefined, abort: () => undefined };

class PooledEntry implements EntryUpstream {
  readonly #entry: RemoteEntry;
  readonly #deps: EntryUpstreamDeps;
  readonly #trust: EntryTrust;
  readonly #breaker: EntryBreaker;
  readonly #newPool: () => Pool;
  #pool: Pool;
  /** Of former bundles: calls under way end on them. */
  readonly #retired = new Set<Pool>();
  #inFlight = 0;
  #lastFault: EntryFault | undefined;

  constructor(entry: RemoteEntry, deps: EntryUpstreamDeps) {
    const { caFile, nowMs, events = {} } = deps;
    this.#entry = entry;
    this.#deps = deps;
    this.#trust = new EntryTrust(entry, { caFile, nowMs, events, onChange: () => this.#renew() });
    this.#breaker = new EntryBreaker({ nowMs, onChange: (isOpen) => this.#tellBreaker(isOpen) });
    const dial = createDial(entry, {
      trust: this.#trust,
      ownAddresses: deps.ownAddresses,
      nowMs,
      resolve: deps.resolve ?? systemResolve(),
      openSocket: deps.openSocket ?? openSocket,
    });
    this.#newPool = () =>
      new Pool(new URL(entry.url).origin, {
        connections: null,
        pipelining: 1,
        allowH2: false,
        connect: dial,
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE_MS,
        keepAliveMaxTimeout: KEEP_ALIVE_LIMIT_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
      });
    this.#pool = this.#newPool();
  }

  start(): Promise<void> {
    return this.#trust.start();
  }

  problem(): string | undefined {
    const { security } = this.#trust;
    if (security.kind !== 'unusable') return undefined;
    return `${security.problem}. Put the certificates of its CA there; they are taken up without a restart.`;
  }

  warnings(): readonly string[] {
    const { reloadProblem, ending } = this.#trust;
    return [
      reloadProblem && `${reloadProblem}; the last good one stays in use`,
      ending,
      this.#breaker.isOpen ? this.#notTried() : undefined,
    ].filter((warning) => warning !== undefined);
  }

  dispatch(request: UpstreamRequest, sink: Sink): Flow {
    const problem = this.problem();
    if (problem !== undefined) return this.#refuse(sink, { reason: 'ca-unusable', message: problem, retryAfterSeconds: 5 });
    if (this.#inFlight >= MOST_CONNECTIONS) {
      const message = `Remote entry "${this.#entry.name}" has ${MOST_CONNECTIONS} calls and streams under way, and takes no more at once. End some of them, or try again.`;
      return this.#refuse(sink, { reason: 'too-many-connections', message, retryAfterSeconds: 1 });
    }
    const trial = this.#breaker.admit();
    if ('waitMs' in trial) {
      const retryAfterSeconds = Math.max(1, Math.ceil(trial.waitMs / 1000));
      return this.#refuse(sink, { reason: 'breaker-open', message: this.#notTried(), retryAfterSeconds });
    }
    this.#count(1);
    const attempt = new EntryAttempt(
      {
        entry: this.#entry,
        pool: () => this.#pool,
        trial,
        firstByteTimeoutMs: this.#deps.firstByteTimeoutMs ?? FIRST_BYTE_TIMEOUT_MS,
        onUnconnected: (fault) => {
          this.#lastFault = fault;
        },
        onOver: (fault) => {
          this.#count(-1);
          if (fault) this.#deps.events?.onFault?.(fault.reason);
        },
      },
      request,
      sink,
    );
    return attempt.start();
  }

  async close(): Promise<void> {
    this.#trust.stop();
    await Promise.all([this.#pool, ...this.#retired].map((pool) => pool.destroy()));
  }

  /** New connections trust anew; idle ones close now, busy ones with the end of their call. */
  #renew(): void {
    const former = this.#pool;
    this.#pool = this.#newPool();
    this.#retired.add(former);
    const forget = (): boolean => this.#retired.delete(former);
    former.close().then(forget, forget);
    this.#breaker.reset();
  }

  /** Told once the caller has its flow, as a failure of a connection is. */
  #refuse(sink: Sink, fault: { readonly reason: EntryCause; readonly message: string; readonly retryAfterSeconds: number }): Flow {
    this.#deps.events?.onFault?.(fault.reason);
    let isGone = false;
    setImmediate(() => {
      if (!isGone) sink.fail({ error: new EntryFault({ ...fault, status: 503 }), wasSent: false, hadHead: false });
    });
    return {
      ...nothing,
      abort: () => {
        isGone = true;
      },
    };
  }

  #notTried(): string {
    const last = this.#lastFault === undefined ? '' : ` The last one: ${this.#lastFault.message}`;
    return `Remote entry "${this.#entry.name}" is left alone for a moment, as no connection to it could be made several times in a row.${last}`;
  }

  #tellBreaker(isOpen: boolean): void {
    this.#deps.events?.onBreaker?.(isOpen);
    if (isOpen) this.#deps.events?.onWarning?.(this.#notTried());
  }

  #count(change: 1 | -1): void {
    this.#inFlight += change;
    this.#deps.events?.onInFlight?.(this.#inFlight);
  }
}
