import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { renderInstall } from '../../src/build/install-yaml.ts';
import { install, SYSTEM, startWebhook, stopWebhook } from './install.ts';
import { apply, getObject, type KubeObject, kubectl, tryKubectl } from './kubectl.ts';
import { useNamespaces } from './namespace.ts';
import { annotated, controlled, injectedPod, workload } from './policy-objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-13';
const ignored = 'e2e-13-ignored';
const IMAGES = ['configmap', 'mcp-sluice-images', '-n', SYSTEM];
const manifests = `${import.meta.dirname}/../../manifests`;

/** The apiserver's words where it refuses, and '' where it would create the object. */
async function refusal(object: object): Promise<string> {
  const tried = await tryKubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(object) });
  return tried.code === 0 ? '' : tried.stderr;
}
async function change(...args: readonly string[]): Promise<string> {
  const tried = await tryKubectl([...args, '-n', namespace]);
  return tried.code === 0 ? '' : tried.stderr;
}
const editSidecar = (image: string) =>
  change(
    'patch',
    'pod/injected',
    '--type=json',
    '-p',
    JSON.stringify([{ op: 'replace', path: '/spec/initContainers/0/image', value: image }]),
  );

/** The webhook is away all the time: what holds now, holds by the policies alone. */
describe('policies', () => {
  useNamespaces({ [namespace]: {}, [ignored]: {} });
  let images: Readonly<Record<string, string>> = {};
  let image = '';

  beforeAll(async () => {
    images = (await getObject(IMAGES)).data;
    image = images['current'] ?? '';
    await kubectl(['label', 'namespace', ignored, 'mcp-sluice.dev/webhook=ignore']);
    await stopWebhook();
    await apply(injectedPod({ namespace, name: 'injected', image }));
  });
  afterAll(async () => {
    await nameImages(images);
    await startWebhook();
    // What was made by hand here is once more what `kubectl apply` makes, so that the next apply takes nothing away.
    await install('first');
    await until('the images to be named', async () => (await getObject(IMAGES)).data?.current === image);
  });

  async function nameImages(data: Readonly<Record<string, string>>): Promise<void> {
    await kubectl(['patch', ...IMAGES, '--type=json', '-p', JSON.stringify([{ op: 'replace', path: '/data', value: data }])]);
    // The apiserver learns of it by a watch.
    const probe = injectedPod({ namespace, name: 'probe', image: data['current'] ?? '' });
    await until('the policy to know its images', async () => ((await refusal(probe)) === '' ? true : undefined));
  }

  it('[policy:naked] refuses an annotated pod without sidecar and says what to do', async () => {
    expect(await refusal(annotated({ namespace, name: 'naked' }))).toMatch(
      /pod "naked" has annotation mcp-sluice.dev\/inject: "true" but not the sidecar.*kubectl -n mcp-sluice-system get pods/s,
    );
  });

  it('[policy:naked] has nothing against pods that do not ask, nor against namespaces that opted out', async () => {
    expect(await refusal(annotated({ namespace, name: 'plain' }, {}))).toBe('');
    expect(await refusal(annotated({ namespace, name: 'no' }, { 'mcp-sluice.dev/inject': 'false' }))).toBe('');
    expect(await refusal(annotated({ namespace: ignored, name: 'naked' }))).toBe('');
  });

  it('[policy:image] takes what the webhook would have made, with either image and in either capture', async () => {
    for (const named of Object.values(images)) expect(await refusal(injectedPod({ namespace, name: 'p', image: named }))).toBe('');
    expect(await refusal(injectedPod({ namespace, name: 'p', image, capture: 'redirect' }))).toBe('');
    expect(await refusal(injectedPod({ namespace, name: 'p', image, capture: 'none' }))).toBe('');
  });

  it.each<[string, RegExp, (pod: KubeObject) => unknown]>([
    [
      'another image',
      /image "evil:1".*none that this installation names/,
      ({ spec }) => Object.assign(spec.initContainers[0], { image: 'evil:1' }),
    ],
    [
      'an init container that ends',
      /but not the sidecar/,
      ({ spec }) => spec.initContainers.splice(0, 1, { name: 'mcp-sluice', image, args: ['sidecar', '--in-pod'] }),
    ],
    ['another program', /does not run what the webhook/, ({ spec }) => Object.assign(spec.initContainers[0], { command: ['sleep', '1'] })],
    [
      'other arguments',
      /does not run what the webhook/,
      ({ spec }) => Object.assign(spec.initContainers[0], { args: ['sidecar', '--listen=:1'] }),
    ],
    [
      'a way past it',
      /does not run what the webhook/,
      ({ spec }) => Object.assign(spec.initContainers[0], { args: ['sidecar', '--in-pod', '--entries=127.0.0.1:15010'] }),
    ],
    ['no capture', /does not run what the webhook/, ({ spec }) => spec.initContainers.splice(1, 1)],
    ['a capture of another image', /image "evil:1"/, ({ spec }) => Object.assign(spec.initContainers[1], { image: 'evil:1' })],
  ])('[policy:image] refuses a forged sidecar: %s', async (_what, message, forge) => {
    const pod = injectedPod({ namespace, name: 'forged', image, capture: 'redirect' });
    forge(pod);
    expect(await refusal(pod)).toMatch(message);
  });

  it('[policy:image] refuses a sidecar that hides from the policy on images, and has nothing against other pods while no image is known', async () => {
    const hidden = injectedPod({ namespace, name: 'hidden', image });
    delete hidden.metadata.labels;
    expect(await refusal(hidden)).toMatch(/lacks label mcp-sluice.dev\/injected/);
    expect(await change('label', 'pod/injected', 'mcp-sluice.dev/injected-')).toMatch(/lacks label mcp-sluice.dev\/injected/);
    const { metadata } = await getObject(IMAGES);
    await kubectl(['delete', ...IMAGES]);
    const unknown = injectedPod({ namespace, name: 'unknown', image });
    await until('the policy to miss its images', async () => ((await refusal(unknown)) === '' ? undefined : true));
    expect(await refusal(annotated({ namespace, name: 'plain' }, {}))).toBe('');
    const { name, labels, annotations } = metadata;
    const restored = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: SYSTEM, labels, annotations }, data: images };
    // Not applied: the next `kubectl apply` of the manifests would take away the data that this one had brought.
    await kubectl(['create', '-f', '-'], { input: JSON.stringify(restored) });
    await until('the policy to know its images', async () => ((await refusal(unknown)) === '' ? true : undefined));
  });

  it('[policy:update] lets limits and labels of a running pod be edited, but not its sidecar be swapped or given up', async () => {
    expect(await change('label', 'pod/injected', 'a=b')).toBe('');
    expect(await change('annotate', 'pod/injected', 'mcp-sluice.dev/mode=shadow')).toBe('');
    expect(await editSidecar('evil:1')).toMatch(/image "evil:1"/);
    expect(await change('annotate', 'pod/injected', 'mcp-sluice.dev/inject-')).toMatch(/cannot be taken away/);
    expect(await change('annotate', '--overwrite', 'pod/injected', 'mcp-sluice.dev/inject=false')).toMatch(/cannot be taken away/);
  });

  it('[policy:update] still takes edits, finalizers and deletion once the image is named no more', async () => {
    await nameImages({ current: 'registry.test/mcp-sluice:9', previous: 'registry.test/mcp-sluice:8' });
    expect(await refusal(injectedPod({ namespace, name: 'old', image }))).toMatch(/none that this installation names/);
    expect(await change('annotate', '--overwrite', 'pod/injected', 'mcp-sluice.dev/mode=enforce')).toBe('');
    expect(await change('patch', 'pod/injected', '--type=merge', '-p', '{"metadata":{"finalizers":["e2e.test/hold"]}}')).toBe('');
    expect(await change('delete', 'pod/injected', '--wait=false', '--grace-period=0', '--force')).toBe('');
    expect(await change('patch', 'pod/injected', '--type=merge', '-p', '{"metadata":{"finalizers":null}}')).toBe('');
    await until('the pod to be gone', async () =>
      (await tryKubectl(['get', 'pod/injected', '-n', namespace])).code !== 0 ? true : undefined,
    );
    await nameImages(images);
  });

  it.each(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'])(
    '[policy:naked-by-metadata] refuses a %s whose metadata says inject while its template says nothing',
    async (kind) => {
      const inject = { 'mcp-sluice.dev/inject': 'true' };
      const of = (metadata: object, template: object) => refusal(workload(kind, { namespace, name: 'w' }, metadata, template));
      expect(await of(inject, {})).toMatch(
        new RegExp(`${kind} "w" has annotation mcp-sluice.dev/inject: "true" but its pod template has not`),
      );
      expect([await of(inject, inject), await of(inject, { 'mcp-sluice.dev/inject': 'false' }), await of({}, {})]).toEqual(['', '', '']);
    },
  );

  it('[policy:naked-by-metadata] judges edits of our keys and the template, nothing else, and not what a controller keeps', async () => {
    const inject = { 'mcp-sluice.dev/inject': 'true' };
    await apply(workload('Deployment', { namespace, name: 'edited' }, inject, inject), workload('Job', { namespace, name: 'job' }, {}, {}));
    expect(await change('scale', 'deployment/edited', '--replicas=0')).toBe('');
    expect(
      await change('patch', 'deployment/edited', '--type=json', '-p', '[{"op":"remove","path":"/spec/template/metadata/annotations"}]'),
    ).toMatch(/its pod template has not/);
    expect(await change('annotate', 'job/job', 'mcp-sluice.dev/inject=true')).toMatch(/template of a Job cannot change/);
    expect(await refusal(controlled(workload('ReplicaSet', { namespace, name: 'kept' }, inject, {})))).toBe('');
  });

  it('[webhook:install-yaml] install.yaml is what kubectl makes of the kustomization', async () => {
    const read = (text: string) =>
      parseAllDocuments(text)
        .map((document) => document.toJS() as KubeObject)
        .toSorted((a, b) => `${a.kind}/${a.metadata.name}`.localeCompare(`${b.kind}/${b.metadata.name}`));
    expect(isDeepStrictEqual(read(await kubectl(['kustomize', manifests])), read(renderInstall(manifests)))).toBe(true);
  });

  it('[webhook:mounted-certificate] kubectl makes the cert-manager overlay, which kustomize takes for no cycle', async () => {
    const made = await kubectl(['kustomize', `${manifests}/overlays/cert-manager`]);
    for (const part of ['--tls-dir=/etc/mcp-sluice/tls', 'cert-manager.io/inject-ca-from: mcp-sluice-system/mcp-sluice-webhook'])
      expect(made).toContain(part);
  });
});
