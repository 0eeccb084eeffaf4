import { describe, expect, it } from 'vitest';
import { createClusterFacts } from '../../../webhook/facts.ts';
import { KubeError, kubePaths } from '../../../webhook/kube-api.ts';
import { createLastKnown } from '../../../webhook/last-known.ts';
import { createFakeKube } from '../../support/fake-kube.ts';

function setup() {
  let nowMs = 0;
  let answers: Record<string, string | undefined> | Error = {};
  const read = createLastKnown<string>(async (key) => (answers instanceof Error ? Promise.reject(answers) : answers[key]), {
    maxAgeMs: 100,
    maxCount: 2,
    maxChars: 10,
    clock: () => nowMs,
  });
  return {
    read,
    at: (ms: number, found: typeof answers) => {
      nowMs = ms;
      answers = found;
    },
  };
}
const away = new Error('away');

describe('what was last known', () => {
  it('[webhook:last-known] stands in for an answer that fails, until it is too old', async () => {
    const { read, at } = setup();
    at(0, { a: 'one' });
    expect(await read('a')).toBe('one');
    at(100, away);
    expect(await read('a')).toBe('one');
    at(101, away);
    await expect(read('a')).rejects.toBe(away);
    at(102, { a: 'two' });
    expect(await read('a')).toBe('two');
  });

  it('[webhook:last-known] is forgotten where there is none any more, and is never believed of another or of the future', async () => {
    const { read, at } = setup();
    at(50, { a: 'one' });
    await read('a');
    at(51, away);
    await expect(read('b')).rejects.toBe(away);
    at(10, away);
    await expect(read('a')).rejects.toBe(away);
    at(52, {});
    expect(await read('a')).toBeUndefined();
    at(53, away);
    await expect(read('a')).rejects.toBe(away);
  });

  it('[webhook:last-known] is bounded: the one asked for longest ago goes, and a long one is never kept', async () => {
    const { read, at } = setup();
    at(0, { a: '1', b: '2', c: '3' });
    for (const key of ['a', 'b', 'a', 'c']) await read(key);
    at(1, away);
    await expect(read('b')).rejects.toBe(away);
    expect([await read('a'), await read('c')]).toEqual(['1', '3']);
    at(2, { a: 'longer than ten' });
    expect(await read('a')).toBe('longer than ten');
    at(3, away);
    await expect(read('a')).rejects.toBe(away);
  });

  it('[webhook:last-known] [webhook:not-a-judgement] holds for namespaces, and for no ConfigMap', async () => {
    let nowMs = 0;
    const kube = createFakeKube();
    kube.put(kubePaths.namespace('shop'), { metadata: { name: 'shop', labels: { l: '1' } } });
    kube.put(kubePaths.configMap('shop', 'ca'), { data: { a: 'b' } });
    const source = createClusterFacts(kube, () => nowMs);
    await source.namespace('shop');
    await source.configMap('shop', 'ca');
    kube.fail(new KubeError(0, 'no answer'));
    nowMs = 60_000;
    expect(await source.namespace('shop')).toMatchObject({ labels: { l: '1' } });
    await expect(source.configMap('shop', 'ca')).rejects.toThrow('no answer');
    nowMs = 60_001;
    await expect(source.namespace('shop')).rejects.toThrow('no answer');
  });
});
