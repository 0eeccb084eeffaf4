import { generateKeyPairSync } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';
import { randomSerial } from '../../webhook/certificate.ts';

const HOUR_MS = 3_600_000;

/** PEM. */
export interface Certified {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** Empty: a name without any part. */
  readonly name: string;
  /** Absent: by itself. */
  readonly issuer?: Certified;
  readonly isAuthority?: boolean;
  /** Names and addresses that a server's is for. */
  readonly hosts?: readonly string[];
  /** From now; an hour back to an hour on where absent. */
  readonly validHours?: readonly [from: number, to: number];
  readonly digest?: 'sha1' | 'sha256';
  readonly keyBits?: 1024 | 2048;
  /** Says where its issuer's certificate is to be had. */
  readonly issuerUrl?: string;
}

/** Any certificate that a test's server may show, the bad ones above all. */
export function makeCertificate(request: CertificateRequest): Certified {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: request.keyBits ?? 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const issuer = request.issuer ?? { certificate: undefined, key: keys.privateKey };
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKey);
  certificate.serialNumber = randomSerial();
  const [from, to] = request.validHours ?? [-1, 1];
  certificate.validity.notBefore = new Date(Date.now() + from * HOUR_MS);
  certificate.validity.notAfter = new Date(Date.now() + to * HOUR_MS);
  certificate.setSubject(request.name === '' ? [] : [{ name: 'commonName', value: request.name }]);
  certificate.setIssuer(
    issuer.certificate === undefined ? certificate.subject.attributes : forge.pki.certificateFromPem(issuer.certificate).subject.attributes,
  );
  certificate.setExtensions(extensionsOf(request));
  const digest = request.digest === 'sha1' ? forge.md.sha1.create() : forge.md.sha256.create();
  certificate.sign(forge.pki.privateKeyFromPem(issuer.key), digest);
  return { certificate: forge.pki.certificateToPem(certificate).replaceAll('\r', ''), key: keys.privateKey };
}

function extensionsOf({ isAuthority = false, hosts = [], issuerUrl }: CertificateRequest): object[] {
  const altNames = hosts.map((host) => (isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host }));
  return [
    { name: 'basicConstraints', cA: isAuthority, critical: true },
    ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : []),
    ...(issuerUrl === undefined ? [] : [authorityInformation(issuerUrl)]),
  ];
}

/** RFC 5280 §4.2.2.1, which forge has no name for. */
function authorityInformation(url: string): object {
  const { asn1 } = forge;
  const method = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer('1.3.6.1.5.5.7.48.2').getBytes());
  const location = asn1.create(asn1.Class.CONTEXT_SPECIFIC, 6 as forge.asn1.Type, false, url);
  const description = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [method, location]);
  return { id: '1.3.6.1.5.5.7.1.1', value: asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [description]) };
}
