import { describe, expect, it } from 'vitest';
import { sameManifest } from '../../../src/cli/same-manifest.ts';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { textAt } from '../../../src/inject/raw.ts';
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
