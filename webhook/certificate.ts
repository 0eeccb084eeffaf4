import { generateKeyPair, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

const DAY_MS = 24 * 3_600_000;
/** Rotation is by itself and overlaps by months, so there is no reason for a key to last longer. */
const AUTHORITY_LIFETIME_MS = 365 * DAY_MS;
/** Never stored: each replica signs its own, and signs again by itself. */
export const LEAF_LIFETIME_MS = DAY_MS;
/** Clocks of the nodes differ, and a certificate from the future is refused (cert-manager#1873). */
export const BACKDATE_MS = 3_600_000;

/** PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

interface Template {
  readonly commonName: string;
  readonly nowMs: number;
  readonly lifetimeMs: number;
  readonly issuer?: KeyPair;
  readonly extensions: readonly object[];
}

/** A certificate authority of its own, for nothing but one webhook's leaf. */
export function issueAuthority(nowMs: number): Promise<KeyPair> {
  return issue({
    // The date tells two of them apart in a bundle.
    commonName: `mcp-sluice-webhook-ca ${new Date(nowMs).toISOString()}`,
    nowMs,
    lifetimeMs: AUTHORITY_LIFETIME_MS,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}

/** A server certificate for the names, signed by the authority, which it does not outlive. */
export function issueLeaf(
  issuer: KeyPair,
  names: readonly [string, ...string[]],
  nowMs: number,
  lifetimeMs = LEAF_LIFETIME_MS,
): Promise<KeyPair> {
  return issue({
    // RFC 5280 ub-common-name is 64; what counts is the SAN (RFC 9525 §2).
    commonName: names[0].slice(0, 64),
    nowMs,
    lifetimeMs,
    issuer,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) },
    ],
  });
}

async function issue({ commonName, nowMs, lifetimeMs, issuer, extensions }: Template): Promise<KeyPair> {
  // RSA, as node-forge signs with nothing else.
  const keys = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKey);
  certificate.serialNumber = randomSerial();
  certificate.validity.notBefore = new Date(nowMs - BACKDATE_MS);
  const issuerCertificate = issuer && forge.pki.certificateFromPem(issuer.certificate);
  const endMs = Math.min(nowMs + lifetimeMs, issuerCertificate?.validity.notAfter.getTime() ?? Number.POSITIVE_INFINITY);
  certificate.validity.notAfter = new Date(endMs);
  certificate.setSubject([{ name: 'commonName', value: commonName }]);
  certificate.setIssuer(issuerCertificate ? issuerCertificate.subject.attributes : certificate.subject.attributes);
  const authority = issuerCertificate ?? certificate;
  certificate.setExtensions([
    ...extensions,
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: authority.generateSubjectKeyIdentifier().getBytes() },
  ]);
  signNatively(certificate, issuer?.key ?? keys.privateKey);
  // forge ends lines as Windows does.
  return { certificate: forge.pki.certificateToPem(certificate).replaceAll('\r', ''), key: keys.privateKey };
}

/**
 * RSA in JavaScript would hold the event loop for a tenth of a second, and with it every review. forge asks its digest
 * and its key for no more than this.
 */
function signNatively(certificate: forge.pki.Certificate, key: string): void {
  let message = Buffer.alloc(0);
  const digest = {
    algorithm: 'sha256',
    update(bytes: string) {
      message = Buffer.from(bytes, 'latin1');
    },
  };
  const signer = { sign: () => sign('sha256', message, key).toString('latin1') };
  certificate.sign(signer as unknown as forge.pki.rsa.PrivateKey, digest as unknown as forge.md.MessageDigest);
}

/** RFC 5280 §4.1.2.2: positive and at most 20 octets; CA/Browser Forum: at least 64 random bits. Hex, and DER for any bits: forge does not see to that. */
export function randomSerial(): string {
  const bytes = randomBytes(16);
  // The first bit would make it negative, a zero octet at the front would not be DER.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
