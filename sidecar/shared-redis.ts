import type { Script } from './bucket-script.ts';

/** The one connection of a sidecar to Redis, as limiter and sessions share it: breaker, deadline and client key with it. */
export interface SharedRedis {
  /** Whether Redis answered when it was last asked. */
  readonly isUp: boolean;
  /** How many replicas of the owner live, by what Redis counted last. */
  readonly replicas: number;
  /** The keyed hash that stands for a client; with another key once the replicas have agreed on one. */
  clientHash(client: string): string;
  /** Calls back each time that a connection was opened. */
  onUp(listener: () => void): void;
  /**
   * Runs a script; keys are named within the owner's slot. Rejects with a
   * RedisFailure: at once while Redis is away, else within the deadline.
   */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
}
