import { describe, expect, it } from 'vitest';
import { publishBundle, readBundle } from '../../../webhook/ca-bundle.ts';
import { KubeError, type KubeObject, kubePaths } from '../../../webhook/kube-api.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';

const path = kubePaths.webhookConfiguration('mcp-sluice');
const ours = {
  name: 'inject.mcp-sluice.dev',
  failurePolicy: 'Ignore',
  clientConfig: { service: { name: 'mcp-sluice-webhook', namespace: 'sys' } },
};
const other = { name: 'other', clientConfig: { service: { name: 'other', namespace: 'sys' }, caBundle: 'theirs' } };
const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
const PEM = pem('one');
const encoded = Buffer.from(PEM).toString('base64');
const publish = (kube: FakeKube, bundle = PEM) => publishBundle(kube, 'sys', async () => bundle);

function clusterWith(webhooks: readonly object[]) {
  const kube = createFakeKube();
  kube.put(path, { metadata: { name: 'mcp-sluice' }, webhooks });
  // biome-ignore lint/suspicious/noExplicitAny: read by path
  return { kube, webhooks: () => kube.objects.get(path)?.['webhooks'] as any[] };
}

describe('caBundle', () => {
  it('[webhook:ca-bundle] is written where our Service is called, and nothing else is touched', async () => {
    const { kube, webhooks } = clusterWith([other, ours]);
    expect(await publish(kube)).toEqual({ bundle: PEM, isWritten: true });
    expect(webhooks()).toEqual([other, { ...ours, clientConfig: { ...ours.clientConfig, caBundle: encoded } }]);
  });

  it('[webhook:ca-bundle] is all that is applied, so that no other field becomes ours', async () => {
    const { kube } = clusterWith([other, ours]);
    const applied: KubeObject[] = [];
    const { apply } = kube;
    Object.assign(kube, {
      apply(at: string, object: KubeObject) {
        applied.push(object);
        return apply(at, object);
      },
    });
    await publish(kube);
    expect(applied).toEqual([
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name: 'mcp-sluice', resourceVersion: '1' },
        webhooks: [{ name: ours.name, clientConfig: { caBundle: encoded } }],
      },
    ]);
  });

  it('is left alone while it is right, in whatever order', async () => {
    const { kube } = clusterWith([ours]);
    await publish(kube, PEM + pem('two'));
    expect(await publish(kube, pem('two') + PEM)).toEqual({ bundle: PEM + pem('two'), isWritten: false });
    expect(kube.calls.filter((call) => call.startsWith('PATCH'))).toHaveLength(1);
  });

  it.each(['Cg==', '', undefined, Buffer.from(PEM + pem('foreign')).toString('base64')])(
    '[webhook:ca-bundle] is written again when somebody made it %s',
    async (caBundle) => {
      const { kube, webhooks } = clusterWith([{ ...ours, clientConfig: { ...ours.clientConfig, caBundle } }]);
      expect(await publish(kube)).toMatchObject({ isWritten: true });
      expect(webhooks()[0].clientConfig.caBundle).toBe(encoded);
    },
  );

  it('never goes to the wrong entry when the list shifts under us', async () => {
    const { kube, webhooks } = clusterWith([ours]);
    kube.beforeNextWrite(() => kube.put(path, { metadata: { name: 'mcp-sluice' }, webhooks: [other, ours] }));
    await expect(publish(kube)).rejects.toThrow(/changed while/);
    expect(webhooks()).toEqual([other, ours]);
  });

  it('[webhook:rotation] never takes back what another replica published since we looked', async () => {
    const { kube, webhooks } = clusterWith([ours]);
    const late = publishBundle(kube, 'sys', async () => {
      await publish(kube, PEM + pem('two'));
      return PEM;
    });
    await expect(late).rejects.toThrow(/changed while/);
    expect(webhooks()[0].clientConfig.caBundle).toBe(Buffer.from(PEM + pem('two')).toString('base64'));
  });

  it('counts as nothing where two of our entries differ', async () => {
    const { kube } = clusterWith([ours, { ...ours, name: 'second', clientConfig: { ...ours.clientConfig, caBundle: encoded } }]);
    expect(await readBundle(kube, 'sys')).toBe('');
    expect(await publish(kube)).toEqual({ bundle: PEM, isWritten: true });
  });

  it('says so when the configuration is not there, or calls somebody else', async () => {
    await expect(publish(createFakeKube())).rejects.toThrow(/is not there/);
    await expect(publish(clusterWith([other]).kube)).rejects.toThrow(/does not call Service sys\/mcp-sluice-webhook/);
  });

  it('hands on what the apiserver refused', async () => {
    const { kube } = clusterWith([ours]);
    kube.fail(new KubeError(403, 'forbidden'));
    await expect(publish(kube)).rejects.toThrow('forbidden');
  });
});
