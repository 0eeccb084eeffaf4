import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publishImages, readOwnImage, settleImages } from '../../../webhook/images.ts';
import { KubeError, kubePaths } from '../../../webhook/kube-api.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { podOf } from '../../support/test-webhook.ts';

const path = kubePaths.configMap('sys', 'mcp-sluice-images');
const addPod = (kube: FakeKube, name: string, image: string) => kube.put(kubePaths.pod('sys', name), podOf(name, undefined, image));
const dataIn = (kube: FakeKube) => kube.objects.get(path)?.['data'];

describe('the published images', () => {
  it('[webhook:images] moves the image before to previous when a new one comes', () => {
    expect(settleImages({}, 'v1', ['v1'])).toEqual({ current: 'v1' });
    expect(settleImages({ current: 'v1' }, 'v2', ['v1', 'v2'])).toEqual({ current: 'v2', previous: 'v1' });
    expect(settleImages({ current: 'v2', previous: 'v1' }, 'v3', ['v2', 'v3'])).toEqual({ current: 'v3', previous: 'v2' });
  });

  it('[webhook:images] leaves both while old and new replicas run side by side, whoever of them starts again', () => {
    const data = { current: 'v2', previous: 'v1' };
    expect(settleImages(data, 'v1', ['v1', 'v2'])).toBe(data);
    expect(settleImages(data, 'v2', ['v1', 'v2'])).toBe(data);
  });

  it('[webhook:images] keeps that of a live replica, though a third version comes before the second is everywhere', () => {
    const three = settleImages({ current: 'v2', previous: 'v1' }, 'v3', ['v1', 'v2', 'v3']);
    expect(three).toEqual({ current: 'v3', previous: 'v2', rolling: 'v1' });
    for (const own of ['v1', 'v2', 'v3']) expect(settleImages(three, own, ['v1', 'v2', 'v3'])).toBe(three);
    expect(settleImages(three, 'v3', ['v3'])).toEqual({ current: 'v3', previous: 'v2' });
  });

  it('[webhook:images] makes the image that was rolled back to the current one, once all are of it, so that the next upgrade keeps it', () => {
    const data = { current: 'v2', previous: 'v1' };
    expect(settleImages(data, 'v1', ['v2', 'v1'])).toBe(data);
    const back = settleImages(data, 'v1', ['v1']);
    expect(back).toEqual({ current: 'v1', previous: 'v2' });
    expect(settleImages(back, 'v3', ['v1', 'v3'])).toEqual({ current: 'v3', previous: 'v1' });
  });

  it('[webhook:images] lets none go while nobody can say which replicas there are', () => {
    const data = { current: 'v2', previous: 'v1' };
    expect(settleImages(data, 'v1', 'unknown')).toBe(data);
    expect(settleImages(data, 'v3', 'unknown')).toEqual({ current: 'v3', previous: 'v2', rolling: 'v1' });
    const all = Array.from({ length: 100 }, (_, index) => `v${index}`);
    const grown = all.reduce((known, own) => settleImages(known, own, 'unknown'), {});
    expect(JSON.stringify(grown).split('v').length - 1).toBeLessThan(20);
  });

  it('keeps what others wrote beside them', () => {
    expect(settleImages({ current: 'v1', note: 'hands off' }, 'v2', ['v2'])).toEqual({ current: 'v2', previous: 'v1', note: 'hands off' });
  });

  it('fills the ConfigMap of the manifests, and makes it anew when it was deleted', async () => {
    const kube = createFakeKube();
    kube.put(path, { metadata: { name: 'mcp-sluice-images', labels: { a: 'b' } } });
    expect(await publishImages(kube, 'sys', 'v1')).toEqual({ image: 'v1', allowedImages: ['v1'] });
    expect(kube.objects.get(path)).toMatchObject({ metadata: { labels: { a: 'b' } }, data: { current: 'v1' } });
    kube.objects.delete(path);
    addPod(kube, 'other', 'v0');
    expect(await publishImages(kube, 'sys', 'v1')).toEqual({ image: 'v1', allowedImages: ['v1', 'v0'] });
    expect(kube.objects.get(path)).toMatchObject({ data: { current: 'v1', previous: 'v0' } });
  });

  it('writes nothing when all is as it should be, and asks for replicas only where they matter', async () => {
    const kube = createFakeKube();
    kube.put(path, { metadata: { name: 'mcp-sluice-images' }, data: { current: 'v2', previous: 'v1' } });
    expect(await publishImages(kube, 'sys', 'v2')).toEqual({ image: 'v2', allowedImages: ['v2', 'v1'] });
    expect(kube.calls).toEqual([`GET ${path}`]);
    addPod(kube, 'new', 'v2');
    expect(await publishImages(kube, 'sys', 'v1')).toEqual({ image: 'v1', allowedImages: ['v2', 'v1'] });
    expect(kube.calls.slice(1)).toEqual([`GET ${path}`, `GET ${kubePaths.pod('sys')}`]);
  });

  it('[webhook:images] loses no image to a replica that writes at the same time', async () => {
    const kube = createFakeKube();
    for (const image of ['v1', 'v2']) addPod(kube, image, image);
    kube.put(path, { metadata: { name: 'mcp-sluice-images' }, data: { current: 'v1' } });
    kube.beforeNextWrite(() => kube.put(path, { metadata: { name: 'mcp-sluice-images' }, data: { current: 'v2', previous: 'v1' } }));
    expect(await publishImages(kube, 'sys', 'v2')).toEqual({ image: 'v2', allowedImages: ['v2', 'v1'] });
    expect(dataIn(kube)).toEqual({ current: 'v2', previous: 'v1' });
  });

  it('[webhook:images] counts replicas that are told another image, and those on their way out, and none that has ended', async () => {
    const kube = createFakeKube();
    kube.put(path, { metadata: { name: 'mcp-sluice-images' }, data: { current: 'v2', previous: 'v1' } });
    const told = podOf('told');
    const container = { name: 'webhook', image: 'v0', args: ['webhook', '--image=v1'] };
    kube.put(kubePaths.pod('sys', 'told'), { ...told, spec: { containers: [container] } });
    const leaving = podOf('leaving', undefined, 'v2');
    kube.put(kubePaths.pod('sys', 'leaving'), { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: '2026-11-21T12:00:00Z' } });
    kube.put(kubePaths.pod('sys', 'ended'), { ...podOf('ended', undefined, 'v9'), status: { phase: 'Failed' } });
    expect(await publishImages(kube, 'sys', 'v3')).toEqual({ image: 'v3', allowedImages: ['v3', 'v2', 'v1'] });
  });

  it('[webhook:images] allows what any live replica injects, however replicas start, look, restart and go, and agrees in the end', async () => {
    const version = fc.constantFrom('v1', 'v2', 'v3', 'v4');
    const pod = fc.constantFrom('p', 'q', 'r');
    const step = fc.oneof(
      fc.record({ what: fc.constant('start' as const), pod, version }),
      fc.record({ what: fc.constant('look' as const), pod, version }),
      fc.record({ what: fc.constant('go' as const), pod, version }),
      fc.record({ what: fc.constant('blind look' as const), pod, version }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), version, async (steps, last) => {
        const kube = createFakeKube();
        const { list } = kube;
        const live = new Map<string, string>();
        const look = (name: string) => publishImages(kube, 'sys', live.get(name) ?? '');
        for (const { what, pod: name, version: image } of steps) {
          if (what === 'start') {
            live.set(name, image);
            addPod(kube, name, image);
          }
          if (what === 'go') {
            live.delete(name);
            kube.objects.delete(kubePaths.pod('sys', name));
          }
          if (!live.has(name)) continue;
          if (what === 'blind look') Object.assign(kube, { list: () => Promise.reject(new KubeError(403, 'forbidden')) });
          await look(name);
          Object.assign(kube, { list });
          const { allowedImages } = await look(name);
          expect(allowedImages).toEqual(expect.arrayContaining([...live.values()]));
        }
        for (const name of [...live.keys(), 'p', 'q']) {
          live.set(name, last);
          addPod(kube, name, last);
        }
        for (const name of live.keys()) await look(name);
        const settled = dataIn(kube);
        for (const name of live.keys()) await look(name);
        expect(settled).toMatchObject({ current: last });
        expect([dataIn(kube), Object.keys(settled as object)]).toEqual([settled, expect.not.arrayContaining(['rolling'])]);
      }),
      { numRuns: 150 },
    );
  });

  it('reads our own image from the container of our name, not from a neighbour', async () => {
    const kube = createFakeKube();
    const containers = [
      { name: 'mesh-proxy', image: 'proxy:1' },
      { name: 'webhook', image: 'ours:1' },
    ];
    kube.put(kubePaths.pod('sys', 'p'), { metadata: { name: 'p' }, spec: { containers } });
    expect(await readOwnImage(kube, 'sys', 'p')).toBe('ours:1');
    await expect(readOwnImage(kube, 'sys', 'gone')).rejects.toThrow(/sys\/gone/);
  });
});
