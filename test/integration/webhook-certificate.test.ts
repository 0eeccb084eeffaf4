import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueAuthority, issueLeaf, type KeyPair, randomSerial } from '../../webhook/certificate.ts';
import { serviceNames } from '../../webhook/names.ts';

const DAY_MS = 24 * 3_600_000;
const nowMs = Date.parse('2026-11-21T12:00:00Z');
const names = serviceNames('mcp-sluice-system');

describe('certificates', () => {
  let authority: KeyPair;
  let leaf: KeyPair;
  beforeAll(async () => {
    authority = await issueAuthority(nowMs);
    leaf = await issueLeaf(authority, names, nowMs);
  });

  it('[webhook:certificate] a leaf is good for every name of the Service, for servers only, and signed by the CA', () => {
    const parsed = new X509Certificate(leaf.certificate);
    expect(names).toContain('mcp-sluice-webhook.mcp-sluice-system.svc');
    expect(names.filter((name) => parsed.checkHost(name, { subject: 'never' }) === undefined)).toEqual([]);
    expect(parsed.checkHost('kubernetes.default.svc')).toBeUndefined();
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(parsed.ca).toBe(false);
    expect(parsed.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(parsed.checkIssued(new X509Certificate(authority.certificate))).toBe(true);
  });

  it('lasts a day, the CA a year, and both began an hour ago', () => {
    const [ca, server] = [authority, leaf].map(({ certificate }) => new X509Certificate(certificate));
    expect(server?.validToDate.getTime()).toBe(nowMs + DAY_MS);
    expect(ca?.validToDate.getTime()).toBe(nowMs + 365 * DAY_MS);
    expect(server?.validFromDate.getTime()).toBe(nowMs - 3_600_000);
    expect(ca?.ca).toBe(true);
  });

  it('never outlives its CA', async () => {
    const late = await issueLeaf(authority, names, nowMs + 364.5 * DAY_MS);
    expect(new X509Certificate(late.certificate).validToDate.getTime()).toBe(nowMs + 365 * DAY_MS);
  });

  it('has RSA keys of 2048 bits and positive random serials', async () => {
    const serials = await Promise.all(
      [1, 2, 3].map(async () => new X509Certificate((await issueLeaf(authority, names, nowMs)).certificate)),
    );
    expect(new Set(serials.map((each) => each.serialNumber)).size).toBe(3);
    expect(serials.every((each) => /^[4-7][0-9A-F]{31}$/.test(each.serialNumber))).toBe(true);
    expect(serials[0]?.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  it('has serials that are DER whatever the random bits: no zero octet, no sign at the front', () => {
    expect(Array.from({ length: 5_000 }, randomSerial).filter((serial) => !/^[4-7][0-9a-f]{31}$/.test(serial))).toEqual([]);
  });
});
