/** What sessions are held to; all of it may change while the process runs. */
export interface SessionLimits {
  /** Sessions at once, over all replicas. */
  readonly max: number;
  /** Of one client; callers without a name are exempt (contract §2). */
  readonly maxPerClient: number;
  readonly idleTimeoutMs: number;
  /** From its opening; a session older than this ends once nothing of it is in flight. */
  readonly maxLifetimeMs: number;
  /** A full house first closes the session longest idle beyond this; absent: never. */
  readonly evictIdleMs?: number;
}

/** Why there is no slot. `unavailable`: Redis is away and `on-redis-failure` is `closed`. */
export interface SessionRefusal {
  readonly reason: 'full' | 'client-full' | 'unavailable';
  /** Milliseconds until a slot can fall free at the earliest. */
  readonly waitMs: number;
}

/** A place taken for a session that the upstream is yet to open. One that nobody confirms expires. */
export interface Slot {
  /** The upstream opened the session under this id: the place is its own from now on. */
  confirm(id: string): HeldSession;
  /** Gives the place back, unless it was confirmed. Unconditional, idempotent, never throws. */
  release(): void;
}

/** A session of this replica that has its place. */
export interface HeldSession {
  /**
   * A request or stream of it goes to the upstream: its clock stands still until `finish`. At once in nearly all cases;
   * a promise where the store has to be asked whether it was evicted a moment ago. False: it has ended.
   */
  begin(): true | Promise<boolean>;
  /** Once for every `begin` that was answered with true. */
  finish(): void;
  /** It ended by the client's or the upstream's word: its place is free at once. Idempotent. */
  end(): void;
}

export type Reserved = { readonly ok: true; readonly slot: Slot } | { readonly ok: false; readonly refusal: SessionRefusal };

/** Why the store ended a session; `lost`: another replica has counted it out. */
export type EndReason = 'idle' | 'lifetime' | 'evicted' | 'lost';

/** What all replicas know of a session that this one does not hold. */
export type Found =
  /** No record of it: adopted on the upstream's first 2xx, within the cap. */
  | { readonly kind: 'unknown' }
  /** It was reaped: 404 whatever the upstream would say. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'foreign' }
  /** This replica's before it was started anew: it has its place already. */
  | { readonly kind: 'resumed'; readonly session: HeldSession }
  /** The same client's, at another pod. */
  | { readonly kind: 'elsewhere'; readonly pod: string };

/** The only place that decides whether one more session may be (contract §6 "Sessions"). */
export interface SessionAdmission {
  /** Sessions of this replica that have their place. */
  readonly count: number;
  /** `client` as it was identified; undefined: anonymous. Never rejects; at most about 100 ms. */
  reserve(client: string | undefined): Promise<Reserved>;
  /** Never rejects; `unknown` while Redis is away. */
  find(id: string, client: string | undefined): Promise<Found>;
  retune(limits: SessionLimits): void;
  /** Ended sessions of this replica are unknown ones from now on: they lived on, as nothing was enforced. */
  forgive(): void;
  start(): void;
  /** Gives all places of this replica back. */
  stop(): Promise<void>;
}

export interface SessionAdmissionEvents {
  /** The sweep, or an eviction, ended a session of this replica; its place is free. Not called for `end()`. */
  onEnded(id: string, reason: EndReason): void;
  /** Redis answers, but not as it is to: a right that we lack, no memory. At most once in ten seconds. */
  onWarning?(message: string): void;
}
