/** How many bytes all requests together may hold in memory. */
export class ByteBudget {
  readonly limitBytes: number;
  readonly #whole: ByteBudget | undefined;
  #usedBytes = 0;

  /** `whole`: what this is a part of, whose limit holds as well. */
  constructor(limitBytes: number, whole?: ByteBudget) {
    this.limitBytes = limitBytes;
    this.#whole = whole;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.limitBytes || this.#whole?.take(bytes) === false) return false;
    this.#usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#whole?.give(bytes);
  }
}

export const BUFFER_LIMIT_BYTES = 64 * 1024 * 1024;
