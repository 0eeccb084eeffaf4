import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthorities } from '../../webhook/authorities.ts';
import { issueLeaf, type KeyPair } from '../../webhook/certificate.ts';
import { kubePaths } from '../../webhook/kube-api.ts';
import { serviceNames } from '../../webhook/names.ts';
import { keepOwnCertificate, longestIntervalMs } from '../../webhook/own-certificate.ts';
import { expiryMs, splitBundle } from '../../webhook/pem.ts';
import { dialable } from '../../webhook/served-chain.ts';
import { startServer, type WebhookServer } from '../../webhook/server.ts';
import type { FakeKube } from '../support/fake-kube.ts';
import { caBundle, createCluster, SYSTEM } from '../support/test-webhook.ts';

const names = serviceNames(SYSTEM);
const secret = kubePaths.secret(SYSTEM, 'mcp-sluice-webhook-certificate');

describe('a certificate of our own, look by look', () => {
  let server: WebhookServer;
  let first: KeyPair;
  beforeAll(async () => {
    first = await issueLeaf((await createAuthorities(Date.now())).signer, names, Date.now());
    server = await startServer({ host: '127.0.0.1', port: 0, certificate: first, handler: (_request, response) => void response.end() });
  });
  afterAll(() => server.close(0));

  function setup(kube: FakeKube = createCluster(), options: { readonly leafLifetimeMs?: number; readonly clock?: () => number } = {}) {
    const served: KeyPair[] = [];
    const keeper = keepOwnCertificate({
      ...{ api: kube, namespace: SYSTEM, names, clock: Date.now, log: pino({ level: 'silent' }), settleMs: 0, ...options },
      served: {
        serve(certificate) {
          server.serve(certificate);
          served.push(certificate);
        },
        address: () => dialable(server.address),
      },
    });
    const look = async () => {
      for (const { fulfil } of keeper.duties) await fulfil();
    };
    return { kube, keeper, served, look };
  }

  it('[webhook:leaf-lifetime] of a short life is renewed in its last third and not before, with two looks to spare', async () => {
    let offsetMs = 0;
    const leafLifetimeMs = 60_000;
    const { served, look } = setup(createCluster(), { leafLifetimeMs, clock: () => Date.now() + offsetMs });
    const firstMs = Date.now();
    await look();
    const endMs = expiryMs(served[0]?.certificate ?? '') ?? 0;
    // X.509 counts whole seconds.
    expect(endMs - firstMs).toBeGreaterThan(leafLifetimeMs - 1000);
    offsetMs = endMs - 0.4 * leafLifetimeMs - Date.now();
    await look();
    expect(served).toHaveLength(1);
    offsetMs = endMs - 0.3 * leafLifetimeMs - Date.now();
    await look();
    expect(served).toHaveLength(2);
    expect(longestIntervalMs(leafLifetimeMs) * 2).toBeLessThanOrEqual(leafLifetimeMs / 3);
    expect(longestIntervalMs()).toBeGreaterThan(3_600_000);
  });

  it('[webhook:rotation] is signed by a new CA only once two looks found it published, while the old one is trusted', async () => {
    const { kube, served, look } = setup();
    await look();
    expect(served).toHaveLength(1);
    kube.put(secret, { ...kube.objects.get(secret), data: {} });
    await look();
    expect([served.length, splitBundle(caBundle(kube)).length]).toEqual([1, 2]);
    await look();
    expect(served).toHaveLength(2);
    await look();
    expect(served).toHaveLength(2);
  });

  it('[webhook:replicas-agree] is signed by what another replica published, after a restoration, and trusted all along', async () => {
    const { kube, keeper, served, look } = setup();
    await look();
    const other = setup(createCluster());
    await other.look();
    // Secret and configuration of another life.
    for (const path of [secret, kubePaths.webhookConfiguration('mcp-sluice')]) {
      const object = other.kube.objects.get(path);
      if (object !== undefined) kube.put(path, object);
    }
    const seen: unknown[] = [];
    for (let index = 0; index < 2; index++) {
      await look();
      seen.push([served.length, keeper.distrusted()]);
    }
    expect(seen).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
  });

  it('[webhook:ca-bundle] asks little of the apiserver while all is well, and writes nothing', async () => {
    const { kube, look } = setup();
    await look();
    await look();
    const before = kube.calls.length;
    await look();
    expect(kube.calls.slice(before)).toEqual([`GET ${secret}`, `GET ${kubePaths.webhookConfiguration('mcp-sluice')}`, `GET ${secret}`]);
  });
});
