import { addressBytes, sharesPrefix } from './address-bytes.ts';

/** `private` is reached where a user allows it; `forbidden` never. */
export type Reach = 'public' | 'private' | 'forbidden';

export interface Judgement {
  readonly reach: Reach;
  /** What the address is, for a message: `a link-local address, where clouds serve metadata`. */
  readonly what: string;
}

interface Range extends Judgement {
  readonly prefix: Uint8Array;
  readonly bits: number;
}

const metadata = 'a metadata address of a cloud, which gives its credentials to whoever asks';
const documentation = 'an address for documentation, where no server is';
const benchmark = 'an address for benchmarks';
const reserved = 'a reserved address';

/**
 * The IANA special-purpose registries (RFC 6890), and what clouds serve their metadata on outside of link-local
 * ranges. The first that matches counts, so the narrow ones stand first.
 */
const ipv4Ranges = ranges([
  ['0.0.0.0/8', 'forbidden', 'the unspecified address, which Linux takes for loopback'],
  ['127.0.0.0/8', 'forbidden', 'a loopback address'],
  ['169.254.0.0/16', 'forbidden', 'a link-local address, where clouds serve metadata'],
  // Azure's wire server, Alibaba's and Oracle's metadata.
  ['168.63.129.16/32', 'forbidden', metadata],
  ['100.100.100.200/32', 'forbidden', metadata],
  ['192.0.0.192/32', 'forbidden', metadata],
  ['192.0.0.0/24', 'forbidden', reserved],
  ['224.0.0.0/4', 'forbidden', 'a multicast address'],
  ['255.255.255.255/32', 'forbidden', 'the broadcast address'],
  ['240.0.0.0/4', 'forbidden', reserved],
  ['10.0.0.0/8', 'private', 'a private address'],
  ['172.16.0.0/12', 'private', 'a private address'],
  ['192.168.0.0/16', 'private', 'a private address'],
  ['100.64.0.0/10', 'private', 'a shared address behind a carrier (CGNAT)'],
  ['198.18.0.0/15', 'private', benchmark],
  ['192.0.2.0/24', 'private', documentation],
  ['198.51.100.0/24', 'private', documentation],
  ['203.0.113.0/24', 'private', documentation],
]);

const ipv6Ranges = ranges([
  ['::/128', 'forbidden', 'the unspecified address, which Linux takes for loopback'],
  ['::1/128', 'forbidden', 'a loopback address'],
  ['fe80::/10', 'forbidden', 'a link-local address, where clouds serve metadata'],
  ['ff00::/8', 'forbidden', 'a multicast address'],
  // AWS, Google, Oracle and Scaleway serve theirs on unique local addresses.
  ['fd00:ec2::/32', 'forbidden', metadata],
  ['fd20:ce::254/128', 'forbidden', metadata],
  ['fd00:c1::a9fe:a9fe/128', 'forbidden', metadata],
  ['fd00:42::42/128', 'forbidden', metadata],
  ['fc00::/7', 'private', 'a unique local address'],
  ['fec0::/10', 'private', 'a site-local address'],
  ['2001:2::/48', 'private', benchmark],
  ['2001:db8::/32', 'private', documentation],
  ['3fff::/20', 'private', documentation],
  // RFC 4291 §2.4 and IANA: no other block is given to anybody.
  ['2000::/3', 'public', 'a public address'],
  ['::/0', 'forbidden', reserved],
]);

interface Embedding {
  readonly prefix: Uint8Array;
  readonly bits: number;
  /** The IPv4 addresses that traffic for this one may end at. */
  readonly inside: (address: Uint8Array) => readonly Uint8Array[];
  /** Set where the block is no part of the Internet, whatever it stands for. */
  readonly atLeast?: Judgement;
}

const lastFour = (address: Uint8Array): Uint8Array[] => [address.slice(12)];

const embeddings: readonly Embedding[] = [
  // IPv4-mapped (RFC 4291 §2.5.5.2), IPv4-translated (RFC 2765 §2.1) and, below, IPv4-compatible (RFC 4291 §2.5.5.1).
  { ...range('::ffff:0:0/96'), inside: lastFour },
  { ...range('::ffff:0:0:0/96'), inside: lastFour },
  // NAT64: the well-known prefix (RFC 6052 §2.1), and the one for local use (RFC 8215), where the length of the prefix is the network's own.
  { ...range('64:ff9b::/96'), inside: lastFour },
  { ...range('64:ff9b:1::/48'), inside: localNat64, atLeast: { reach: 'private', what: 'an address of a local NAT64' } },
  // 6to4 (RFC 3056 §2).
  { ...range('2002::/16'), inside: (address) => [address.slice(2, 6)] },
  // Teredo (RFC 4380 §4): its server, and its client with all bits inverted.
  { ...range('2001::/32'), inside: (address) => [address.slice(4, 8), address.slice(12).map((octet) => octet ^ 255)] },
  { ...range('::/96'), inside: lastFour },
];

/**
 * How far an address, in its usual text form, may be reached; anything that is no address never.
 *
 * What stands for an IPv4 address is judged as that one, as a gateway on the way may well turn it into it.
 */
export function classifyAddress(text: string): Judgement {
  const bytes = addressBytes(text);
  if (bytes === undefined) return { reach: 'forbidden', what: 'no address' };
  return bytes.length === 4 ? judge(bytes, ipv4Ranges) : judgeIpv6(bytes);
}

/** Whether both texts are spellings of one address, or stand for one IPv4 address: mapped, by NAT64, by a tunnel. */
export function isSameAddress(one: string, other: string): boolean {
  const [a, b] = [addressBytes(one), addressBytes(other)].map(meanings);
  return (a ?? []).some((mine) => (b ?? []).some((theirs) => mine.length === theirs.length && sharesPrefix(mine, theirs, mine.length * 8)));
}

/** The address itself, and the IPv4 addresses that traffic for it may end at. */
function meanings(bytes: Uint8Array | undefined): readonly Uint8Array[] {
  if (bytes === undefined) return [];
  return bytes.length === 4 ? [bytes] : [bytes, ...(embeddingOf(bytes)?.inside(bytes) ?? [])];
}

function judgeIpv6(bytes: Uint8Array): Judgement {
  const own = judge(bytes, ipv6Ranges);
  const embedding = embeddingOf(bytes);
  if (embedding === undefined) return own;
  const judged = embedding.inside(bytes).map((inside) => {
    const { reach, what } = judge(inside, ipv4Ranges);
    return { reach, what: `${what} (it stands for ${inside.join('.')})` };
  });
  return worst(embedding.atLeast ? [...judged, embedding.atLeast] : judged);
}

function embeddingOf(bytes: Uint8Array): Embedding | undefined {
  // `::` and `::1` look like IPv4-compatible addresses.
  if (isUnspecifiedOrLoopback(bytes)) return undefined;
  return embeddings.find(({ prefix, bits }) => sharesPrefix(bytes, prefix, bits));
}

function isUnspecifiedOrLoopback(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 15).every((octet) => octet === 0) && (bytes[15] ?? 0) <= 1;
}

/** RFC 6052 §2.2, for prefixes of 48, 56, 64 and 96 bits; a place that holds nothing but zeros is not where the address stands. */
function localNat64(address: Uint8Array): Uint8Array[] {
  const at = [
    [6, 7, 9, 10],
    [7, 9, 10, 11],
    [9, 10, 11, 12],
    [12, 13, 14, 15],
  ].map((places) => Uint8Array.from(places, (place) => address[place] ?? 0));
  return at.filter((inside) => inside[0] !== 0);
}

function judge(bytes: Uint8Array, table: readonly Range[]): Judgement {
  const found = table.find(({ prefix, bits }) => sharesPrefix(bytes, prefix, bits));
  return found === undefined ? { reach: 'public', what: 'a public address' } : { reach: found.reach, what: found.what };
}

const severity = { public: 0, private: 1, forbidden: 2 } as const;

function worst(judged: readonly Judgement[]): Judgement {
  return judged.reduce((a, b) => (severity[b.reach] > severity[a.reach] ? b : a));
}

function ranges(rows: readonly (readonly [cidr: string, reach: Reach, what: string])[]): Range[] {
  return rows.map(([cidr, reach, what]) => ({ ...range(cidr), reach, what }));
}

function range(cidr: string): { prefix: Uint8Array; bits: number } {
  const [address = '', bits] = cidr.split('/');
  return { prefix: addressBytes(address) ?? new Uint8Array(), bits: Number(bits) };
}
