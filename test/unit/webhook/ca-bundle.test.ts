import { describe, expect, it } from 'vitest';
import { publishBundle } from '../../../webhook/ca-bundle.ts';
import { KubeError, kubePaths } from '../../../webhook/kube-api.ts';
import { createFakeKube } from '../../support/fake-kube.ts';

const path = kubePaths.webhookConfiguration('mcp-sluice');
const ours = {
  name: 'inject.mcp-sluice.dev',
  failurePolicy: 'Ignore',
  clientConfig: { service: { name: 'mcp-sluice-webhook', namespace: 'sys' } },
};
const other = { name: 'other', clientConfig: { service: { name: 'other', namespace: 'sys' }, caBundle: 'theirs' } };
const encoded = Buffer.from('PEM').toString('base64');

function clusterWith(webhooks: readonly object[]) {
  const kube = createFakeKube();
  kube.put(path, { metadata: { name: 'mcp-sluice' }, webhooks });
  // biome-ignore lint/suspicious/noExplicitAny: read by path
  return { kube, webhooks: () => kube.objects.get(path)?.['webhooks'] as any[] };
}

describe('caBundle', () => {
  it('[webhook:ca-bundle] is written where our Service is called, and nothing else is touched', async () => {
    const { kube, webhooks } = clusterWith([other, ours]);
    expect(await publishBundle(kube, 'sys', 'PEM')).toBe('written');
    expect(webhooks()).toEqual([other, { ...ours, clientConfig: { ...ours.clientConfig, caBundle: encoded } }]);
  });

  it('is left alone while it is right', async () => {
    const { kube } = clusterWith([ours]);
    await publishBundle(kube, 'sys', 'PEM');
    expect(await publishBundle(kube, 'sys', 'PEM')).toBe('unchanged');
    expect(kube.calls.filter((call) => call.startsWith('PATCH'))).toHaveLength(1);
  });

  it('[webhook:ca-bundle] is written again when somebody overwrote it', async () => {
    const { kube, webhooks } = clusterWith([{ ...ours, clientConfig: { ...ours.clientConfig, caBundle: 'Cg==' } }]);
    expect(await publishBundle(kube, 'sys', 'PEM')).toBe('written');
    expect(webhooks()[0].clientConfig.caBundle).toBe(encoded);
  });

  it('never goes to the wrong entry when the list shifts under us', async () => {
    const { kube, webhooks } = clusterWith([ours]);
    kube.beforeNextWrite(() => kube.put(path, { metadata: { name: 'mcp-sluice' }, webhooks: [other, ours] }));
    await expect(publishBundle(kube, 'sys', 'PEM')).rejects.toThrow(/changed while/);
    expect(webhooks()).toEqual([other, ours]);
  });

  it('says so when the configuration is not there, or calls somebody else', async () => {
    await expect(publishBundle(createFakeKube(), 'sys', 'PEM')).rejects.toThrow(/is not there/);
    await expect(publishBundle(clusterWith([other]).kube, 'sys', 'PEM')).rejects.toThrow(/does not call Service sys\/mcp-sluice-webhook/);
  });

  it('hands on what the apiserver refused', async () => {
    const { kube } = clusterWith([ours]);
    kube.fail(new KubeError(403, 'forbidden'));
    await expect(publishBundle(kube, 'sys', 'PEM')).rejects.toThrow('forbidden');
  });
});
