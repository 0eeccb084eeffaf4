/** Texts that many hold, each once in memory: a thousand sessions of one gateway have one token. */
export class SharedTexts {
  readonly #held = new Map<string, { readonly text: string; holders: number }>();

  get size(): number {
    return this.#held.size;
  }

  /** The text to hold in its place; for each `take` one `give`. */
  take(text: string): string {
    const held = this.#held.get(text);
    if (held === undefined) {
      this.#held.set(text, { text, holders: 1 });
      return text;
    }
    held.holders += 1;
    return held.text;
  }

  give(text: string): void {
    const held = this.#held.get(text);
    if (held === undefined) return;
    held.holders -= 1;
    if (held.holders === 0) this.#held.delete(text);
  }
}
