import { describe, expect, it } from 'vitest';
import { publishImages, readOwnImage, shiftImages } from '../../../webhook/images.ts';
import { kubePaths } from '../../../webhook/kube-api.ts';
import { createFakeKube } from '../../support/fake-kube.ts';

const path = kubePaths.configMap('sys', 'mcp-sluice-images');

describe('the published images', () => {
  it('[webhook:images] moves the image before to previous when a new one comes', () => {
    expect(shiftImages({}, 'v1')).toEqual({ current: 'v1' });
    expect(shiftImages({ current: 'v1' }, 'v2')).toEqual({ current: 'v2', previous: 'v1' });
    expect(shiftImages({ current: 'v2', previous: 'v1' }, 'v3')).toEqual({ current: 'v3', previous: 'v2' });
  });

  it('[webhook:images] leaves both while old and new replicas run side by side', () => {
    const data = { current: 'v2', previous: 'v1' };
    expect(shiftImages(data, 'v1')).toBe(data);
    expect(shiftImages(data, 'v2')).toBe(data);
  });

  it('[webhook:images] makes the image that was rolled back to the current one, so that the next upgrade keeps it', () => {
    const back = shiftImages({ current: 'v2', previous: 'v1' }, 'v1', 'start');
    expect(back).toEqual({ current: 'v1', previous: 'v2' });
    expect(shiftImages(back, 'v3', 'start')).toEqual({ current: 'v3', previous: 'v1' });
  });

  it('keeps what others wrote beside them', () => {
    expect(shiftImages({ current: 'v1', note: 'hands off' }, 'v2')).toEqual({ current: 'v2', previous: 'v1', note: 'hands off' });
  });

  it('fills the ConfigMap of the manifests, and makes it anew when it was deleted', async () => {
    const kube = createFakeKube();
    kube.put(path, { metadata: { name: 'mcp-sluice-images', labels: { a: 'b' } } });
    expect(await publishImages(kube, 'sys', 'v1')).toEqual({ image: 'v1', allowedImages: ['v1'] });
    expect(kube.objects.get(path)).toMatchObject({ metadata: { labels: { a: 'b' } }, data: { current: 'v1' } });
    kube.objects.delete(path);
    await publishImages(kube, 'sys', 'v1');
    expect(kube.objects.get(path)).toMatchObject({ data: { current: 'v1' } });
  });

  it('writes nothing when all is as it should be', async () => {
    const kube = createFakeKube();
    kube.put(path, { metadata: { name: 'mcp-sluice-images' }, data: { current: 'v2', previous: 'v1' } });
    expect(await publishImages(kube, 'sys', 'v1')).toEqual({ image: 'v1', allowedImages: ['v2', 'v1'] });
    expect(kube.calls).toEqual([`GET ${path}`]);
  });

  it('[webhook:images] loses no image to a replica that writes at the same time', async () => {
    const kube = createFakeKube();
    kube.put(path, { metadata: { name: 'mcp-sluice-images' }, data: { current: 'v1' } });
    kube.beforeNextWrite(() => kube.put(path, { metadata: { name: 'mcp-sluice-images' }, data: { current: 'v2', previous: 'v1' } }));
    expect(await publishImages(kube, 'sys', 'v2')).toEqual({ image: 'v2', allowedImages: ['v2', 'v1'] });
    expect(kube.objects.get(path)).toMatchObject({ data: { current: 'v2', previous: 'v1' } });
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
