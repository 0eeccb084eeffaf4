const LONGEST_WORD = 64;

/** Case, `_` and `-` are what people mix up most: `rateLimit`, `rate_limit`, `rate-limit`. */
const bare = (word: string): string => word.toLowerCase().replace(/[-_. ]/g, '');

/** Edit distance with transpositions (optimal string alignment). */
function distance(left: string, right: string): number {
  let before: number[] = [];
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      let least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[right.length] ?? 0;
}

/** The known word that was probably meant, if one is near enough: a third of its letters may be wrong. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const wanted = bare(word);
  if (wanted === '') return undefined;
  let best: { readonly candidate: string; readonly far: number } | undefined;
  for (const candidate of known) {
    const target = bare(candidate);
    const far = distance(wanted, target);
    if (far <= Math.max(1, Math.floor(target.length / 3)) && (best === undefined || far < best.far)) best = { candidate, far };
  }
  // A part of a longer name: `limit` for `rate-limit`, where only one name has it.
  const holding = known.filter((candidate) => wanted.length >= 4 && bare(candidate).includes(wanted));
  return best?.candidate ?? (holding.length === 1 ? holding[0] : undefined);
}

/** The second half of a sentence about an unknown word. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? `known: ${known.join(', ')}` : `did you mean "${near}"?`;
}
