/** How long a replica counts as live after its last heartbeat, in ms. */
export const REPLICA_LIFE_MS = 10_000;

/**
 * How many replicas share a limit, from what Redis counted while it lived.
 *
 * More are believed at once, fewer only once they have been told for as long
 * as a silent replica lives: a Redis that restarted empty has to hear from all
 * of them first. What was told last holds while Redis is away. Nothing told: 1.
 */
export class ReplicaCount {
  #samples: readonly { readonly count: number; readonly atMs: number }[] = [];

  get live(): number {
    return Math.max(1, ...this.#samples.map(({ count }) => count));
  }

  /** Redis counted so many; `isAfterAbsence`: the first word after it was away, so that what was told before is as good as new. */
  tell(count: number, nowMs: number, { isAfterAbsence } = { isAfterAbsence: false }): void {
    const kept = isAfterAbsence ? [{ count: this.live, atMs: nowMs }] : this.#samples.filter(({ atMs }) => nowMs - atMs <= REPLICA_LIFE_MS);
    this.#samples = [...kept, { count, atMs: nowMs }];
  }
}
