import type { SessionLimits, SessionRefusal } from '../src/policy/session-admission.ts';

/** A place as the store knows it. Times are ages in ms: the clocks of replicas and store differ. */
export interface StoredPlace {
  readonly name: string;
  /** The keyed hash of the client; empty: anonymous. */
  readonly client: string;
  readonly openedAgoMs: number;
  /** Undefined: something of it is in flight. */
  readonly idleForMs: number | undefined;
  /** Kept for a session that the upstream is yet to open. */
  readonly isReservation: boolean;
}

/** One change of this replica's places; all changes of a call are made together. */
export type Change =
  | ({
      readonly kind: 'put';
      /** Also where it was reaped or is another pod's: the upstream has just opened it, or it is in flight here. */
      readonly isCertain: boolean;
    } & StoredPlace)
  | { readonly kind: 'drop'; readonly name: string /** Leaves a tombstone. */; readonly isReaped: boolean };

export interface Recorded {
  /** How many places of this replica the store has now. */
  readonly count: number;
  /** Of this replica, by a full house elsewhere, since the last call. */
  readonly evicted: readonly string[];
  /** Not put, as they have ended: reaped. */
  readonly gone: readonly string[];
  /** Not put, as another pod that lives has them. */
  readonly lost: readonly string[];
}

export type StoreVerdict = ({ readonly ok: true } | { readonly ok: false; readonly refusal: SessionRefusal }) & {
  readonly evicted: readonly string[];
};

export type StoreFound =
  | { readonly kind: 'unknown' | 'ended' | 'foreign' }
  | { readonly kind: 'here'; readonly openedAgoMs: number; readonly idleForMs: number | undefined }
  | { readonly kind: 'elsewhere'; readonly pod: string };

/** The places of all replicas of an owner. Every call is atomic, is made in the order of the calls, and rejects where the store cannot answer. */
export interface SessionStore {
  /** Whether it is worth asking. */
  readonly isUp: boolean;
  /** How many replicas share the places; 1 until told. */
  readonly replicas: number;
  clientHash(client: string): string;
  /** Calls back each time that it has become reachable. */
  onUp(listener: () => void): void;
  reserve(name: string, client: string, limits: SessionLimits): Promise<StoreVerdict>;
  /** Also says that this replica lives. */
  record(changes: readonly Change[]): Promise<Recorded>;
  find(name: string, client: string): Promise<StoreFound>;
  /** All places of this replica. */
  list(): Promise<readonly StoredPlace[]>;
  /** Gives the places of this replica back. */
  leave(): Promise<void>;
}
