import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { renderInstall } from '../../../src/build/install-yaml.ts';
import { CERT_MANAGER, certManager, namespace, policies, registrations, remainder } from '../../../webhook/installation.ts';
import { KubeError, type KubeObject, kubePaths } from '../../../webhook/kube-api.ts';
import { uninstall } from '../../../webhook/removal.ts';
import { runUninstall } from '../../../webhook/uninstall.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';

type Manifest = KubeObject & { readonly kind: string };
const folder = join(import.meta.dirname, '../../../manifests');
const documents = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as Manifest);
const manifests = documents(renderInstall(folder));
const certificates = documents(readFileSync(join(folder, 'overlays/cert-manager/certificates.yaml'), 'utf8'));
const leftByCertManager = certificates
  .map(({ spec }) => (spec as { secretName?: string }).secretName)
  .filter((name): name is string => name !== undefined);
const all = [...policies, ...registrations, ...remainder, namespace];
const everything = all.filter(({ name }) => !leftByCertManager.includes(name));
const atOnce = { pause: async () => undefined };

function install(): FakeKube {
  const kube = createFakeKube();
  for (const { kind, name, path } of everything) {
    const manifest = manifests.find((each) => each.kind === kind && each.metadata?.name === name);
    kube.put(path, manifest ?? { kind, metadata: { name } });
  }
  kube.put(kubePaths.pod('shop', 'cart'), { metadata: { name: 'cart', namespace: 'shop', labels: { 'mcp-sluice.dev/injected': 'true' } } });
  return kube;
}
async function run(kube: FakeKube, ...argv: string[]) {
  let [out, err] = ['', ''];
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const code = await runUninstall(argv, io, async () => kube, atOnce);
  return { code, out, err };
}
const removals = (kube: FakeKube) => kube.calls.filter((call) => call.startsWith('DELETE')).map((call) => call.slice('DELETE '.length));

describe('uninstall', () => {
  it('[uninstall:whole] knows every object of the manifests, and the Secret that the webhook makes', () => {
    const names = (list: readonly { readonly kind: string; readonly name?: unknown; readonly metadata?: { readonly name?: string } }[]) =>
      list.map(({ kind, name, metadata }) => `${kind} ${name ?? metadata?.name}`).toSorted();
    expect(names(everything)).toEqual([...names(manifests), 'Secret mcp-sluice-webhook-certificate'].toSorted());
    const secrets = leftByCertManager.map((name) => `Secret ${name}`);
    expect(names([...all, ...certManager])).toEqual([...names(everything), ...names(certificates), ...secrets].toSorted());
  });

  it('[uninstall:whole] leaves nothing of ours, and every pod as it is', async () => {
    const kube = install();
    const { code, out } = await run(kube, '--yes');
    expect(code).toBe(0);
    expect([...kube.objects.keys()]).toEqual([kubePaths.pod('shop', 'cart')]);
    expect(out).toMatch(
      /^ValidatingAdmissionPolicyBinding mcp-sluice-pods removed\n.*Namespace mcp-sluice-system removed\nrunning pods that keep .*: 1\n/s,
    );
    expect(await run(kube, '--yes')).toMatchObject({ code: 0, out: expect.stringMatching(/^nothing of mcp-sluice is there\n/) });
  });

  it('[uninstall:order] removes what refuses pods first, bindings before policies, and the parameter after both', async () => {
    const kube = install();
    await uninstall(kube, atOnce);
    const order = removals(kube).map((path) => path.split('/').at(-2));
    expect(order.slice(0, 7)).toEqual([
      ...Array(3).fill('validatingadmissionpolicybindings'),
      ...Array(3).fill('validatingadmissionpolicies'),
      'mutatingwebhookconfigurations',
    ]);
    expect(order.indexOf('configmaps')).toBeGreaterThan(order.indexOf('deployments'));
    expect(order.at(-1)).toBe('namespaces');
  });

  it('[uninstall:order] gives apiservers the time to forget the policies while the webhook is still asked', async () => {
    const kube = install();
    const pauses: { readonly ms: number; readonly removed: readonly string[] }[] = [];
    const pause = async (ms: number) => void pauses.push({ ms, removed: removals(kube) });
    await uninstall(kube, { pause });
    expect(pauses).toEqual([{ ms: 2_000, removed: policies.map(({ path }) => path) }]);
  });

  it('[uninstall:repeated] interrupted after any step it refuses no pod that nobody can inject, and the next run ends it', async () => {
    for (let steps = 0; steps < everything.length; steps += 1) {
      const kube = install();
      const { remove } = kube;
      let left = steps;
      const broken = () => Promise.reject(new KubeError(0, 'the connection broke'));
      Object.assign(kube, { remove: (path: string) => (left-- > 0 || !kube.objects.has(path) ? remove(path) : broken()) });
      expect((await uninstall(kube, atOnce)).failure).toBe('the connection broke');
      const isRefused = policies.some(({ path }) => kube.objects.has(path));
      const webhook = [...registrations, ...remainder].filter(({ path }) => everything.some((each) => each.path === path));
      if (isRefused) for (const { path } of webhook) expect(kube.objects.has(path), `${path} after ${steps} steps`).toBe(true);
      Object.assign(kube, { remove });
      expect((await uninstall(kube, atOnce)).failure).toBeUndefined();
      expect([...kube.objects.keys()]).toEqual([kubePaths.pod('shop', 'cart')]);
    }
  });

  it('[uninstall:repeated] says that nothing is there while the namespace is on its way out', async () => {
    const kube = install();
    await uninstall(kube, atOnce);
    const labels = { 'app.kubernetes.io/name': 'mcp-sluice' };
    kube.put(namespace.path, { metadata: { name: namespace.name, labels, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    expect(await run(kube, '--yes')).toMatchObject({ code: 0, out: expect.stringMatching(/^nothing of mcp-sluice is there\n/) });
  });

  it('[uninstall:cert-manager] removes the overlay, Certificates before the Secrets that would be made anew', async () => {
    const kube = install();
    kube.put(CERT_MANAGER, { kind: 'APIResourceList' });
    for (const { kind, path } of [...certManager, ...remainder]) if (!kube.objects.has(path)) kube.put(path, { kind });
    const told = JSON.parse((await run(kube, '--output=json')).out);
    expect(told.removed).toHaveLength(all.length + certManager.length);
    await uninstall(kube, atOnce);
    expect([...kube.objects.keys()]).toEqual([kubePaths.pod('shop', 'cart'), CERT_MANAGER]);
    const order = removals(kube).map((path) => path.split('/').at(-2));
    expect(order.lastIndexOf('certificates')).toBeLessThan(order.indexOf('secrets'));
    expect(order.indexOf('certificates')).toBeGreaterThan(order.indexOf('mutatingwebhookconfigurations'));
  });

  it('[uninstall:cert-manager] asks for none of its objects where no cert-manager is', async () => {
    const kube = install();
    const { read, remove } = kube;
    const isOfCertManager = (path: string) => path.startsWith(`${CERT_MANAGER}/`);
    // As an apiserver answers for a group that it does not have, to somebody without the right to everything.
    const forbid = (path: string) => Promise.reject(new KubeError(403, `${path}: 403`));
    Object.assign(kube, {
      read: (path: string) => (isOfCertManager(path) ? forbid(path) : read(path)),
      remove: (path: string) => (isOfCertManager(path) ? forbid(path) : remove(path)),
    });
    expect(await run(kube)).toMatchObject({ code: 0 });
    expect(await run(kube, '--yes')).toMatchObject({ code: 0 });
  });

  it('[uninstall:order] leaves the rest alone while a configuration cannot be removed', async () => {
    const kube = install();
    const remove = kube.remove;
    const forbidden = /validatingadmissionpolicies/;
    Object.assign(kube, {
      remove: (path: string) => (forbidden.test(path) ? Promise.reject(new KubeError(403, `DELETE ${path}: 403`)) : remove(path)),
    });
    const { code, err } = await run(kube, '--yes');
    expect([code, err]).toEqual([1, expect.stringMatching(/^mcp-sluice uninstall: the right is missing: .*mcp-sluice-pods/)]);
    for (const { path } of everything.slice(policies.length)) expect(kube.objects.has(path)).toBe(true);
  });

  it('[uninstall:order] waits for what has a finalizer, and goes no further where it stays', async () => {
    const kube = install();
    const stuck = policies[0]?.path ?? '';
    const { remove } = kube;
    Object.assign(kube, { remove: async (path: string) => (path === stuck ? true : await remove(path)) });
    expect((await uninstall(kube, { ...atOnce, goneWithinMs: 0 })).failure).toMatch(
      /ValidatingAdmissionPolicyBinding mcp-sluice-pods is still there/,
    );
    expect(kube.objects.has(remainder[0]?.path ?? '')).toBe(true);
    const going = uninstall(kube, atOnce);
    kube.objects.delete(stuck);
    expect((await going).failure).toBeUndefined();
    expect(kube.objects.has(namespace.path)).toBe(false);
  });

  it('[uninstall:asks] removes nothing without --yes, and tells what it would', async () => {
    const kube = install();
    const { code, out } = await run(kube);
    expect([code, removals(kube)]).toEqual([0, []]);
    expect(out.match(/^[A-Z][A-Za-z]+ mcp-sluice/gm)).toHaveLength(everything.length);
    expect(out).toMatch(/keep their sidecar until they are replaced: 1\n.*--yes does it/s);
    const told = JSON.parse((await run(kube, '--output=json')).out);
    expect([told.isDryRun, told.removed.length, told.injectedPods]).toEqual([true, everything.length, 1]);
  });

  it('[uninstall:asks] counts no pod that has ended, as a Job leaves it', async () => {
    const kube = install();
    const { list } = kube;
    const asked: unknown[] = [];
    Object.assign(kube, { list: (...given: Parameters<typeof list>) => [asked.push(given[1].fieldSelector), list(...given)][1] });
    await uninstall(kube, atOnce);
    expect(asked).toEqual(['status.phase!=Succeeded,status.phase!=Failed']);
  });

  it('[uninstall:whole] keeps a namespace that is not ours to remove', async () => {
    const kube = install();
    kube.put(namespace.path, { metadata: { name: namespace.name } });
    expect((await uninstall(kube, atOnce)).removed).not.toContain(namespace);
    expect(kube.objects.has(namespace.path)).toBe(true);
  });

  it('[uninstall:asks] tells what is wrong with the command line, and where no cluster is', async () => {
    const kube = install();
    expect(await run(kube, '--yse')).toMatchObject({ code: 64, err: expect.stringMatching(/--yse is not known.*Usage:/s) });
    expect(await run(kube, '--output=xml')).toMatchObject({ code: 64 });
    expect(await run(kube, '--help')).toMatchObject({ code: 0, out: expect.stringMatching(/^Usage: mcp-sluice uninstall/) });
    const nowhere = () => Promise.reject(new Error('no Kubernetes cluster'));
    expect(await runUninstall(['--yes'], { out: () => undefined, err: () => undefined }, nowhere)).toBe(69);
    expect(kube.calls).toEqual([]);
  });
});
