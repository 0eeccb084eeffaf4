import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { renderInstall } from '../../../src/build/install-yaml.ts';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch, type PatchOp } from '../../../src/inject/apply-patch.ts';
import { encodeAuthorities, prepareNext } from '../../../webhook/authorities.ts';
import { agreeOnAuthorities } from '../../../webhook/certificate-secret.ts';
import { createEventSender } from '../../../webhook/event-sender.ts';
import { publishImages } from '../../../webhook/images.ts';
import { kubePaths } from '../../../webhook/kube-api.ts';
import { createFakeKube } from '../../support/fake-kube.ts';
import { faultsOf, SCHEMA_RELEASE } from '../../support/kubernetes-schema.ts';
import { policy } from '../cli/run.ts';
import { readGoldens } from '../inject/golden-file.ts';

const root = join(import.meta.dirname, '../../..');
const overlay = join(root, 'manifests/overlays/cert-manager');
const read = (text: string): unknown[] => parseAllDocuments(text).map((document) => document.toJS());

describe(`what an apiserver gets from us, by the schemas of Kubernetes ${SCHEMA_RELEASE}`, () => {
  it.each(read(renderInstall(join(root, 'manifests'))).map((object) => [nameOf(object), object]))(
    '[manifests:schema] knows every field of %s',
    (_name, object) => {
      expect(faultsOf(object)).toEqual([]);
    },
  );

  it.each(readdirSync(join(root, 'manifests/examples')))('[manifests:schema] knows every field of the example %s', (file) => {
    for (const object of read(readFileSync(join(root, 'manifests/examples', file), 'utf8'))) expect(faultsOf(object)).toEqual([]);
  });

  it.each(renderOverlay().map((object) => [nameOf(object), object]))(
    '[manifests:schema] knows every field of %s, as the overlay for cert-manager has it',
    (_name, object) => {
      expect(faultsOf(object)).toEqual([]);
    },
  );

  it.each(readGoldens().map((golden) => [golden.name, golden] as const))(
    '[manifests:schema] knows every field that is injected: %s',
    (_name, { input, facts }) => {
      const { patch } = admit(input, facts);
      const known = new Set(faultsOf(input.object));
      // Some sketches, and some hostile objects, are faulty by themselves.
      expect(faultsOf(applyPatch(input.object, patch)).filter((fault) => !known.has(fault))).toEqual([]);
    },
  );

  it('[manifests:schema] knows every field of the Event and of the ConfigMap that the webhook writes', async () => {
    const kube = createFakeKube();
    await publishImages(kube, 'sys', 'ours:1');
    const events = createEventSender({ api: kube, instance: 'a', clock: () => 0, onFate: () => undefined });
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', namespace: 'shop', uid: 'u' };
    events.send({ reason: 'SidecarMissing', note: 'n', owner, pod: owner });
    await events.settled();
    const written = [...kube.objects.values()];
    expect(written.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Event']);
    for (const object of written) expect(faultsOf(object)).toEqual([]);
    expect(kube.objects.has(kubePaths.configMap('sys', 'mcp-sluice-images'))).toBe(true);
  });

  it('[manifests:schema] knows every field of the Secret that the webhook makes, and of the one with another CA beside', async () => {
    const kube = createFakeKube();
    const path = kubePaths.secret('sys', 'mcp-sluice-webhook-certificate');
    const nobody = { serving: () => '', trusted: () => '', log: () => undefined };
    const agreed = await agreeOnAuthorities({ api: kube, namespace: 'sys', clock: Date.now, ...nobody });
    expect(faultsOf(kube.objects.get(path))).toEqual([]);
    const data = encodeAuthorities(await prepareNext(agreed, Date.now()));
    kube.put(path, { ...kube.objects.get(path), data });
    expect(faultsOf(kube.objects.get(path))).toEqual([]);
  });

  it('[manifests:schema] knows every field of the NetworkPolicies that mcp-sluice policy prints', async () => {
    // Of each kind that `policy` tells apart: a Service near and far, an address of either family, a name, a private name.
    const hosts = ['tools', 'tools.corp.svc', '10.1.2.3', '[fd00::7]', 'mcp.example', 'mcp.corp'];
    const entries = hosts.map((host, index) => ({ name: `e${index}`, url: `https://${host}/mcp`, allowPrivate: index !== 4 }));
    const settings = { inject: 'true', capture: 'none', 'remote-entries': JSON.stringify(entries) };
    const annotations = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`mcp-sluice.dev/${key}`, value]));
    const metadata = { name: 'agent', namespace: 'tools', labels: { app: 'agent' }, annotations };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'agent', image: 'agent:1' }] } };
    const files = { pod: JSON.stringify(pod), example: readFileSync(join(root, 'manifests/examples/remote-entries.yaml'), 'utf8') };
    const { code, out, err } = await policy(['--default-redis', 'redis://redis:6379', 'pod', 'example'], files);
    expect([code, err]).toEqual([0, '']);
    const made = read(out);
    expect(made.map((each) => nameOf(each))).toContain('NetworkPolicy agent-mcp-sluice-egress');
    for (const object of made) expect(faultsOf(object)).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['an unknown field', { spec: { replicaCount: 1 } }, 'Deployment.spec.replicaCount is not known'],
    ['a missing one', { spec: { template: {} } }, 'Deployment.spec.selector is missing'],
    ['another type', { spec: { selector: {}, template: {}, replicas: '2' } }, 'Deployment.spec.replicas is no int32'],
    ['a list for a map', { metadata: { labels: ['a'] } }, 'Deployment.metadata.labels is no map'],
    [
      'a map for a list',
      { spec: { selector: { matchExpressions: {} }, template: {} } },
      'Deployment.spec.selector.matchExpressions is no list',
    ],
  ])('[manifests:schema] would tell %s', (_what, changes, fault) => {
    expect(faultsOf({ apiVersion: 'apps/v1', kind: 'Deployment', ...(changes as object) })).toContain(fault);
  });

  it('[manifests:schema] would tell a kind that does not exist', () => {
    expect(faultsOf({ apiVersion: 'apps/v2', kind: 'Deployment' })).toEqual([`apps/v2 Deployment is no kind of ${SCHEMA_RELEASE}`]);
    expect(faultsOf(null)).toHaveLength(1);
  });
});

/** As `kubectl kustomize` would put it together, but for the kinds of cert-manager, which it judges itself. */
function renderOverlay(): unknown[] {
  const text = (file: string) => readFileSync(join(overlay, file), 'utf8');
  const { resources, patches } = parse(text('kustomization.yaml')) as {
    resources: string[];
    patches: { path: string; target?: { kind: string; name: string } }[];
  };
  const more = resources.filter((each) => each.endsWith('.yaml')).flatMap((file) => read(text(file)));
  const builtIn = more.filter((each) => !(each as { apiVersion: string }).apiVersion.startsWith('cert-manager.io/'));
  const all = [...read(renderInstall(join(root, 'manifests'))), ...builtIn].map((each) => ({ name: nameOf(each), object: each }));
  const only = (name: string) => {
    const [found, ...others] = all.filter((each) => each.name === name);
    if (found === undefined || others.length > 0) throw new Error(`the base has not exactly one ${name}`);
    return found;
  };
  for (const { path, target } of patches) {
    if (target !== undefined) {
      const patched = only(`${target.kind} ${target.name}`);
      patched.object = applyPatch(patched.object, parse(text(path)) as PatchOp[]);
    } else
      for (const each of read(text(path))) {
        const patched = only(nameOf(each));
        patched.object = merged(patched.object, each);
      }
  }
  return all.map(({ object }) => object);
}

/** A strategic merge where no list has a key to merge by: `rules` has none. */
function merged(under: unknown, over: unknown): unknown {
  const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(under) || !isMap(over)) return over;
  return { ...under, ...Object.fromEntries(Object.entries(over).map(([key, value]) => [key, merged(under[key], value)])) };
}

function nameOf(object: unknown): string {
  const { kind, metadata } = object as { kind: string; metadata: { name: string } };
  return `${kind} ${metadata.name}`;
}
