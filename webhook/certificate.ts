import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

const DAY_MS = 24 * 3_600_000;
/** Nobody renews a CA by hand, and its key never leaves the Secret beside the leaf's. */
const AUTHORITY_LIFETIME_MS = 10 * 365 * DAY_MS;
/** Below the 398 days that some TLS clients insist on. */
const LEAF_LIFETIME_MS = 365 * DAY_MS;
/** Clocks of the nodes differ, and a certificate from the future is refused (cert-manager#1873). */
const BACKDATE_MS = 3_600_000;

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

/** A server certificate for the names, signed by the authority. */
export function issueLeaf(issuer: KeyPair, names: readonly [string, ...string[]], nowMs: number): Promise<KeyPair> {
  return issue({
    // RFC 5280 ub-common-name is 64; what counts is the SAN (RFC 9525 §2).
    commonName: names[0].slice(0, 64),
    nowMs,
    lifetimeMs: LEAF_LIFETIME_MS,
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
  certificate.validity.notAfter = new Date(nowMs + lifetimeMs);
  const issuerCertificate = issuer && forge.pki.certificateFromPem(issuer.certificate);
  certificate.setSubject([{ name: 'commonName', value: commonName }]);
  certificate.setIssuer(issuerCertificate ? issuerCertificate.subject.attributes : certificate.subject.attributes);
  const authority = issuerCertificate ?? certificate;
  certificate.setExtensions([
    ...extensions,
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: authority.generateSubjectKeyIdentifier().getBytes() },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(issuer?.key ?? keys.privateKey), forge.md.sha256.create());
  // forge ends lines as Windows does.
  return { certificate: forge.pki.certificateToPem(certificate).replaceAll('\r', ''), key: keys.privateKey };
}

/** RFC 5280 §4.1.2.2: positive and at most 20 octets; CA/Browser Forum: at least 64 random bits. Hex, and DER for any bits: forge does not see to that. */
export function randomSerial(): string {
  const bytes = randomBytes(16);
  // The first bit would make it negative, a zero octet at the front would not be DER.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
