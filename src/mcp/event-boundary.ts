const LF = 0x0a;
const CR = 0x0d;

/** Follows a stream of server-sent events and knows when it is between two of them (WHATWG HTML §9.2.6). */
export class EventBoundary {
  #isBetween = true;
  #isLineEmpty = true;
  #isAfterCr = false;

  /** An event may be put here without splitting another. */
  get isBetween(): boolean {
    return this.#isBetween;
  }

  /** The last byte was a CR, and the LF that may belong to it has not come. */
  get isAfterCr(): boolean {
    return this.#isAfterCr;
  }

  /** Takes in bytes as far as the first point between two events, or all; returns how many it took. */
  advance(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === LF && this.#isAfterCr) {
        this.#isAfterCr = false;
      } else if (byte === LF || byte === CR) {
        this.#isBetween = this.#isLineEmpty;
        this.#isLineEmpty = true;
        this.#isAfterCr = byte === CR;
      } else {
        this.#isBetween = false;
        this.#isLineEmpty = false;
        this.#isAfterCr = false;
      }
      if (this.#isBetween) return at + 1;
    }
    return bytes.length;
  }
}
