import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { renderInstall } from '../../../src/build/install-yaml.ts';
import { configurations, namespace, remainder } from '../../../webhook/installation.ts';
import { KubeError, type KubeObject, kubePaths } from '../../../webhook/kube-api.ts';
import { runUninstall, uninstall } from '../../../webhook/uninstall.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';

const everything = [...configurations, ...remainder, namespace];
const manifests = parseAllDocuments(renderInstall(join(import.meta.dirname, '../../../manifests'))).map(
  (document) => document.toJS() as KubeObject & { readonly kind: string },
);

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
  const code = await runUninstall(argv, io, async () => kube);
  return { code, out, err };
}
const removals = (kube: FakeKube) => kube.calls.filter((call) => call.startsWith('DELETE')).map((call) => call.slice('DELETE '.length));

describe('uninstall', () => {
  it('[uninstall:whole] knows every object of the manifests, and the Secret that the webhook makes', () => {
    const names = (list: readonly { readonly kind: string; readonly name?: unknown; readonly metadata?: { readonly name?: string } }[]) =>
      list.map(({ kind, name, metadata }) => `${kind} ${name ?? metadata?.name}`).toSorted();
    expect(names(everything)).toEqual([...names(manifests), 'Secret mcp-sluice-webhook-certificate'].toSorted());
  });

  it('[uninstall:whole] leaves nothing of ours, and every pod as it is', async () => {
    const kube = install();
    const { code, out } = await run(kube, '--yes');
    expect(code).toBe(0);
    expect([...kube.objects.keys()]).toEqual([kubePaths.pod('shop', 'cart')]);
    expect(out).toMatch(
      /^MutatingWebhookConfiguration mcp-sluice removed\n.*Namespace mcp-sluice-system removed\nrunning pods that keep .*: 1\n/s,
    );
    expect(await run(kube, '--yes')).toMatchObject({ code: 0, out: expect.stringMatching(/^nothing of mcp-sluice is there\n/) });
  });

  it('[uninstall:order] removes what refuses pods first, bindings before policies, and the parameter after both', async () => {
    const kube = install();
    await uninstall(kube);
    const order = removals(kube).map((path) => path.split('/').at(-2));
    expect(order.slice(0, 7)).toEqual([
      'mutatingwebhookconfigurations',
      ...Array(3).fill('validatingadmissionpolicybindings'),
      ...Array(3).fill('validatingadmissionpolicies'),
    ]);
    expect(order.indexOf('configmaps')).toBeGreaterThan(order.indexOf('deployments'));
    expect(order.at(-1)).toBe('namespaces');
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
    for (const { path } of [...remainder, namespace]) expect(kube.objects.has(path)).toBe(true);
  });

  it('[uninstall:order] waits for what has a finalizer, and goes no further where it stays', async () => {
    const kube = install();
    const stuck = configurations[1]?.path ?? '';
    const { remove } = kube;
    Object.assign(kube, { remove: async (path: string) => (path === stuck ? true : await remove(path)) });
    expect((await uninstall(kube, 0)).failure).toMatch(/ValidatingAdmissionPolicyBinding mcp-sluice-pods is still there/);
    expect(kube.objects.has(remainder[0]?.path ?? '')).toBe(true);
    const going = uninstall(kube);
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

  it('[uninstall:whole] keeps a namespace that is not ours to remove', async () => {
    const kube = install();
    kube.put(namespace.path, { metadata: { name: namespace.name } });
    expect((await uninstall(kube)).removed).not.toContain(namespace);
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
