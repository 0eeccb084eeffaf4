import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { listAt, type Path, type Raw, textAt, valueAt } from '../../../src/inject/raw.ts';
import { readGoldens } from './golden-file.ts';

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** As plugin/pkg/admission/serviceaccount of Kubernetes 1.34 does it, `mountServiceAccountToken`. */
function mountToken(pod: unknown, spec: Path): unknown {
  const copy = structuredClone(pod);
  const volumes = listAt(copy, ...spec, 'volumes');
  const known = volumes.map((volume) => textAt(volume, 'name')).find((name) => name.startsWith('kube-api-access-'));
  const mount = { name: known ?? 'kube-api-access-x7k2p', readOnly: true, mountPath: TOKEN_PATH };
  for (const container of ['initContainers', 'containers'].flatMap((list) => listAt(copy, ...spec, list)) as Record<string, unknown>[]) {
    const mounts = listAt(container, 'volumeMounts');
    if (mounts.every((each) => textAt(each, 'mountPath') !== TOKEN_PATH)) container['volumeMounts'] = [...mounts, mount];
  }
  const inner = valueAt(copy, spec) as Record<string, unknown>;
  if (known === undefined) inner['volumes'] = [...volumes, { name: mount.name, projected: { defaultMode: 420 } }];
  return copy;
}

const injectable = readGoldens().filter(({ input, facts }) => input.kind === 'Pod' && admit(input, facts).outcome === 'injected');

describe("a service account's token", () => {
  it.each(injectable.map((golden) => [golden.name, golden] as const))(
    '[inject:no-token] is mounted into none of our containers, and no second review needed to see to it: %s',
    (_, { input, facts }) => {
      // The plugin runs before every webhook, and once more after one changed the pod.
      const before = mountToken(input.object, ['spec']);
      const injected = applyPatch(before, admit({ ...input, object: before }, facts).patch);
      const after = mountToken(injected, ['spec']);
      expect(after).toEqual(injected);
      const ours = (listAt(after, 'spec', 'initContainers') as Raw[]).filter(({ name }) => /^mcp-sluice(-capture)?$/.test(String(name)));
      expect(ours.length).toBeGreaterThan(0);
      const mounted = ours.map((each) =>
        listAt(each, 'volumeMounts').filter((mount) => textAt(mount, 'name').startsWith('kube-api-access')),
      );
      expect(mounted.flat()).toEqual([]);
    },
  );

  it('[inject:no-token] nor in a template from a file, whose pods no webhook may ever see', () => {
    const template = {
      metadata: {},
      spec: { containers: [{ name: 'app', image: 'example.com/app:1', ports: [{ containerPort: 3000 }] }] },
    };
    const metadata = { name: 'app', annotations: { 'mcp-sluice.dev/inject': 'true' } };
    const object = { kind: 'Deployment', metadata, spec: { template } };
    const { facts } = injectable[0] as (typeof injectable)[number];
    const admitted = admit({ kind: 'Deployment', operation: 'CREATE', object }, facts, 'templates');
    expect(admitted.issues).toEqual([]);
    const pod = valueAt(applyPatch(object, admitted.patch), ['spec', 'template']);
    const ours = (root: unknown) => listAt(root, 'spec', 'initContainers');
    expect(ours(pod)).toHaveLength(2);
    expect(ours(mountToken(pod, ['spec']))).toEqual(ours(pod));
  });
});
