import type { Bucket } from '../settings/settings.ts';

/** One bucket that a call is to be charged to. */
export interface Charge {
  /**
   * Names the bucket within its owner; made so that no tool or client name can
   * collide with another scope. A client appears only as its keyed hash.
   */
  readonly name: string;
  /** What a user reads: `shared`, `perClient`, `tool:search`, `method:resources/read`, … */
  readonly label: string;
  readonly bucket: Bucket;
  /** Tokens to take. */
  readonly cost: number;
}

export interface ChargeState {
  /** Whole tokens left after the decision. */
  readonly remaining: number;
  /** Milliseconds until this bucket holds what this call needs; 0 where it did. */
  readonly waitMs: number;
  /** Milliseconds until one whole token more than `remaining` is there; absent where the bucket is full. */
  readonly nextMs?: number;
}

export interface Decision {
  readonly allowed: boolean;
  /** Milliseconds until all violated buckets hold enough; 0 when allowed. */
  readonly waitMs: number;
  /** In the order of the charges. */
  readonly states: readonly ChargeState[];
}

/** Takes from all buckets of a call or from none, atomically. Rejects when the store cannot answer. */
export interface LimiterStore {
  take(charges: readonly Charge[]): Promise<Decision>;
}
