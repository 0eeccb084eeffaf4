import { createPrivateKey, X509Certificate } from 'node:crypto';

/** Undefined for what is no certificate. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** The certificates of a bundle, each with one line end after it; what stands between them is left out. */
export function splitBundle(pem: string): string[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.map((each) => `${each.replaceAll('\r', '')}\n`);
}

/** Milliseconds since 1970; undefined for what is no certificate. */
export function expiryMs(pem: string): number | undefined {
  return parseCertificate(pem)?.validToDate.getTime();
}

export function isValidAt(certificate: X509Certificate, nowMs: number): boolean {
  return certificate.validFromDate.getTime() <= nowMs && nowMs < certificate.validToDate.getTime();
}

/** True where `key` is the private key of the certificate. */
export function isKeyOf(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** True where two bundles have the same certificates, in whatever order. */
export function isSameBundle(one: string, other: string): boolean {
  const [a, b] = [one, other].map((pem) => new Set(splitBundle(pem)));
  return a !== undefined && b !== undefined && a.size === b.size && [...a].every((each) => b.has(each));
}
