/** How long an ended session is remembered as such, in ms. Its server was told to end it; later that one says 404 itself. */
export const TOMBSTONE_LIFE_MS = 3_600_000;
/** About 1 MB. */
export const MOST_TOMBSTONES = 10_000;

/** Which sessions were reaped; beyond the bound the oldest are forgotten. */
export class Tombstones {
  /** In the order in which they expire. */
  readonly #expiresMs = new Map<string, number>();

  add(name: string, nowMs: number): void {
    this.#expiresMs.delete(name);
    this.#expiresMs.set(name, nowMs + TOMBSTONE_LIFE_MS);
    if (this.#expiresMs.size > MOST_TOMBSTONES) this.#deleteOldest();
  }

  has(name: string): boolean {
    return this.#expiresMs.has(name);
  }

  delete(name: string): void {
    this.#expiresMs.delete(name);
  }

  clear(): void {
    this.#expiresMs.clear();
  }

  sweep(nowMs: number): void {
    for (const [name, expiresMs] of this.#expiresMs) {
      if (expiresMs > nowMs) return;
      this.#expiresMs.delete(name);
    }
  }

  #deleteOldest(): void {
    for (const name of this.#expiresMs.keys()) {
      this.#expiresMs.delete(name);
      return;
    }
  }
}
