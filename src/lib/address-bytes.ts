import { isIPv4, isIPv6 } from 'node:net';

/**
 * The 4 or 16 octets of an address in its usual text form; undefined where it is none. A zone (`%eth0`) is no part
 * of the address (RFC 4007 §11).
 */
export function addressBytes(text: string): Uint8Array | undefined {
  const address = text.replace(/%.*$/s, '');
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number);
  return isIPv6(address) ? wordsToBytes(words(address)) : undefined;
}

function words(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const before = groups(head);
  if (tail === undefined) return before;
  const after = groups(tail);
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** RFC 4291 §2.2: groups of four hexadecimal digits, the last two perhaps as an IPv4 address. */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function wordsToBytes(sixteenBits: readonly number[]): Uint8Array {
  return Uint8Array.from(sixteenBits.flatMap((word) => [word >> 8, word & 255]));
}

/** Whether the first bits of both are the same. */
export function sharesPrefix(address: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) {
    if (address[i] !== prefix[i]) return false;
  }
  const rest = bits & 7;
  return rest === 0 || ((address[whole] ?? 0) ^ (prefix[whole] ?? 0)) >> (8 - rest) === 0;
}
