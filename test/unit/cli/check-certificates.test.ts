import { beforeAll, describe, expect, it } from 'vitest';
import { issueAuthority } from '../../../webhook/certificate.ts';
import type { KubeObject } from '../../../webhook/kube-api.ts';
import { checkAt, edited, NOW_MS, outcomes } from './check-run.ts';
import { createCluster, DEPLOYMENT, type FakeCluster, METRICS, refusal, WEBHOOK } from './fake-cluster.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CERTIFICATE = '/apis/cert-manager.io/v1/namespaces/mcp-sluice-system/certificates/mcp-sluice-webhook';
let ca = '';
beforeAll(async () => {
  ca = (await issueAuthority(NOW_MS)).certificate;
});

/** A cluster whose replicas serve a certificate with so much to go. */
function serving(leftMs: number, trusted = 1): FakeCluster {
  const cluster = createCluster(ca);
  const body = METRICS.replace(/expiry_seconds \d+/, `expiry_seconds ${leftMs / 1000}`).replace(/trusted 1/, `trusted ${trusted}`);
  cluster.answer((path) => (path.endsWith(':10250/proxy/metrics') ? { status: 200, body } : undefined));
  return cluster;
}
const leaf = async (cluster: FakeCluster) =>
  (await outcomes(cluster)).checks
    .filter(({ check }) => check === 'webhook-certificate a')
    .map(({ state, message }) => `${state}: ${message}`)[0];
function mounted(cluster: FakeCluster): FakeCluster {
  const args = '"name":"webhook","args":["--tls-dir","/etc/mcp-sluice/tls"]';
  cluster.kube.put(DEPLOYMENT, edited(cluster.kube.objects.get(DEPLOYMENT), '"name":"webhook"', args));
  return cluster;
}

describe('mcp-sluice check, certificates', () => {
  it('[cli:check-certificates] warns of a CA by what is left of its life, and says where one has ended', async () => {
    const life = (await outcomes(createCluster(ca))).checks.find(({ check: name }) => name === 'webhook-ca')?.message ?? '';
    const days = Number(/(\d+) days/.exec(life)?.[1]);
    const at = async (dayMs: number) => (await checkAt(NOW_MS + dayMs, createCluster(ca))).out;
    expect(await at(Math.floor(days * 0.65) * DAY_MS)).toMatch(/^ok {7}webhook-ca/m);
    expect(await at(Math.floor(days * 0.75) * DAY_MS)).toMatch(/^warning {2}webhook-ca: .*ends in 9\d days, of 36\d days/m);
    expect(await at((days + 2) * DAY_MS)).toMatch(/^FAILED {3}webhook-ca: .*ended/m);
  });

  it('[cli:check-certificates] takes the word of each replica, which compares what it serves with what is published', async () => {
    const cluster = createCluster(ca);
    cluster.answer((path) =>
      path.includes('https:a:10250') ? { status: 503, body: 'certificate: not trusted yet\nimages: x\n' } : undefined,
    );
    cluster.answer((path) => (path.includes('https:b:10250') ? refusal(403, 'forbidden') : undefined));
    const { notOk } = await outcomes(cluster);
    expect(notOk.slice(0, 2)).toEqual([
      { check: 'webhook-ready a', state: 'failed', message: 'certificate: not trusted yet; images: x' },
      { check: 'webhook-ready b', state: 'unknown', message: expect.stringContaining('pods/proxy') },
    ]);
  });

  it('[cli:check-certificates] warns of what a replica serves by what is left of a day, and says where it has ended', async () => {
    expect(await leaf(serving(8 * HOUR_MS))).toBe('ok: the certificate that it serves is trusted, and ends in 8 hours');
    expect(await leaf(serving(7 * HOUR_MS))).toBe(
      'warning: the certificate that it serves is trusted, and ends in 7 hours, of 24 hours: it should have been renewed',
    );
    expect(await leaf(serving(-3 * HOUR_MS))).toBe('failed: the certificate that it serves ended 3 hours ago');
    expect((await outcomes(serving(-3 * HOUR_MS))).code).toBe(1);
  });

  it('[cli:check-certificates] says where what is served does not verify against what is published', async () => {
    expect(await leaf(serving(20 * HOUR_MS, 0))).toMatch(/^failed: what it serves does not verify against the published caBundle/);
  });

  it("[cli:check-certificates] takes the lifetime of cert-manager's certificate from cert-manager", async () => {
    const cluster = mounted(serving(40 * HOUR_MS));
    expect(await leaf(cluster)).toMatch(/^ok: .*how long it lasts in all is not to be seen here$/);
    const status = { notBefore: '2026-11-16T00:00:00Z', notAfter: '2026-11-23T00:00:00Z' };
    cluster.kube.put(CERTIFICATE, { status } as KubeObject);
    expect(await leaf(cluster)).toMatch(/^warning: .* ends in 40 hours, of 7 days: it should have been renewed$/);
    const renewed = mounted(serving(100 * HOUR_MS));
    renewed.kube.put(CERTIFICATE, { status } as KubeObject);
    expect(await leaf(renewed)).toMatch(/^ok: /);
  });

  it('[cli:check-ca-kept] warns where cert-manager issues the certificate and no annotation has it keep caBundle', async () => {
    const key = 'cert-manager.io/inject-ca-from';
    const authority = async (annotations: Record<string, string>, certificate: KubeObject | undefined) => {
      const cluster = mounted(createCluster(ca));
      const configuration = cluster.kube.objects.get(WEBHOOK);
      cluster.kube.put(WEBHOOK, { ...configuration, metadata: { ...configuration?.metadata, annotations } } as KubeObject);
      if (certificate !== undefined) cluster.kube.put(CERTIFICATE, certificate);
      return (await outcomes(cluster)).notOk.filter(({ check }) => check === 'webhook-ca');
    };
    const certificate = { status: {} } as KubeObject;
    expect(await authority({ [key]: 'mcp-sluice-system/mcp-sluice-webhook' }, certificate)).toEqual([]);
    expect(await authority({ [`${key}-secret`]: 'mcp-sluice-system/x' }, certificate)).toEqual([]);
    expect(await authority({}, undefined)).toEqual([]);
    const warning = (end: string) => ({
      check: 'webhook-ca',
      state: 'warning',
      message: expect.stringMatching(end),
      remedy: expect.any(String),
    });
    expect(await authority({}, certificate)).toEqual([warning('nobody keeps caBundle: .*is not there$')]);
    expect(await authority({ [key]: 'a/b' }, certificate)).toEqual([warning('names a/b$')]);
  });
});
