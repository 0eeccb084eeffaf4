import { hash } from 'node:crypto';

/** Above it, a Map is cheaper than comparing one by one. */
const LINEAR_KEYS = 8;

/**
 * V8 hashes strings above 16 Ki characters by their length alone, so that
 * equally long keys would all collide and be compared pairwise.
 */
const LONG_KEY_CHARS = 4096;

/** A stand-in for a long key, which must be well-formed. Whoever forges one as a short key only has its own message refused. */
function shorten(key: string): string {
  return key.length > LONG_KEY_CHARS ? `\nsha256:${hash('sha256', key, 'base64')}` : key;
}

/** The keys of one JSON object, each in its own spelling and folded. Linear over any input. */
export class KeySet {
  readonly #folded: string[] = [];
  readonly #exact: string[] = [];
  #map: Map<string, string> | undefined;

  /** Takes a key in, and says how it relates to those before it. */
  add(folded: string, exact: string): 'new' | 'duplicate-key' | 'fold-equal-key' {
    const key = shorten(folded);
    const spelling = exact === folded ? key : shorten(exact);
    const known = this.#find(key);
    if (known !== undefined) return known === spelling ? 'duplicate-key' : 'fold-equal-key';
    if (this.#map) {
      this.#map.set(key, spelling);
      return 'new';
    }
    this.#folded.push(key);
    this.#exact.push(spelling);
    if (this.#folded.length > LINEAR_KEYS) {
      this.#map = new Map(this.#folded.map((each, index) => [each, this.#exact[index] ?? each]));
    }
    return 'new';
  }

  /** Empties the set for the next object of the same depth. */
  reset(): void {
    this.#folded.length = 0;
    this.#exact.length = 0;
    this.#map = undefined;
  }

  #find(key: string): string | undefined {
    if (this.#map) return this.#map.get(key);
    for (let index = 0; index < this.#folded.length; index++) if (this.#folded[index] === key) return this.#exact[index];
    return undefined;
  }
}
