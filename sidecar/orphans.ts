import type { Flow } from './forward.ts';

const MOST = 256;
/** No server takes longer to open a session that anybody waits for. */
const LIFE_MS = 30_000;

/** Requests whose clients have left, and whose answers are awaited all the same, for a while. */
export class Orphans {
  readonly #timers = new Map<Flow, NodeJS.Timeout>();

  get count(): number {
    return this.#timers.size;
  }

  /** False where there are too many. `onExpired` where the answer did not come in time; the flow is aborted then. */
  keep(flow: Flow, onExpired: () => void): boolean {
    if (this.#timers.size >= MOST) return false;
    const timer = setTimeout(() => {
      this.leave(flow);
      onExpired();
    }, LIFE_MS);
    this.#timers.set(flow, timer.unref());
    return true;
  }

  leave(flow: Flow): void {
    clearTimeout(this.#timers.get(flow));
    this.#timers.delete(flow);
    flow.abort();
  }

  stop(): void {
    for (const flow of [...this.#timers.keys()]) this.leave(flow);
  }
}
