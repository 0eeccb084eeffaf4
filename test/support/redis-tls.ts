import forge from 'node-forge';
import { randomSerial } from '../../webhook/certificate.ts';

export interface TestCertificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** A CA and a leaf for 127.0.0.1 and a name, an hour long. */
export function makeCertificates(name = 'localhost'): TestCertificates {
  const ca = make([{ name: 'basicConstraints', cA: true, critical: true }], 'test CA');
  const names = [
    { type: 2, value: name },
    { type: 7, ip: '127.0.0.1' },
  ];
  const leaf = make([{ name: 'subjectAltName', altNames: names }], 'redis', ca);
  return {
    ca: forge.pki.certificateToPem(ca.certificate),
    certificate: forge.pki.certificateToPem(leaf.certificate),
    key: forge.pki.privateKeyToPem(leaf.key),
  };
}

interface Made {
  readonly certificate: forge.pki.Certificate;
  readonly key: forge.pki.PrivateKey;
}

function make(extensions: object[], commonName: string, issuer?: Made): Made {
  const pair = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = pair.publicKey;
  certificate.serialNumber = randomSerial();
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  const subject = [{ name: 'commonName', value: commonName }];
  certificate.setSubject(subject);
  certificate.setIssuer(issuer ? issuer.certificate.subject.attributes : subject);
  certificate.setExtensions(extensions);
  certificate.sign((issuer?.key ?? pair.privateKey) as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return { certificate, key: pair.privateKey };
}
