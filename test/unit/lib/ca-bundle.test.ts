import { describe, expect, it } from 'vitest';
import { onlyTrusting } from '../../../sidecar/tls-trust.ts';
import { daysUntil, readCaBundle } from '../../../src/lib/ca-bundle.ts';
import { makeCertificate } from '../../support/make-certificate.ts';

const soon = makeCertificate({ name: 'a CA', isAuthority: true, validHours: [-1, 24] });
const later = makeCertificate({ name: 'another CA', isAuthority: true, validHours: [-1, 240] });
const nowMs = Date.now();
const read = (text: string) => readCaBundle(text, nowMs);

describe('the text of a CA bundle', () => {
  it('[egress:bundle-text] holds certificates, between any other lines, and ends with the first of them', () => {
    const bundle = read(`# corp\n${soon.certificate}\r\nnext:\n${later.certificate}`);
    if ('problem' in bundle) throw new Error(bundle.problem);
    expect(bundle.certificates).toBe(2);
    expect(daysUntil(bundle.earliestEndMs, nowMs)).toBeLessThanOrEqual(1);
    expect(bundle.pem).not.toContain('corp');
  });

  it('[egress:bundle-text] may hold one that has ended beside its successor', () => {
    const ended = makeCertificate({ name: 'a CA', isAuthority: true, validHours: [-48, -24] });
    expect(read(ended.certificate + soon.certificate)).toMatchObject({ certificates: 2 });
    expect(read(ended.certificate)).toMatchObject({ problem: expect.stringContaining('no certificate that is still valid') });
  });

  it('[egress:bundle-text] is refused where it holds anything else', () => {
    const half = soon.certificate.slice(0, 300);
    const request = soon.certificate.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST');
    for (const [text, problem] of [
      ['', 'holds no PEM certificate'],
      ['{}', 'holds no PEM certificate'],
      [half, 'holds a PEM block that is no certificate'],
      [half + later.certificate, 'holds a PEM block that is no certificate'],
      [request, 'holds a PEM block that is no certificate'],
      [soon.certificate + request, 'holds a PEM block that is no certificate'],
      [
        soon.certificate.repeat(301),
        'holds 301 certificates, and at most 512 KiB and 300 certificates are read: keep the CAs that are needed',
      ],
      [
        `${soon.certificate}${'#'.repeat(1 << 20)}`,
        'holds 1025 KiB, and at most 512 KiB and 300 certificates are read: keep the CAs that are needed',
      ],
      [soon.certificate + soon.key, 'holds a private key, which belongs in no bundle'],
    ] as const)
      expect(read(text)).toMatchObject({ problem });
  });

  it('[egress:bundle-text] has the same bound where Redis or the issuer is verified by it, as it is read for each connection', () => {
    expect(() => onlyTrusting(soon.certificate.repeat(301), 'the CA of redis-ca')).toThrow(
      /^the CA of redis-ca holds 301 certificates, .* keep the CAs/,
    );
    expect(() => onlyTrusting(soon.certificate, 'the CA of redis-ca')).not.toThrow();
  });
});
