const SHOWN_CHARACTERS = 80;

/**
 * A user's value as it stands in a message: quoted, on one line, cut to 80
 * characters, so that a 256 KiB annotation does not come back in an answer
 * and no control character reaches a terminal or a log.
 */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const cut = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  // JSON leaves DEL, C1, the line separators and the direction marks as they are.
  return JSON.stringify(cut.toWellFormed()).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `a, b or c`, for the end of a sentence. */
export function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
