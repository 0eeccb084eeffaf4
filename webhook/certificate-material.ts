import { createPrivateKey, X509Certificate } from 'node:crypto';
import { issueAuthority, issueLeaf, type KeyPair } from './certificate.ts';

const DAY_MS = 24 * 3_600_000;
/** A third of a leaf's life: months for people to notice that renewal fails. */
const RENEW_LEAF_BEFORE_MS = 120 * DAY_MS;
/** No leaf may outlive its authority. */
const RENEW_AUTHORITY_BEFORE_MS = 400 * DAY_MS;
const MAX_BUNDLE_CERTIFICATES = 4;

/** All that the Secret holds. */
export interface CertificateMaterial {
  /** Signs leaves; the first certificate of `bundle`. */
  readonly authority: KeyPair;
  readonly leaf: KeyPair;
  /** PEM of the authority and of those before it that are still valid: what an apiserver is to trust. */
  readonly bundle: string;
}

export type SecretData = Readonly<Record<string, string>>;

export type Judged =
  | { readonly state: 'good'; readonly material: CertificateMaterial }
  /** Its authority is fine, its leaf is not or not for long. */
  | { readonly state: 'leaf-due'; readonly material: CertificateMaterial; readonly reason: string }
  | { readonly state: 'unusable'; readonly reason: string };

export async function createMaterial(names: readonly [string, ...string[]], nowMs: number, trusted = ''): Promise<CertificateMaterial> {
  const authority = await issueAuthority(nowMs);
  const leaf = await issueLeaf(authority, names, nowMs);
  // Another replica still serves a leaf of the authority before this one.
  const bundle = [...new Set([authority.certificate, ...validCertificates(trusted, nowMs)].map(trimPem))];
  return { authority, leaf, bundle: bundle.slice(0, MAX_BUNDLE_CERTIFICATES).join('') };
}

export async function renewLeaf(material: CertificateMaterial, names: readonly [string, ...string[]], nowMs: number) {
  return { ...material, leaf: await issueLeaf(material.authority, names, nowMs) };
}

export function encodeMaterial({ authority, leaf, bundle }: CertificateMaterial): SecretData {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return { 'ca.crt': encode(bundle), 'ca.key': encode(authority.key), 'tls.crt': encode(leaf.certificate), 'tls.key': encode(leaf.key) };
}

/** What a Secret's data is good for, whoever wrote it. */
export function judgeMaterial(data: SecretData, names: readonly string[], nowMs: number): Judged {
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString('latin1');
  const [first] = splitBundle(text('ca.crt'));
  if (first === undefined) return { state: 'unusable', reason: 'no CA certificate in it' };
  const authority = { certificate: first, key: text('ca.key') };
  const faultOfAuthority = judgeAuthority(authority, nowMs);
  if (faultOfAuthority !== undefined) return { state: 'unusable', reason: faultOfAuthority };
  const bundle = [...new Set([first, ...validCertificates(text('ca.crt'), nowMs)].map(trimPem))].join('');
  const material = { authority, bundle, leaf: { certificate: text('tls.crt'), key: text('tls.key') } };
  const reason = judgeLeaf(material, names, nowMs);
  return reason === undefined ? { state: 'good', material } : { state: 'leaf-due', material, reason };
}

function judgeAuthority({ certificate, key }: KeyPair, nowMs: number): string | undefined {
  const parsed = parseCertificate(certificate);
  if (parsed === undefined || !parsed.ca || !isKeyOf(parsed, key)) return 'its CA certificate or key is broken';
  if (parsed.validFromDate.getTime() > nowMs) return 'its CA is not valid yet';
  return parsed.validToDate.getTime() - nowMs < RENEW_AUTHORITY_BEFORE_MS ? 'its CA ends soon' : undefined;
}

function judgeLeaf({ authority, leaf }: CertificateMaterial, names: readonly string[], nowMs: number): string | undefined {
  const parsed = parseCertificate(leaf.certificate);
  if (parsed === undefined || !isKeyOf(parsed, leaf.key)) return 'its certificate or key is broken';
  if (!parsed.verify(new X509Certificate(authority.certificate).publicKey)) return 'its certificate is not signed by its CA';
  if (names.some((name) => parsed.checkHost(name, { subject: 'never' }) === undefined))
    return 'its certificate lacks a name of the Service';
  if (parsed.validFromDate.getTime() > nowMs) return 'its certificate is not valid yet';
  return parsed.validToDate.getTime() - nowMs < RENEW_LEAF_BEFORE_MS ? 'its certificate ends soon' : undefined;
}

/** Milliseconds since 1970; undefined for what is no certificate. */
export function expiryMs(pem: string): number | undefined {
  return parseCertificate(pem)?.validToDate.getTime();
}

export function splitBundle(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*/g) ?? [];
}

function validCertificates(pem: string, nowMs: number): string[] {
  return splitBundle(pem).filter((each) => {
    const parsed = parseCertificate(each);
    return parsed?.ca === true && parsed.validToDate.getTime() > nowMs;
  });
}

function trimPem(pem: string): string {
  return `${pem.replaceAll('\r', '').trim()}\n`;
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function isKeyOf(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
