import { isUtf8 } from 'node:buffer';
import { Envelope, type Role, type ValueKind } from './envelope.ts';
import { decodeString, ESCAPED, foldKey, isSimpleEscape, NON_ASCII, PLAIN, UPPER } from './json-text.ts';
import { KeySet } from './key-set.ts';
import type { RungName } from './ladder.ts';

/** Levels of arrays and objects, the outermost counted. */
export const NESTING_LIMIT = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** No byte stands there: smaller than all bytes. */
const END = -1;
/** In place of a position: the scan has failed. */
const FAILED = -1;

export interface Fault {
  readonly rung: RungName;
  /** Offset of the byte at which it showed. */
  readonly atByte?: number;
}

export type Scanned = { readonly ok: true; readonly envelope: Envelope } | { readonly ok: false; readonly fault: Fault };

/**
 * Reads a body as strict JSON (RFC 8259), in one pass and linear time: validates,
 * finds keys that some parser could take for one another, and picks out the
 * envelope. Builds no values; what it accepts, every JSON parser reads alike.
 */
export function scan(body: Uint8Array): Scanned {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const rung = judgeEncoding(bytes);
  return rung ? { ok: false, fault: { rung } } : new Scanner(bytes).run();
}

function judgeEncoding(bytes: Buffer): RungName | undefined {
  const [first, second, third, fourth] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'bom';
  // JSON begins with an ASCII character: in UTF-16 and UTF-32 a NUL is among its first bytes.
  if ((first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe)) return 'encoding';
  if (first === 0 || second === 0 || third === 0 || fourth === 0) return 'encoding';
  return isUtf8(bytes) ? undefined : 'invalid-utf8';
}

/** A recursive descent, at most `NESTING_LIMIT` deep. Methods take a position and return the one after, or FAILED. */
class Scanner {
  readonly #bytes: Buffer;
  readonly #envelope: Envelope;
  readonly #keys: KeySet[] = [];
  #depth = 0;
  /** Of the value scanned last. */
  #kind: ValueKind = 'null';
  /** Of the string scanned last. */
  #traits = PLAIN;
  #fault: Fault = { rung: 'syntax' };

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#envelope = new Envelope(bytes);
  }

  run(): Scanned {
    let at = this.#value(this.#space(0), 'top');
    if (at !== FAILED) {
      this.#envelope.root = this.#kind;
      at = this.#space(at);
      if (at === this.#bytes.length) return { ok: true, envelope: this.#envelope };
      this.#fail('trailing-text', at);
    }
    return { ok: false, fault: this.#fault };
  }

  #fail(rung: RungName, atByte: number): number {
    this.#fault = { rung, atByte };
    return FAILED;
  }

  #byte(at: number): number {
    return this.#bytes[at] ?? END;
  }

  #space(from: number): number {
    let at = from;
    for (let byte = this.#byte(at); byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = this.#byte(at)) at++;
    return at;
  }

  #value(at: number, role: Role): number {
    switch (this.#byte(at)) {
      case QUOTE:
        this.#kind = 'string';
        return this.#string(at);
      case OPEN_BRACE:
        return this.#object(at, role);
      case OPEN_BRACKET:
        return this.#array(at, role);
      case 0x74:
        return this.#word(at, 'true', 'boolean');
      case 0x66:
        return this.#word(at, 'false', 'boolean');
      case 0x6e:
        return this.#word(at, 'null', 'null');
      default:
        return this.#number(at);
    }
  }

  #word(at: number, word: string, kind: ValueKind): number {
    this.#kind = kind;
    const end = at + word.length;
    return this.#bytes.toString('latin1', at, Math.min(end, this.#bytes.length)) === word ? end : this.#fail('syntax', at);
  }

  #number(from: number): number {
    this.#kind = 'number';
    let at = this.#byte(from) === MINUS ? from + 1 : from;
    at = this.#byte(at) === ZERO ? at + 1 : this.#digits(at);
    if (at !== FAILED && this.#byte(at) === DOT) at = this.#digits(at + 1);
    // 0x20 is the bit between an ASCII letter's cases: this asks for e or E.
    if (at !== FAILED && (this.#byte(at) | 0x20) === 0x65) {
      const sign = this.#byte(at + 1);
      at = this.#digits(sign === 0x2b || sign === MINUS ? at + 2 : at + 1);
    }
    return at;
  }

  #digits(from: number): number {
    let at = from;
    for (let byte = this.#byte(at); byte >= ZERO && byte <= 0x39; byte = this.#byte(at)) at++;
    return at > from ? at : this.#fail('syntax', at);
  }

  #string(from: number): number {
    const bytes = this.#bytes;
    let traits = PLAIN;
    let at = from + 1;
    for (;;) {
      const byte = bytes[at] ?? END;
      if (byte === QUOTE) break;
      if (byte < 0x20) return this.#fail('syntax', at);
      if (byte === BACKSLASH) {
        traits |= ESCAPED;
        at = this.#escape(at);
        if (at === FAILED) return FAILED;
        continue;
      }
      if (byte >= 0x80) traits |= NON_ASCII;
      else if (byte >= 0x41 && byte <= 0x5a) traits |= UPPER;
      at++;
    }
    this.#traits = traits;
    return at + 1;
  }

  #escape(at: number): number {
    const kind = this.#byte(at + 1);
    if (isSimpleEscape(kind)) return at + 2;
    if (kind !== 0x75) return this.#fail('syntax', at);
    for (let digit = at + 2; digit < at + 6; digit++) {
      const byte = this.#byte(digit);
      const letter = byte | 0x20;
      if (!((byte >= ZERO && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66))) return this.#fail('syntax', at);
    }
    return at + 6;
  }

  #array(from: number, role: Role): number {
    if (++this.#depth > NESTING_LIMIT) return this.#fail('nesting', from);
    const inner: Role = role === 'top' ? 'element' : 'other';
    let at = this.#space(from + 1);
    let isClosed = this.#byte(at) === CLOSE_BRACKET;
    while (!isClosed) {
      at = this.#value(at, inner);
      if (at === FAILED) return FAILED;
      at = this.#space(at);
      isClosed = this.#byte(at) === CLOSE_BRACKET;
      if (!isClosed) {
        if (this.#byte(at) !== COMMA) return this.#fail('syntax', at);
        at = this.#space(at + 1);
      }
    }
    this.#depth--;
    this.#kind = 'array';
    return at + 1;
  }

  #object(from: number, role: Role): number {
    if (++this.#depth > NESTING_LIMIT) return this.#fail('nesting', from);
    const keys = this.#emptyKeys();
    let at = this.#space(from + 1);
    let isClosed = this.#byte(at) === CLOSE_BRACE;
    while (!isClosed) {
      at = this.#member(at, role, keys);
      if (at === FAILED) return FAILED;
      at = this.#space(at);
      isClosed = this.#byte(at) === CLOSE_BRACE;
      if (!isClosed) {
        if (this.#byte(at) !== COMMA) return this.#fail('syntax', at);
        at = this.#space(at + 1);
      }
    }
    this.#depth--;
    this.#kind = 'object';
    return at + 1;
  }

  #member(from: number, role: Role, keys: KeySet): number {
    if (this.#byte(from) !== QUOTE) return this.#fail('syntax', from);
    let at = this.#string(from);
    if (at === FAILED) return FAILED;
    const key = decodeString(this.#bytes, from + 1, at - 1, this.#traits);
    if (this.#traits & ESCAPED && !key.isWellFormed()) return this.#fail('lone-surrogate', from);
    const folded = foldKey(key, this.#traits);
    const relation = keys.add(folded, key);
    if (relation !== 'new') return this.#fail(relation, from);
    at = this.#space(at);
    if (this.#byte(at) !== COLON) return this.#fail('syntax', at);
    const start = this.#space(at + 1);
    const isRead = role !== 'other';
    const end = this.#value(start, isRead ? this.#envelope.roleUnder(role, key) : 'other');
    if (end === FAILED || !isRead) return end;
    const isSound = this.#envelope.record(role, key, folded, { kind: this.#kind, start, end, traits: this.#traits });
    return isSound ? end : this.#fail('lone-surrogate', start);
  }

  /** One set per depth, used again and again: siblings never need theirs at once. */
  #emptyKeys(): KeySet {
    let keys = this.#keys[this.#depth];
    if (keys) keys.reset();
    else {
      keys = new KeySet();
      this.#keys[this.#depth] = keys;
    }
    return keys;
  }
}
