import { createSecureContext, DEFAULT_CIPHERS, type SecureContext } from 'node:tls';
import { systemRootCertificates } from './tls-trust.ts';

/**
 * TLS 1.2 and later, and OpenSSL's level 2: no SHA-1 signatures, no RSA below 2048 bits, in any certificate of a chain.
 * Said here, so that no NODE_OPTIONS and no distribution's openssl.cnf can make it less.
 */
const strict = { minVersion: 'TLSv1.2', ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=2` } as const;

let rootsOnce: SecureContext | undefined;

/** Trusts what Node and the system do; one for all entries, as it holds some hundred certificates. */
export function trustingRoots(): SecureContext {
  rootsOnce ??= createSecureContext({ ...strict, ca: systemRootCertificates() });
  return rootsOnce;
}

/** Trusts a bundle beside the roots, or in their place. Throws where OpenSSL cannot read it. */
export function trustingBundle(pem: string, options: { readonly isExclusive: boolean }): SecureContext {
  return createSecureContext({ ...strict, ca: options.isExclusive ? [pem] : [...systemRootCertificates(), pem] });
}
