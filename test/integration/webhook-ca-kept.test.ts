import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Authorities,
  bundleIn,
  createAuthorities,
  encodeAuthorities,
  prepareNext,
  type SecretData,
} from '../../webhook/authorities.ts';
import { issueLeaf, type KeyPair } from '../../webhook/certificate.ts';
import { type KubeObject, kubePaths } from '../../webhook/kube-api.ts';
import { SERVICE, serviceNames } from '../../webhook/names.ts';
import { keepOwnCertificate } from '../../webhook/own-certificate.ts';
import { splitBundle } from '../../webhook/pem.ts';
import { dialable, distrust, readServedChain } from '../../webhook/served-chain.ts';
import { startServer, type WebhookServer } from '../../webhook/server.ts';
import type { FakeKube } from '../support/fake-kube.ts';
import { makeCertificate } from '../support/make-certificate.ts';
import { caBundle, createCluster, podOf, SYSTEM } from '../support/test-webhook.ts';

const names = serviceNames(SYSTEM);
const secret = kubePaths.secret(SYSTEM, 'mcp-sluice-webhook-certificate');
const configuration = kubePaths.webhookConfiguration('mcp-sluice');
const base64 = (text: string) => Buffer.from(text).toString('base64');

interface Replica {
  readonly server: WebhookServer;
  look(): Promise<void>;
}
interface Cluster {
  readonly kube: FakeKube;
  readonly replicas: Map<string, Replica>;
  /** What a write of ours made untrusted that was trusted before it. */
  readonly lost: string[];
  /** More certificates than this were never published at once. */
  most: number;
  offsetMs: number;
}

let first: KeyPair;
let foreign: readonly Authorities[];
let rotating: Authorities;
let older: Authorities;
beforeAll(async () => {
  const nowMs = Date.now();
  [older, ...foreign] = (await Promise.all([1, 2, 3, 4].map(() => createAuthorities(nowMs)))) as [Authorities, ...Authorities[]];
  rotating = await prepareNext(foreign[0] as Authorities, nowMs);
  first = await issueLeaf(older.signer, names, nowMs);
});

async function trustOf({ kube, replicas, offsetMs }: Cluster): Promise<Map<string, string | undefined>> {
  const trusted = new Map<string, string | undefined>();
  for (const [name, { server }] of replicas) {
    const dial = () => readServedChain(dialable(server.address), names[0]);
    // Once more where this machine was too busy.
    const chain = await dial().catch(dial);
    trusted.set(name, distrust(chain, caBundle(kube), names[0], Date.now() + offsetMs));
  }
  return trusted;
}

function createTestCluster(): Cluster {
  const kube = createCluster();
  for (const name of ['a', 'b']) kube.objects.delete(kubePaths.pod(SYSTEM, name));
  const cluster: Cluster = { kube, replicas: new Map(), lost: [], most: 0, offsetMs: 0 };
  const { apply } = kube;
  Object.assign(kube, {
    async apply(path: string, object: KubeObject) {
      const before = await trustOf(cluster);
      const written = await apply(path, object);
      const after = await trustOf(cluster);
      for (const [name, reason] of after)
        if (before.get(name) === undefined && reason !== undefined) cluster.lost.push(`${name}: ${reason}`);
      cluster.most = Math.max(cluster.most, splitBundle(caBundle(kube)).length);
      return written;
    },
  });
  return cluster;
}

async function start(cluster: Cluster, name: string, { isListed = true } = {}): Promise<Replica> {
  const { kube, replicas } = cluster;
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    certificate: first,
    handler: (_request, response) => void response.end(),
  });
  const keeper = keepOwnCertificate({
    ...{ api: kube, namespace: SYSTEM, names, clock: () => Date.now() + cluster.offsetMs, log: pino({ level: 'silent' }), settleMs: 0 },
    served: { serve: (certificate) => server.serve(certificate), address: () => dialable(server.address) },
  });
  const replica: Replica = {
    server,
    async look() {
      for (const { fulfil } of keeper.duties) await fulfil();
    },
  };
  if (isListed) kube.put(kubePaths.pod(SYSTEM, name), podOf(name, server.address.port));
  replicas.set(name, replica);
  return replica;
}

/** Both serve, and have looked often enough for all of it to be settled. */
async function settle({ replicas }: Cluster): Promise<void> {
  for (let index = 0; index < 3; index++) for (const { look } of replicas.values()) await look();
}

function overwriteBundle(kube: FakeKube, bundle: string): void {
  const clientConfig = { service: { name: SERVICE, namespace: SYSTEM }, caBundle: base64(bundle) };
  kube.put(configuration, { metadata: { name: 'mcp-sluice' }, webhooks: [{ name: 'inject', clientConfig }] });
}
const putSecret = (kube: FakeKube, data: Readonly<Record<string, string>>) => kube.put(secret, { ...kube.objects.get(secret), data });
const signerIn = (kube: FakeKube) => splitBundle(bundleIn((kube.objects.get(secret)?.['data'] ?? {}) as SecretData))[0] ?? '';

/** As of a company's own, with the issuer's certificate after the leaf's. */
function issuedBeneathRoot() {
  const root = makeCertificate({ name: 'root', isAuthority: true });
  const issuer = makeCertificate({ name: 'issuer', issuer: root, isAuthority: true });
  const leaf = makeCertificate({ name: 'leaf', issuer, hosts: names });
  return {
    root: root.certificate,
    issuer: issuer.certificate,
    leaf: { certificate: leaf.certificate + issuer.certificate, key: leaf.key },
  };
}

const ACCIDENTS: Readonly<Record<string, (kube: FakeKube) => void>> = {
  'is deleted': (kube) => void kube.objects.delete(secret),
  'is emptied': (kube) => putSecret(kube, {}),
  'is that of another installation': (kube) => putSecret(kube, encodeAuthorities(foreign[0] as Authorities)),
  'is that of another installation, which was rotating': (kube) => putSecret(kube, encodeAuthorities(rotating)),
};

describe('the CAs that are published', () => {
  let cluster: Cluster;
  afterEach(async () => {
    await Promise.all([...cluster.replicas.values()].map(({ server }) => server.close(0)));
  });
  const pair = async () => {
    cluster = createTestCluster();
    await start(cluster, 'a');
    await start(cluster, 'b');
    await settle(cluster);
    return cluster;
  };
  const allTrusted = (expected: readonly string[] = ['a', 'b']) => new Map(expected.map((name) => [name, undefined]));

  it.each(Object.keys(ACCIDENTS))(
    '[webhook:ca-kept] stay those by which replicas serve when the Secret %s, until all serve by another',
    async (what) => {
      const { kube, replicas, lost } = await pair();
      const old = signerIn(kube);
      ACCIDENTS[what]?.(kube);
      await replicas.get('a')?.look();
      expect(await trustOf(cluster)).toEqual(allTrusted());
      await settle(cluster);
      expect([lost, await trustOf(cluster)]).toEqual([[], allTrusted()]);
      expect(splitBundle(caBundle(kube))).toEqual(expect.arrayContaining([signerIn(kube), old]));
      expect(signerIn(kube)).not.toBe(old);
    },
  );

  it.each(Object.keys(ACCIDENTS))('[webhook:ca-kept] are not taken away by a replica that starts when the Secret %s', async (what) => {
    const { kube, lost } = await pair();
    ACCIDENTS[what]?.(kube);
    const { look } = await start(cluster, 'c');
    await look();
    expect([lost, await trustOf(cluster)]).toEqual([[], allTrusted(['a', 'b', 'c'])]);
    await settle(cluster);
    expect([lost, await trustOf(cluster)]).toEqual([[], allTrusted(['a', 'b', 'c'])]);
  });

  it('[webhook:ca-kept] are put back within a look of each, where a replica that starts can ask no other', async () => {
    const { kube } = await pair();
    for (const name of ['a', 'b']) kube.put(kubePaths.pod(SYSTEM, name), podOf(name, 1));
    putSecret(kube, encodeAuthorities(foreign[0] as Authorities));
    const { look } = await start(cluster, 'c');
    await look();
    await cluster.replicas.get('a')?.look();
    expect(await trustOf(cluster)).toEqual(allTrusted(['a', 'b', 'c']));
    await look();
    expect(await trustOf(cluster)).toEqual(allTrusted(['a', 'b', 'c']));
  });

  it('[webhook:ca-kept] are those that somebody else had published, until the last replica that serves by them has gone', async () => {
    const { issuer, root, leaf } = issuedBeneathRoot();
    cluster = createTestCluster();
    const { kube, lost, replicas } = cluster;
    overwriteBundle(kube, root);
    const server = await startServer({
      host: '127.0.0.1',
      port: 0,
      certificate: leaf,
      handler: (_request, response) => void response.end(),
    });
    const leaving: Replica = { server, look: () => Promise.resolve() };
    replicas.set('old', leaving);
    kube.put(kubePaths.pod(SYSTEM, 'old'), podOf('old', server.address.port));
    const { look } = await start(cluster, 'a');
    await look();
    // It serves on for as long as some apiserver may still call it.
    const pod = podOf('old', server.address.port);
    kube.put(kubePaths.pod(SYSTEM, 'old'), { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-11-21T12:00:00Z' } });
    await look();
    expect([lost, await trustOf(cluster)]).toEqual([[], allTrusted(['old', 'a'])]);
    expect(splitBundle(caBundle(kube))).not.toContain(issuer);
    await server.close(0);
    replicas.delete('old');
    await look();
    expect(splitBundle(caBundle(kube))).toEqual([signerIn(kube)]);
  });

  it('[webhook:ca-kept] are those of every replica, where each serves by another', async () => {
    const { kube, replicas, lost } = await pair();
    putSecret(kube, encodeAuthorities(foreign[0] as Authorities));
    // Only this one moves on.
    for (let index = 0; index < 3; index++) await replicas.get('a')?.look();
    putSecret(kube, encodeAuthorities(foreign[1] as Authorities));
    await replicas.get('a')?.look();
    expect([lost, await trustOf(cluster)]).toEqual([[], allTrusted()]);
    await settle(cluster);
    expect([lost, await trustOf(cluster)]).toEqual([[], allTrusted()]);
  });

  it('[webhook:ca-kept] do not include what somebody else wrote there, and nobody serves by', async () => {
    const { kube, lost } = await pair();
    const stranger = (foreign[2] as Authorities).bundle;
    overwriteBundle(kube, stranger + caBundle(kube));
    await cluster.replicas.get('b')?.look();
    expect([splitBundle(caBundle(kube)).includes(stranger), lost, await trustOf(cluster)]).toEqual([false, [], allTrusted()]);
  });

  it('[webhook:ca-kept] are right again, and bounded, after any accidents in any order', async () => {
    const look = fc
      .constantFrom('a', 'b', 'c')
      .map((name) => ({ what: `look of ${name}`, act: (at: Cluster) => at.replicas.get(name)?.look() }));
    const changed = (what: string, act: (at: Cluster) => unknown) => fc.constant({ what, act });
    const accident = fc.oneof(
      ...Object.entries(ACCIDENTS).map(([what, act]) => changed(`Secret ${what}`, ({ kube }) => act(kube))),
      ...[0, 1, 2].map((index) =>
        changed(`Secret of ${index}`, ({ kube }) => putSecret(kube, encodeAuthorities(foreign[index] as Authorities))),
      ),
      changed('older', ({ kube }) => putSecret(kube, encodeAuthorities(older))),
      changed('bundle blanked', ({ kube }) => overwriteBundle(kube, '')),
      changed('bundle replaced', ({ kube }) => overwriteBundle(kube, older.bundle)),
      changed('a year ahead', (at) => {
        at.offsetMs = 400 * 24 * 3_600_000;
      }),
      changed('back', (at) => {
        at.offsetMs = 0;
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ arbitrary: look, weight: 2 }, { arbitrary: accident, weight: 1 }), { maxLength: 10 }),
        async (steps) => {
          await pair();
          await start(cluster, 'c');
          await settle(cluster);
          try {
            // A look may lose to another's write, and is taken again a second later.
            for (const { act } of steps) await Promise.resolve(act(cluster)).catch(() => undefined);
            expect(cluster.lost).toEqual([]);
            await settle(cluster);
            expect(await trustOf(cluster)).toEqual(allTrusted(['a', 'b', 'c']));
            expect(cluster.most).toBeLessThanOrEqual(8 + cluster.replicas.size);
          } finally {
            await Promise.all([...cluster.replicas.values()].map(({ server }) => server.close(0)));
          }
        },
      ),
      { numRuns: 5 },
    );
    cluster.replicas.clear();
    // Keys of RSA, a dozen a run.
  }, 300_000);
});
