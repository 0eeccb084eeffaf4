import { beforeAll, describe, expect, it } from 'vitest';
import { type Authorities, createAuthorities, encodeAuthorities, prepareNext } from '../../webhook/authorities.ts';
import { issueLeaf } from '../../webhook/certificate.ts';
import { agreeOnAuthorities, promoteInSecret } from '../../webhook/certificate-secret.ts';
import { kubePaths } from '../../webhook/kube-api.ts';
import { splitBundle } from '../../webhook/pem.ts';
import { createFakeKube, type FakeKube } from '../support/fake-kube.ts';

const DAY_MS = 24 * 3_600_000;
const nowMs = Date.parse('2026-11-21T12:00:00Z');
const path = kubePaths.secret('sys', 'mcp-sluice-webhook-certificate');
const metadata = { name: 'mcp-sluice-webhook-certificate' };
const agree = (api: FakeKube, atMs = nowMs, trusted = '') =>
  agreeOnAuthorities({ api, namespace: 'sys', clock: () => atMs, serving: () => '', trusted: () => trusted, log: () => undefined });
const promote = (api: FakeKube, agreed: Authorities, atMs = nowMs) => promoteInSecret({ api, namespace: 'sys', clock: () => atMs }, agreed);
const writes = (kube: FakeKube) => kube.calls.filter((call) => !call.startsWith('GET'));
const dataIn = (kube: FakeKube) => kube.objects.get(path)?.['data'] as Record<string, string>;

describe('the authorities that replicas agree on', () => {
  let stored: Authorities;
  let rotating: Authorities;
  beforeAll(async () => {
    stored = await createAuthorities(nowMs);
    rotating = await prepareNext(stored, nowMs);
  });
  const clusterWith = (data: Readonly<Record<string, string>> | undefined) => {
    const kube = createFakeKube();
    kube.put(path, { metadata, type: 'Opaque', ...(data && { data }) });
    return kube;
  };

  it('are made by the first and read by the others', async () => {
    const kube = createFakeKube();
    const first = await agree(kube);
    expect(await agree(kube)).toEqual(first);
    expect(writes(kube)).toHaveLength(1);
    expect(first.next).toBeUndefined();
  });

  it('[webhook:certificate] are all that the Secret holds: no leaf, no key of one', async () => {
    const kube = createFakeKube();
    await agree(kube);
    expect(Object.keys(dataIn(kube)).toSorted()).toEqual(['ca.crt', 'ca.key']);
  });

  it('[webhook:replicas-agree] are those of the replica whose Secret was there first, when two start at once', async () => {
    const kube = createFakeKube();
    kube.beforeNextWrite(() => kube.put(path, { metadata, data: encodeAuthorities(stored) }));
    expect(await agree(kube)).toEqual(stored);
  });

  it('[webhook:rotation] get a next CA beside the one that signs, in the last third of its life', async () => {
    const kube = clusterWith(encodeAuthorities(stored));
    expect(await agree(kube, nowMs + 240 * DAY_MS)).toEqual(stored);
    const prepared = await agree(kube, nowMs + 250 * DAY_MS);
    expect(prepared.signer).toEqual(stored.signer);
    expect(splitBundle(prepared.bundle)).toEqual([stored.signer.certificate, prepared.next?.certificate]);
    expect(await agree(kube, nowMs + 300 * DAY_MS)).toEqual(prepared);
  });

  it('[webhook:replicas-agree] get one next CA when two replicas see the need at the same time', async () => {
    const kube = clusterWith(encodeAuthorities(stored));
    kube.beforeNextWrite(() => kube.put(path, { metadata, data: encodeAuthorities(rotating) }));
    expect(await agree(kube, nowMs + 250 * DAY_MS)).toEqual(rotating);
  });

  it('[webhook:rotation] keep the CA before in the bundle until it ends, and not its key', async () => {
    const kube = clusterWith(encodeAuthorities(rotating));
    expect(await promote(kube, rotating)).toBe(true);
    const promoted = await agree(kube);
    expect(promoted.signer).toEqual(rotating.next);
    expect(promoted.next).toBeUndefined();
    expect(splitBundle(promoted.bundle)).toEqual([rotating.next?.certificate, stored.signer.certificate]);
    expect(JSON.stringify(dataIn(kube))).not.toContain(encodeAuthorities(stored)['ca.key']);
    const later = clusterWith({ ...encodeAuthorities(await createAuthorities(nowMs + 366 * DAY_MS, promoted.bundle)) });
    expect(splitBundle((await agree(later, nowMs + 366 * DAY_MS)).bundle)).toHaveLength(1);
  });

  it('[webhook:rotation] are promoted by one of two replicas, and never to a CA that nobody published', async () => {
    const kube = clusterWith(encodeAuthorities(rotating));
    kube.beforeNextWrite(() => kube.put(path, { metadata, data: encodeAuthorities(rotating) }));
    expect(await promote(kube, rotating)).toBe(false);
    const other = await prepareNext(stored, nowMs);
    expect(await promote(clusterWith(encodeAuthorities(other)), rotating)).toBe(false);
    expect(await promote(createFakeKube(), rotating)).toBe(false);
  });

  it.each<[string, (data: Record<string, string>) => Record<string, string> | undefined]>([
    ['emptied', () => ({})],
    ['without data', () => undefined],
    ['without the CA key', ({ 'ca.key': _, ...rest }) => rest],
    ['with a CA that is no PEM', (data) => ({ ...data, 'ca.crt': 'bm9uc2Vuc2U=' })],
    ['with a key that is not of its CA', (data) => ({ ...data, 'ca.key': data['next.key'] ?? '' })],
  ])('[webhook:broken-secret] are made anew from a Secret %s', async (_what, spoil) => {
    const kube = clusterWith(spoil({ ...encodeAuthorities(rotating) }));
    const made = await agree(kube);
    expect(made.signer).not.toEqual(stored.signer);
    expect(await agree(kube)).toEqual(made);
    expect(writes(kube)).toHaveLength(1);
  });

  it.each<[string, Record<string, string>]>([
    ['no PEM', { 'next.crt': 'AAAA' }],
    ['without its key', { 'next.key': '' }],
  ])('[webhook:broken-secret] do without a next CA that is %s', async (_what, spoilt) => {
    const { next, signer } = await agree(clusterWith({ ...encodeAuthorities(rotating), ...spoilt }));
    expect([next, signer]).toEqual([undefined, stored.signer]);
  });

  it('[webhook:broken-secret] are not made of a leaf that signs nothing', async () => {
    const leaf = await issueLeaf(stored.signer, ['a'], nowMs);
    const encode = (text: string) => Buffer.from(text).toString('base64');
    const made = await agree(clusterWith({ 'ca.crt': encode(leaf.certificate), 'ca.key': encode(leaf.key) }));
    expect(made.signer.certificate).not.toBe(leaf.certificate);
  });

  it('[webhook:broken-secret] keep what other replicas still serve by, when the Secret was emptied', async () => {
    const made = await agree(clusterWith({}), nowMs, stored.bundle);
    expect(splitBundle(made.bundle)).toEqual([made.signer.certificate, stored.signer.certificate]);
  });

  it('[webhook:clock] are made anew where the CA has ended or has not begun, by the clock that counts', async () => {
    for (const atMs of [nowMs + 366 * DAY_MS, nowMs - DAY_MS]) {
      const made = await agree(clusterWith(encodeAuthorities(stored)), atMs, stored.bundle);
      expect(splitBundle(made.bundle)).toEqual([made.signer.certificate]);
    }
  });

  it('[webhook:side-by-side] are understood as a version before this one writes them, with a leaf and a CA of ten years', async () => {
    const leaf = await issueLeaf(stored.signer, ['a'], nowMs);
    const encode = (text: string) => Buffer.from(text).toString('base64');
    const old = { ...encodeAuthorities(rotating), 'tls.crt': encode(leaf.certificate), 'tls.key': encode(leaf.key) };
    const kube = clusterWith(old);
    expect(await agree(kube)).toEqual(rotating);
    expect(writes(kube)).toEqual([]);
  });
});
