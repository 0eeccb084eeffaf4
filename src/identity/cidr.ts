import { BlockList, isIP } from 'node:net';

/** Says whether an address lies in one of the ranges. */
export type Ranges = (address: string | undefined) => boolean;

/**
 * The address without what differs between one socket and the next: an IPv4
 * peer of a dual-stack listener reads `::ffff:10.0.0.1` (RFC 4291 §2.5.5.2),
 * a link-local one carries its zone (`fe80::1%eth0`, RFC 4007 §11).
 */
export function canonicalAddress(address: string): string {
  const withoutZone = address.replace(/%.*$/s, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone);
  return mapped?.[1] ?? withoutZone;
}

/** Whether the address is one of this host's own: 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  const canonical = canonicalAddress(address);
  return (isIP(canonical) === 4 && canonical.startsWith('127.')) || canonical === '::1';
}

/**
 * Ranges from CIDR texts; an address alone is a range of one. Texts that are no
 * CIDR match nothing: the settings table has refused them before.
 */
export function createRanges(cidrs: readonly string[]): Ranges {
  const list = new BlockList();
  for (const cidr of cidrs) add(list, cidr);
  return (address) => {
    if (address === undefined) return false;
    const canonical = canonicalAddress(address);
    const family = isIP(canonical);
    return family !== 0 && list.check(canonical, family === 4 ? 'ipv4' : 'ipv6');
  };
}

function add(list: BlockList, cidr: string): void {
  const [address = '', bits, ...rest] = cidr.trim().split('/');
  const family = isIP(address);
  const widest = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? widest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (family === 0 || rest.length > 0 || !(prefix <= widest)) return;
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}
