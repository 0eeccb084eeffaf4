const BACKSLASH = 0x5c;

/**
 * Whether a body that is no clean JSON could be JSON-RPC to a lenient parser.
 * Whatever that parser forgives (comments, quotes, encodings, duplicates, text
 * behind), it has to find the keys: `jsonrpc`, or `method` and `params`, raw, in
 * UTF-16 or UTF-32, in any case, or with `\u` and `\x` escapes.
 */
export function couldBeJsonRpc(body: Uint8Array): boolean {
  const text = decodeEscapes(withoutNuls(body));
  return text.includes('jsonrpc') || (text.includes('method') && text.includes('params'));
}

/** ASCII text in UTF-16 or UTF-32 is ASCII once its NULs are gone. */
function withoutNuls(body: Uint8Array): Uint8Array {
  return body.includes(0) ? body.filter((byte) => byte !== 0) : body;
}

/** The text with escapes undone, ASCII lower-cased and ſ as s; other letters don't matter. */
function decodeEscapes(bytes: Uint8Array): Buffer {
  const text = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] ?? 0;
    const next = bytes[at + 1] ?? 0;
    const digits = byte !== BACKSLASH ? 0 : next === 0x75 || next === 0x55 ? 4 : next === 0x78 || next === 0x58 ? 2 : 0;
    const unit = digits === 0 ? -1 : readHex(bytes, at + 2, digits);
    const isLongS =
      unit === 0x017f || (byte === 0xc5 && next === 0xbf) || (byte === 0x01 && next === 0x7f) || (byte === 0x7f && next === 0x01);
    text[length++] = isLongS ? 0x73 : lowered(unit < 0 ? byte : unit);
    at += unit >= 0 ? 2 + digits : isLongS ? 2 : 1;
  }
  return text.subarray(0, length);
}

function lowered(unit: number): number {
  if (unit > 0xff) return 0x3f;
  return unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit;
}

/** The number, or -1 where a digit is missing. */
function readHex(bytes: Uint8Array, from: number, digits: number): number {
  let value = 0;
  for (let at = from; at < from + digits; at++) {
    const byte = bytes[at] ?? 0;
    const letter = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) value = value * 16 + byte - 0x30;
    else if (letter >= 0x61 && letter <= 0x66) value = value * 16 + letter - 0x57;
    else return -1;
  }
  return value;
}
