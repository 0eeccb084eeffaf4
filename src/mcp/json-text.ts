/** What a scan saw inside a string token; a plain one is ASCII without escapes and upper case. */
export const PLAIN = 0;
export const UPPER = 1;
export const NON_ASCII = 2;
export const ESCAPED = 4;

/** The second character of a two-character escape → its code unit (RFC 8259 §7). */
const escapes = new Map([
  [0x22, 0x22],
  [0x2f, 0x2f],
  [0x5c, 0x5c],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

export function isSimpleEscape(byte: number): boolean {
  return escapes.has(byte);
}

/** Decodes the inside of a string token that was scanned before: valid UTF-8, valid escapes. */
export function decodeString(bytes: Buffer, start: number, end: number, traits: number): string {
  if (traits & ESCAPED) return decodeEscaped(bytes, start, end);
  return traits & NON_ASCII ? bytes.toString('utf8', start, end) : bytes.toString('latin1', start, end);
}

/** In one pass into one buffer: a string of a million escapes makes no million pieces. */
function decodeEscaped(bytes: Buffer, start: number, end: number): string {
  const units = Buffer.allocUnsafe((end - start) * 2);
  const byteAt = (at: number) => bytes[at] ?? 0;
  let length = 0;
  let at = start;
  while (at < end) {
    const lead = byteAt(at);
    if (lead === 0x5c) {
      const kind = byteAt(at + 1);
      const isUnicode = kind === 0x75;
      const unit = isUnicode ? Number.parseInt(bytes.toString('latin1', at + 2, at + 6), 16) : (escapes.get(kind) ?? kind);
      length = units.writeUInt16LE(unit, length);
      at += isUnicode ? 6 : 2;
    } else if (lead < 0x80) {
      length = units.writeUInt16LE(lead, length);
      at += 1;
    } else if (lead < 0xe0) {
      length = units.writeUInt16LE(((lead & 0x1f) << 6) | (byteAt(at + 1) & 0x3f), length);
      at += 2;
    } else if (lead < 0xf0) {
      length = units.writeUInt16LE(((lead & 0x0f) << 12) | ((byteAt(at + 1) & 0x3f) << 6) | (byteAt(at + 2) & 0x3f), length);
      at += 3;
    } else {
      const point = ((lead & 0x07) << 18) | ((byteAt(at + 1) & 0x3f) << 12) | ((byteAt(at + 2) & 0x3f) << 6) | (byteAt(at + 3) & 0x3f);
      length = units.writeUInt16LE(0xd800 + ((point - 0x10000) >> 10), length);
      length = units.writeUInt16LE(0xdc00 + ((point - 0x10000) & 0x3ff), length);
      at += 4;
    }
  }
  return units.toString('utf16le', 0, length);
}

/**
 * The form under which two keys count as equal: ASCII case, U+017F (ſ) as s,
 * U+212A (K) as k, no trailing NULs. These are what Go's JSON decoders fold to
 * ASCII; other letters have no part in a protocol's key.
 */
export function foldKey(key: string, traits: number): string {
  if (traits === PLAIN) return key;
  if (traits === UPPER) return key.toLowerCase();
  const units = Buffer.from(key, 'utf16le');
  for (let at = 0; at < units.length; at += 2) {
    const unit = units.readUInt16LE(at);
    if (unit >= 0x41 && unit <= 0x5a) units.writeUInt16LE(unit + 0x20, at);
    else if (unit === 0x017f) units.writeUInt16LE(0x73, at);
    else if (unit === 0x212a) units.writeUInt16LE(0x6b, at);
  }
  let end = units.length;
  while (end >= 2 && units.readUInt16LE(end - 2) === 0) end -= 2;
  return units.toString('utf16le', 0, end);
}
