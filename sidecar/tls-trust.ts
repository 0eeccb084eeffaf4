import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { excessOf } from '../src/lib/ca-bundle.ts';

const MINIMUM_TLS = 'TLSv1.2';
let rootsOnce: SecureContext | undefined;

/** Trusts what Node and the system do. Reading some hundred roots blocks the event loop for a tenth of a second: once, not for each connection. */
export function systemRoots(): SecureContext {
  rootsOnce ??= createSecureContext({ ca: systemRootCertificates(), minVersion: MINIMUM_TLS });
  return rootsOnce;
}

/** PEM of each root that Node brings along or the system has. */
export function systemRootCertificates(): string[] {
  return [...new Set([...getCACertificates('bundled'), ...getCACertificates('system')])];
}

/** Trusts the certificates in the text and no others. Throws an Error with a reason for a person where it holds none. */
export function onlyTrusting(pem: string, what: string): SecureContext {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`${what} is not a PEM certificate`);
  const excess = excessOf(pem);
  if (excess !== undefined) throw new Error(`${what} ${excess}`);
  return createSecureContext({ ca: pem, minVersion: MINIMUM_TLS });
}
