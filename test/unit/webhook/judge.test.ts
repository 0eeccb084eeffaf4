import { describe, expect, it } from 'vitest';
import { type AdmitInput, admit, type Facts } from '../../../src/inject/admit.ts';
import { createClusterFacts } from '../../../webhook/facts.ts';
import { createJudge } from '../../../webhook/judge.ts';
import { KubeError, kubePaths } from '../../../webhook/kube-api.ts';
import type { AdmissionRequest } from '../../../webhook/review.ts';
import { createFakeKube } from '../../support/fake-kube.ts';

const images = { image: 'ours:2', allowedImages: ['ours:2', 'ours:1'] };
const request = (changes: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  uid: 'u',
  kind: { group: '', version: 'v1', kind: 'Pod' },
  operation: 'CREATE',
  namespace: 'shop',
  object: { metadata: { name: 'p' } },
  ...changes,
});

function setup(configMaps: readonly string[] = []) {
  const kube = createFakeKube();
  kube.put(kubePaths.namespace('shop'), { metadata: { name: 'shop', labels: { l: '1' }, annotations: { a: '2' } } });
  const seen: { input: AdmitInput; facts: Facts }[] = [];
  let known: typeof images | undefined = images;
  const judge = createJudge({
    admit(input, facts) {
      seen.push({ input, facts });
      return { allowed: true, issues: [], warnings: [], cautions: [], patch: [], outcome: 'unchanged', reasons: [] };
    },
    configMapsOf: () => configMaps,
    source: createClusterFacts(kube, () => 0),
    images: () => known,
    defaults: { 'mcp-sluice.dev/redis': 'redis://default' },
    clock: () => 42,
  });
  return {
    kube,
    seen,
    judge,
    forgetImages() {
      known = undefined;
    },
  };
}
const controlledBy = (kind: string, name: string) => ({ metadata: { ownerReferences: [{ kind, name, controller: true }] } });

describe('judge', () => {
  it('gathers the namespace, our images and the defaults', async () => {
    const { judge, seen } = setup();
    await judge(request());
    expect(seen[0]?.facts).toMatchObject({
      ...images,
      namespace: { name: 'shop', labels: { l: '1' }, annotations: { a: '2' } },
      defaults: { 'mcp-sluice.dev/redis': 'redis://default' },
      nowMs: 42,
    });
    expect(seen[0]?.facts).not.toHaveProperty('owner');
  });

  it('[webhook:owner] finds the CronJob above the Job of a pod', async () => {
    const { kube, judge, seen } = setup();
    kube.put(kubePaths.job('shop', 'nightly-1'), controlledBy('CronJob', 'nightly'));
    await judge(request({ object: controlledBy('Job', 'nightly-1') }));
    expect(seen[0]?.facts.owner).toEqual({ kind: 'CronJob', name: 'nightly' });
  });

  it('asks for no owner where the reference itself says it', async () => {
    const { kube, judge, seen } = setup();
    kube.put(kubePaths.job('shop', 'single'), { metadata: { name: 'single' } });
    await judge(request({ object: controlledBy('ReplicaSet', 'web-1') }));
    await judge(request({ object: controlledBy('Job', 'single') }));
    expect(seen.map(({ facts }) => facts.owner)).toEqual([undefined, undefined]);
    expect(kube.calls.filter((call) => call.includes('/jobs/'))).toHaveLength(1);
  });

  it('[pod:entry-unreadable] looks up the ConfigMaps that are named, with binary data, and tells missing from forbidden', async () => {
    const { kube, judge, seen } = setup(['there', 'missing']);
    kube.put(kubePaths.configMap('shop', 'there'), { data: { a: 'text' }, binaryData: { b: Buffer.from('bytes').toString('base64') } });
    await judge(request());
    const { configMap } = seen[0]?.facts ?? {};
    expect([configMap?.('there'), configMap?.('missing'), configMap?.('never asked')]).toEqual([
      { a: 'text', b: 'bytes' },
      'missing',
      'unknown',
    ]);
    const source = createClusterFacts({ ...kube, read: async (path) => Promise.reject(new KubeError(403, path)) }, () => 0);
    expect(await source.configMap('shop', 'there')).toBe('unreadable');
  });

  it('[webhook:not-a-judgement] fails where it cannot know: no image yet, no namespace, no apiserver', async () => {
    const { kube, judge, forgetImages } = setup();
    await expect(judge(request({ namespace: 'gone' }))).rejects.toThrow(/gone/);
    kube.fail(new KubeError(0, 'connection refused'));
    await expect(judge(request({ namespace: 'other' }))).rejects.toThrow('connection refused');
    forgetImages();
    await expect(judge(request())).rejects.toThrow(/image/);
  });

  it.each<[string, Partial<AdmissionRequest>]>([
    ['a kind that is not ours', { kind: { group: '', version: 'v1', kind: 'Service' } }],
    ['a kind of our name in another group', { kind: { group: 'example.com', version: 'v1', kind: 'Job' } }],
    ['DELETE', { operation: 'DELETE', object: null }],
    ['CONNECT', { operation: 'CONNECT', object: null }],
  ])('leaves %s alone without asking anybody', async (_what, changes) => {
    const { kube, judge, seen } = setup();
    expect(await judge(request(changes))).toMatchObject({ allowed: true, outcome: 'ignored', patch: [] });
    expect([kube.calls, seen]).toEqual([[], []]);
  });

  it('[webhook:namespace-redis] lets the Redis of a namespace count for its pods', async () => {
    const kube = createFakeKube();
    kube.put(kubePaths.namespace('shop'), { metadata: { name: 'shop', annotations: { 'mcp-sluice.dev/redis': 'redis://ns:6379' } } });
    kube.put(kubePaths.namespace('bare'), { metadata: { name: 'bare' } });
    const source = createClusterFacts(kube, () => 0);
    const judge = createJudge({ admit, configMapsOf: () => [], source, images: () => images, defaults: {}, clock: () => 0 });
    const object = {
      metadata: { name: 'p', annotations: { 'mcp-sluice.dev/inject': 'true', 'mcp-sluice.dev/rate-limit': 'shared: 3/1m' } },
      spec: { containers: [{ name: 'app', image: 'app:1', ports: [{ containerPort: 8080 }] }] },
    };
    expect(await judge(request({ object }))).toMatchObject({ allowed: true, outcome: 'injected' });
    expect(await judge(request({ object, namespace: 'bare' }))).toMatchObject({ allowed: false, reasons: ['LIMIT_WITHOUT_REDIS'] });
  });
});
