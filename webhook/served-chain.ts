import type { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { isValidAt, parseCertificate, splitBundle } from './pem.ts';

/** Within a cluster; a replica that is slower than this has other troubles. */
const TIMEOUT_MS = 2000;
const MAX_DEPTH = 5;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Where a server of our own can be dialled from here. One that listens at all addresses is dialled by IPv4, as it takes
 * both families, and many a pod has no `::1`: container runtimes switch IPv6 off and let sockets bind to `::` all the same.
 */
export function dialable({ address, port }: AddressInfo): Address {
  return { host: address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address, port };
}

/**
 * The certificates that a server greets a new connection with, its own first. Not what it was told to serve: what an
 * apiserver gets to see. Nothing is sent.
 *
 * @throws when there is no handshake within two seconds.
 */
export function readServedChain({ host, port }: Address, servername: string): Promise<X509Certificate[]> {
  return new Promise((resolve, reject) => {
    // Verified by our caller, against a bundle and a clock of its own.
    const socket = connect({ host, port, servername, rejectUnauthorized: false, timeout: TIMEOUT_MS });
    const timer = setTimeout(() => socket.destroy(new Error(`no handshake within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    socket.on('secureConnect', () => {
      const chain: X509Certificate[] = [];
      let certificate = socket.getPeerX509Certificate();
      while (certificate !== undefined && chain.length < MAX_DEPTH) {
        chain.push(certificate);
        certificate = certificate.issuerCertificate;
      }
      resolve(chain);
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      reject(new Error('closed before the handshake was over'));
    });
  });
}

/**
 * Why an apiserver with this bundle would not take the chain for the Service's, undefined where it would. By the clock
 * that is given, which is the apiserver's; OpenSSL would use this node's.
 */
export function distrust(chain: readonly X509Certificate[], bundle: string, name: string, nowMs: number): string | undefined {
  const roots = splitBundle(bundle).map(parseCertificate);
  const [leaf, ...others] = chain;
  if (leaf === undefined) return 'no certificate is served';
  if (leaf.checkHost(name, { subject: 'never' }) === undefined) return `the served certificate is not for ${name}`;
  let current = leaf;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    if (!isValidAt(current, nowMs)) return 'the served certificate is not valid now';
    if (roots.some((root) => root !== undefined && isValidAt(root, nowMs) && isIssuedBy(current, root))) return undefined;
    const issuer = others.find((each) => each.fingerprint256 !== current.fingerprint256 && each.ca && isIssuedBy(current, each));
    if (issuer === undefined) break;
    current = issuer;
  }
  return 'the served certificate does not verify against the published caBundle';
}

export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
