import type { SessionStore } from '../../sidecar/session-store.ts';
import { type ModelPlaces, modelStore } from './model-places.ts';

/** `refused`: nothing done; `unanswered`: done, and nobody hears of it; `late`: given up by who asked, and done some time later. */
export type Fault = 'none' | 'slow' | 'refused' | 'unanswered' | 'late';

/** One replica's store, which does to each call what it was told to. */
export class FaultyStore implements SessionStore {
  readonly replicas = 1;
  isUp = true;
  isDead = false;
  /** For the calls to come, in their order; none where it has run out. */
  faults: Fault[] = [];
  readonly #store: SessionStore;
  readonly #listeners: (() => void)[] = [];
  #late: (() => void)[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(model: ModelPlaces, pod: string) {
    this.#store = modelStore(model, pod);
  }

  clientHash(client: string): string {
    return this.#store.clientHash(client);
  }
  onUp(listener: () => void): void {
    this.#listeners.push(listener);
  }
  reserve(...args: Parameters<SessionStore['reserve']>) {
    return this.#call(() => this.#store.reserve(...args));
  }
  record(...args: Parameters<SessionStore['record']>) {
    return this.#call(() => this.#store.record(...args));
  }
  find(...args: Parameters<SessionStore['find']>) {
    return this.#call(() => this.#store.find(...args));
  }
  list() {
    return this.#call(() => this.#store.list());
  }
  leave() {
    return this.#call(() => this.#store.leave());
  }

  goDown(): void {
    this.isUp = false;
  }
  comeUp(): void {
    if (this.isUp || this.isDead) return;
    this.isUp = true;
    for (const tell of this.#listeners) tell();
  }
  /** What was given up long ago comes to be done, as of a socket that was full. */
  deliver(): void {
    const late = this.#late;
    this.#late = [];
    for (const work of late) work();
  }

  /** Calls are done, and answered, in their order, as on one connection. */
  #call<T>(work: () => Promise<T>): Promise<T> {
    const fault = this.isDead || !this.isUp ? 'refused' : (this.faults.shift() ?? 'none');
    const call = this.#last.then(async () => {
      if (fault === 'refused') throw new Error('refused');
      if (fault === 'late') {
        this.#late.push(() => void work());
        throw new Error('given up');
      }
      if (fault === 'slow') for (let i = 0; i < 20; i++) await Promise.resolve();
      const answer = await work();
      if (fault === 'unanswered') throw new Error('the answer is lost');
      return answer;
    });
    this.#last = call.catch(() => undefined);
    return call;
  }
}
