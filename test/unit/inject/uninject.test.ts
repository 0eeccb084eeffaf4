import { describe, expect, it } from 'vitest';
import { sameManifest } from '../../../src/cli/same-manifest.ts';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { listAt, textAt } from '../../../src/inject/raw.ts';
import { uninject } from '../../../src/inject/uninject.ts';
import { PREFIX } from '../../../src/lib/prefix.ts';
import { readGoldens } from './golden-file.ts';
import { facts, samplePod } from './samples.ts';

const without = (object: unknown) => applyPatch(object, uninject(textAt(object, 'kind'), object));
const namespace = { ...facts.namespace, annotations: { [`${PREFIX}redis`]: 'redis://ns', [`${PREFIX}mode`]: 'shadow' } };

describe('uninject', () => {
  it.each(
    readGoldens()
      .filter(({ input }) => input.operation === 'CREATE')
      .map((golden) => [golden.name, golden] as const),
  )('[cli:uninject-cluster] takes out of %s what the webhook put there', (_, { input, facts: known }) => {
    const injected = applyPatch(input.object, admit(input, known).patch);
    expect(sameManifest(without(injected), without(input.object))).toBe(true);
    expect(uninject(input.kind, without(injected))).toEqual([]);
  });

  it('[cli:uninject-cluster] keeps an inherited value and a variable that were edited since', () => {
    const pod = samplePod({ 'bind-env': 'HOST=127.0.0.1' });
    const { patch } = admit({ kind: 'Pod', operation: 'CREATE', object: pod }, { ...facts, namespace });
    const injected = applyPatch(pod, patch) as ReturnType<typeof samplePod>;
    expect(without(injected)).toEqual(pod);
    injected.metadata.annotations[`${PREFIX}mode`] = 'enforce';
    const [app] = injected.spec.containers;
    const env = app?.['env'] as { name: string; value: string }[];
    for (const variable of env) if (variable.name === 'HOST') variable.value = '::1';
    const left = without(injected) as ReturnType<typeof samplePod>;
    expect(left.metadata.annotations).toEqual({ ...pod.metadata.annotations, [`${PREFIX}mode`]: 'enforce' });
    expect(left.spec.containers[0]?.['env']).toContainEqual({ name: 'HOST', value: '::1' });
  });

  it('[cli:uninject-entries] takes the variables of entries from every container, and none that a user wrote or edited', () => {
    const own = { name: 'MCP_ENTRY_A_URL', value: 'http://127.0.0.1:15010/a' };
    const pod = samplePod({ port: '3000', 'remote-entries': '[{name: a, url: https://a.example}, {name: b, url: https://b.example}]' });
    const [app, helper] = pod.spec.containers;
    if (app === undefined || helper === undefined) throw new Error('a sample of two containers');
    // To the letter what we would have written.
    helper['env'] = [own];
    const injected = applyPatch(pod, admit({ kind: 'Pod', operation: 'CREATE', object: pod }, facts).patch) as ReturnType<typeof samplePod>;
    expect(injected.spec.containers.map(({ env }) => listAt(env).length)).toEqual([3, 2]);
    expect(without(injected)).toEqual(pod);

    const renamed = structuredClone(injected);
    for (const each of renamed.spec.containers) each.name += '-v2';
    const left = without(renamed) as ReturnType<typeof samplePod>;
    expect(left.spec.containers[0]?.['env']).toEqual(app['env']);

    const edited = structuredClone(injected);
    const variable = listAt(edited.spec.containers[0]?.['env']).find((each) => textAt(each, 'name') === own.name) as { value: string };
    variable.value = 'http://elsewhere';
    expect((without(edited) as ReturnType<typeof samplePod>).spec.containers[0]?.['env']).toEqual([
      { name: own.name, value: 'http://elsewhere' },
      ...listAt(app['env']),
    ]);
  });

  it('[cli:uninject-entries] leaves a volume that another container mounts, or that only looks like ours', () => {
    const pod = samplePod({ port: '3000', 'remote-entries': '[{name: a, url: https://a.example, caBundle: {configMap: ca}}]' });
    const mine = { name: 'mcp-sluice-entry-data', emptyDir: {} };
    pod.spec.volumes = [mine];
    const injected = applyPatch(pod, admit({ kind: 'Pod', operation: 'CREATE', object: pod }, facts).patch) as ReturnType<typeof samplePod>;
    expect(without(injected)).toEqual(pod);
    const shared = structuredClone(injected);
    Object.assign(shared.spec.containers[1] ?? {}, { volumeMounts: [{ name: 'mcp-sluice-entry-ca-a', mountPath: '/ca' }] });
    expect((without(shared) as typeof pod).spec.volumes?.map(({ name }) => name)).toEqual([mine.name, 'mcp-sluice-entry-ca-a']);
  });

  it('[cli:uninject-cluster] keeps what the record has of earlier injections, and believes none of it that is not so', () => {
    const pod = samplePod({ 'bind-env': 'HOST=127.0.0.1' });
    const once = applyPatch(pod, admit({ kind: 'Pod', operation: 'CREATE', object: pod }, { ...facts, namespace }).patch);
    // The namespace has changed its mind, which is not the pod's any more.
    const again = admit({ kind: 'Pod', operation: 'CREATE', object: once }, facts);
    expect(again.patch).toEqual([]);
    for (const status of ['{', '[]', '{"inherited":{"inject":"namespace 0","mode":7},"env":"HOST"}', '{"env":[1,"A"]}']) {
      const forged = samplePod({ status, mode: 'shadow' });
      const { [`${PREFIX}status`]: _, ...rest } = forged.metadata.annotations;
      expect((without(forged) as ReturnType<typeof samplePod>).metadata.annotations).toEqual(rest);
    }
  });
});
