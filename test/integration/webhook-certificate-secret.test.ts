import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CertificateMaterial, createMaterial, encodeMaterial, splitBundle } from '../../webhook/certificate-material.ts';
import { agreeOnCertificate } from '../../webhook/certificate-secret.ts';
import { kubePaths } from '../../webhook/kube-api.ts';
import { serviceNames } from '../../webhook/names.ts';
import { createFakeKube, type FakeKube } from '../support/fake-kube.ts';

const DAY_MS = 24 * 3_600_000;
const nowMs = Date.parse('2026-11-21T12:00:00Z');
const names = serviceNames('sys');
const path = kubePaths.secret('sys', 'mcp-sluice-webhook-certificate');
const agree = (api: FakeKube, atMs = nowMs, trusted = '') =>
  agreeOnCertificate({ api, namespace: 'sys', names, clock: () => atMs, trusted: () => trusted, log: () => undefined });
const writes = (kube: FakeKube) => kube.calls.filter((call) => !call.startsWith('GET'));

describe('the certificate that replicas agree on', () => {
  let stored: CertificateMaterial;
  beforeAll(async () => {
    stored = await createMaterial(names, nowMs);
  });
  const clusterWith = (data: Readonly<Record<string, string>> | undefined) => {
    const kube = createFakeKube();
    kube.put(path, { metadata: { name: 'mcp-sluice-webhook-certificate' }, type: 'Opaque', ...(data && { data }) });
    return kube;
  };

  it('is made by the first and read by the others', async () => {
    const kube = createFakeKube();
    const first = await agree(kube);
    expect(await agree(kube)).toEqual(first);
    expect(writes(kube)).toHaveLength(1);
  });

  it('[webhook:replicas-agree] is that of the replica whose Secret was there first, when two start at once', async () => {
    const kube = createFakeKube();
    kube.beforeNextWrite(() => kube.put(path, { metadata: { name: 'mcp-sluice-webhook-certificate' }, data: encodeMaterial(stored) }));
    expect(await agree(kube)).toEqual(stored);
  });

  it('[webhook:replicas-agree] is renewed once when two renew at the same time', async () => {
    const kube = clusterWith(encodeMaterial(stored));
    const late = nowMs + 300 * DAY_MS;
    const renewed = await agree(clusterWith(encodeMaterial(stored)), late);
    kube.beforeNextWrite(() => kube.put(path, { metadata: { name: 'mcp-sluice-webhook-certificate' }, data: encodeMaterial(renewed) }));
    expect(await agree(kube, late)).toEqual(renewed);
    expect(renewed.leaf).not.toEqual(stored.leaf);
  });

  it('[webhook:renewal] gets a new leaf of the same CA when its own ends soon', async () => {
    const kube = clusterWith(encodeMaterial(stored));
    expect((await agree(kube, nowMs + 240 * DAY_MS)).leaf).toEqual(stored.leaf);
    const renewed = await agree(kube, nowMs + 250 * DAY_MS);
    expect(renewed.bundle).toBe(stored.bundle);
    expect(new X509Certificate(renewed.leaf.certificate).validToDate.getTime()).toBe(nowMs + (250 + 365) * DAY_MS);
    expect(await agree(kube, nowMs + 250 * DAY_MS)).toEqual(renewed);
  });

  it('[webhook:renewal] gets a new CA while the old one is still trusted, when that ends soon', async () => {
    const renewed = await agree(clusterWith(encodeMaterial(stored)), nowMs + 3300 * DAY_MS);
    expect(splitBundle(renewed.bundle)).toEqual([renewed.authority.certificate, stored.bundle]);
    expect(renewed.authority).not.toEqual(stored.authority);
  });

  it.each<[string, (data: Record<string, string>) => Record<string, string> | undefined]>([
    ['emptied', () => ({})],
    ['without data', () => undefined],
    ['without the CA key', ({ 'ca.key': _, ...rest }) => rest],
    ['with a CA that is no PEM', (data) => ({ ...data, 'ca.crt': 'bm9uc2Vuc2U=' })],
    ['with a key that is not of its CA', (data) => ({ ...data, 'ca.key': data['tls.key'] ?? '' })],
    ['with a leaf that is no PEM', (data) => ({ ...data, 'tls.crt': 'AAAA' })],
    ['with a key that is not of its leaf', (data) => ({ ...data, 'tls.key': data['ca.key'] ?? '' })],
    ['with the CA as leaf', (data) => ({ ...data, 'tls.crt': data['ca.crt'] ?? '', 'tls.key': data['ca.key'] ?? '' })],
  ])('[webhook:broken-secret] is made anew from a Secret %s', async (_what, spoil) => {
    const kube = clusterWith(spoil({ ...encodeMaterial(stored) }));
    const material = await agree(kube);
    const leaf = new X509Certificate(material.leaf.certificate);
    expect(leaf.verify(new X509Certificate(material.authority.certificate).publicKey)).toBe(true);
    expect(leaf.checkHost(names[0])).toBeDefined();
    expect(await agree(kube)).toEqual(material);
    expect(writes(kube)).toHaveLength(1);
  });

  it('is made anew when it is for other names', async () => {
    const kube = clusterWith(encodeMaterial(await createMaterial(['elsewhere.svc'], nowMs)));
    expect(new X509Certificate((await agree(kube)).leaf.certificate).checkHost(names[0])).toBeDefined();
  });

  it('[webhook:broken-secret] keeps trusting what other replicas still serve by, when the Secret was emptied', async () => {
    const material = await agree(clusterWith({}), nowMs, stored.bundle);
    expect(splitBundle(material.bundle)).toContain(stored.bundle);
    expect(splitBundle(material.bundle)).toHaveLength(2);
  });

  it('never trusts expired CAs on', async () => {
    const material = await agree(clusterWith({}), nowMs + 3651 * DAY_MS, stored.bundle);
    expect(splitBundle(material.bundle)).toHaveLength(1);
  });
});
