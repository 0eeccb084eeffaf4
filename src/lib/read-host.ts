import { isIPv6 } from 'node:net';
import { addressBytes } from './address-bytes.ts';
import { classifyAddress, type Judgement } from './forbidden-address.ts';

/** A host as it will be dialled: an address in its usual form, or a name to be asked for. */
export type Host = { readonly kind: 'address'; readonly address: string } | { readonly kind: 'name'; readonly name: string };

/** Names under which clouds serve metadata, and of which a search list may make more. */
const metadataNames = new Set([
  'instance-data',
  'instance-data.ec2.internal',
  'metadata',
  'metadata.azure.internal',
  'metadata.goog',
  'metadata.google.internal',
  'metadata.packet.net',
  'metadata.platformequinix.com',
  'metadata.tencentyun.com',
  'rancher-metadata',
]);

/** RFC 6761 §6.3, and what Linux distributions write into `/etc/hosts`. */
const loopbackNames = new Set(['localhost', 'localhost.localdomain', 'localhost4', 'localhost6', 'ip6-localhost', 'ip6-loopback']);

/**
 * Reads a URL's host in any spelling: full-width and other look-alike characters, percent-encoding, a trailing dot;
 * an IPv4 address in octal, hexadecimal or decimal, with fewer than four parts. Undefined where it is no host.
 *
 * WHATWG's reading (URL Standard §3.5) is the one that counts, as its result, not the text, is what gets dialled:
 * no resolver ever sees a host that ends in a number.
 */
export function readHost(text: string): Host | undefined {
  const host = isIPv6(text) ? `[${text}]` : text;
  // Anything else would be no host but a part of the URL around it, and white space is dropped in silence.
  if (!/^(?:\[[^\]]*\]|[^\s/?#@\\:[\]]+)$/.test(host)) return undefined;
  const url = `https://${host}/`;
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  if (hostname.startsWith('[')) return { kind: 'address', address: hostname.slice(1, -1) };
  const name = hostname.replace(/\.$/, '');
  if (addressBytes(name) !== undefined) return { kind: 'address', address: name };
  return name === '' ? undefined : { kind: 'name', name };
}

/** What can be said of a host without asking DNS; undefined for a name that only its addresses can judge. */
export function judgeHost(text: string): Judgement | undefined {
  const host = readHost(text);
  if (host === undefined) return { reach: 'forbidden', what: 'no host' };
  if (host.kind === 'address') return classifyAddress(host.address);
  if (loopbackNames.has(host.name) || host.name.endsWith('.localhost')) return { reach: 'forbidden', what: 'a name for loopback' };
  if (metadataNames.has(host.name)) return { reach: 'forbidden', what: 'the name of a metadata service of a cloud' };
  return undefined;
}
