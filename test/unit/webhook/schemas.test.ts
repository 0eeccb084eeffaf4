import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { renderInstall } from '../../../src/build/install-yaml.ts';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { createEventSender } from '../../../webhook/event-sender.ts';
import { publishImages } from '../../../webhook/images.ts';
import { kubePaths } from '../../../webhook/kube-api.ts';
import { createFakeKube } from '../../support/fake-kube.ts';
import { faultsOf, SCHEMA_RELEASE } from '../../support/kubernetes-schema.ts';
import { readGoldens } from '../inject/golden-file.ts';

const root = join(import.meta.dirname, '../../..');
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

function nameOf(object: unknown): string {
  const { kind, metadata } = object as { kind: string; metadata: { name: string } };
  return `${kind} ${metadata.name}`;
}
