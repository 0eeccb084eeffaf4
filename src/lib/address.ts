import { isIPv4, isIPv6 } from 'node:net';
import { isDnsLabel } from './names.ts';

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
export function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (rest.length > 0 || address.includes('%') || (bits !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(bits))) return false;
  // Peers are known by their IPv4 address, so that a mapped range would match nobody (RFC 4291 §2.5.5.2).
  if (/^::ffff:\d+\./i.test(address)) return false;
  if (isIPv4(address)) return bits === undefined || Number(bits) <= 32;
  return isIPv6(address) && (bits === undefined || Number(bits) <= 128);
}

/** A DNS name, an IPv4 address, or an IPv6 address in brackets. */
export function isHost(text: string): boolean {
  if (text.startsWith('[')) return text.endsWith(']') && isIPv6(text.slice(1, -1)) && !text.includes('%');
  if (/^[\d.]+$/.test(text)) return isIPv4(text);
  const name = text.toLowerCase().replace(/\.$/, '');
  // Names of Docker and of old hosts have an underscore; DNS carries it.
  return name.length <= 253 && name.split('.').every((label) => isDnsLabel(label.replaceAll('_', '0')));
}

/** A port number without leading zeros, 1 to 65535. */
export function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535;
}
