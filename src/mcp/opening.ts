/** What a Content-Type says that matters here. */
export interface ContentType {
  /** A form: no JSON-RPC by nature, if its bytes agree. */
  readonly isForm: boolean;
  /** Whether the bytes may be read as UTF-8: no charset, or that one. */
  readonly isUtf8: boolean;
  /** Whether at least ASCII in it stands as ASCII, NULs apart, so that a look at the bytes tells something. */
  readonly isReadable: boolean;
}

/** Reads it for the worst: a parameter counts wherever it stands, and each of several. */
export function readContentType(value: string | undefined): ContentType {
  const text = (value ?? '').toLowerCase();
  const media = (text.split(';', 1)[0] ?? '').trim();
  // TypeScript servers up to 1.2x take whatever says `application/json` anywhere, and Express has made an object of the form by then.
  const isForm = (media === 'application/x-www-form-urlencoded' || /^multipart\/[^,]+$/.test(media)) && !/[^a-z\d]json/.test(text);
  // RFC 8187: `charset*=` is the same parameter, encoded.
  const charsets = [...text.matchAll(/charset\*?\d*\*?\s*=\s*["']?([^\s"';,]*)/g)].map((match) => match[1] ?? '');
  return {
    isForm,
    isUtf8: charsets.every((charset) => charset === 'utf-8' || charset === 'utf8'),
    // UTF-7 and UTF-EBCDIC hide ASCII; express decodes any charset that begins with `utf-`.
    isReadable: charsets.every((charset) => /^utf-?(?:8|16|32)/.test(charset) || !/utf|ebcdic|ibm|^cp\d/.test(charset)),
  };
}

/** How a body begins, as far as its first bytes tell. */
export type Opening = 'json-like' | 'other' | 'undecided';

/** Of white space and marks, in bytes. */
const LONGEST_LETTER_BYTES = 3;

/**
 * Whether a body begins, after white space, with `{`, `[`, a byte order mark or
 * NUL. `undecided`: nothing but white space so far, or half a letter; at the end of a
 * body that means `other`.
 */
export function judgeOpening(bytes: Uint8Array): Opening {
  let at = 0;
  for (let width = 1; width > 0; at += width) {
    if (at >= bytes.length) return 'undecided';
    width = spaceWidth(bytes, at);
    if (width === 0) break;
  }
  const byte = bytes[at] ?? 0;
  // Half a letter, as far as it came: it may become white space or a mark.
  if (byte >= 0x80 && bytes.length - at < LONGEST_LETTER_BYTES) return 'undecided';
  const isMark =
    (byte === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) ||
    (byte === 0xfe && bytes[at + 1] === 0xff) ||
    (byte === 0xff && bytes[at + 1] === 0xfe);
  return isMark || byte === 0x7b || byte === 0x5b || byte === 0 ? 'json-like' : 'other';
}

/** Bytes of the white space there: ASCII's control characters but NUL, and in UTF-8 all that `trim` of some language takes. */
function spaceWidth(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if ((first > 0 && first <= 0x20) || first === 0x7f) return 1;
  const second = bytes[at + 1] ?? 0;
  if (first === 0xc2) return second === 0x85 || second === 0xa0 ? 2 : 0;
  const third = bytes[at + 2] ?? 0;
  if (first === 0xe1) return (second === 0x9a && third === 0x80) || (second === 0xa0 && third === 0x8e) ? 3 : 0;
  if (first === 0xe2 && second === 0x80) return third <= 0x8f || third === 0xa8 || third === 0xa9 || third === 0xaf ? 3 : 0;
  if (first === 0xe2 && second === 0x81) return third === 0x9f || third === 0xa0 ? 3 : 0;
  return first === 0xe3 && second === 0x80 && third === 0x80 ? 3 : 0;
}
