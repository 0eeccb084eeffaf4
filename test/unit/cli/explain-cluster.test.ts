import { describe, expect, it } from 'vitest';
import installation from '../../../src/cli/explain/installation.json' with { type: 'json' };
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { type KubeError, KubeError as KubeFailure, type KubeObject } from '../../../webhook/kube-api.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { facts } from '../inject/samples.ts';
import { explainIn } from './run.ts';

const REGISTRATION = '/apis/admissionregistration.k8s.io/v1';
const NAMESPACE = '/api/v1/namespaces/tools';
const IMAGES = '/api/v1/namespaces/mcp-sluice-system/configmaps/mcp-sluice-images';
const DEPLOYMENT = {
  kind: 'Deployment',
  metadata: { name: 'app', annotations: { 'mcp-sluice.dev/inject': 'true', 'mcp-sluice.dev/log-level': 'debug' } },
  spec: {
    template: {
      metadata: { annotations: { 'mcp-sluice.dev/mode': 'shadow' } },
      spec: { containers: [{ name: 'app', ports: [{ containerPort: 3000 }] }] },
    },
  },
};
const namespace = { name: 'tools', labels: {}, annotations: { 'mcp-sluice.dev/redis': 'redis://tools' } };
const known = { ...facts, namespace, defaults: {} };
const controlled = (kind: string, name: string) => ({
  ownerReferences: [{ kind, name, controller: true, apiVersion: 'apps/v1', uid: '1' }],
});

/** A cluster with us in it, a Deployment that the webhook has seen, and its pod. */
function createCluster(): FakeKube {
  const kube = createFakeKube();
  const [webhook] = installation.webhooks;
  kube.put(`${REGISTRATION}/mutatingwebhookconfigurations/mcp-sluice`, webhook as KubeObject);
  for (const policy of installation.policies) {
    kube.put(`${REGISTRATION}/validatingadmissionpolicies/${policy.metadata.name}`, policy as KubeObject);
  }
  for (const binding of installation.bindings)
    kube.put(`${REGISTRATION}/validatingadmissionpolicybindings/${binding.metadata.name}`, binding as KubeObject);
  kube.put(IMAGES, { metadata: { name: 'mcp-sluice-images' }, data: { current: facts.image } });
  const args = ['webhook', '--default-redis=redis://cluster'];
  kube.put('/apis/apps/v1/namespaces/mcp-sluice-system/deployments/mcp-sluice-webhook', {
    spec: { template: { spec: { containers: [{ args }] } } },
  });
  kube.put(NAMESPACE, { metadata: namespace });
  const stored = applyPatch(
    DEPLOYMENT,
    admit({ kind: 'Deployment', operation: 'CREATE', object: DEPLOYMENT }, known).patch,
  ) as typeof DEPLOYMENT;
  kube.put('/apis/apps/v1/namespaces/tools/deployments/app', stored as KubeObject);
  kube.put('/apis/apps/v1/namespaces/tools/replicasets/app-6d4', {
    metadata: { name: 'app-6d4', ...controlled('Deployment', 'app') } as KubeObject['metadata'],
  } as KubeObject);
  const bare = {
    kind: 'Pod',
    metadata: {
      ...stored.spec.template.metadata,
      name: 'app-6d4-x',
      labels: { 'pod-template-hash': '6d4' },
      ...controlled('ReplicaSet', 'app-6d4'),
    },
    spec: stored.spec.template.spec,
  };
  const pod = applyPatch(bare, admit({ kind: 'Pod', operation: 'CREATE', object: bare }, known).patch) as object;
  const status = { initContainerStatuses: [{ name: 'mcp-sluice', ready: false, state: { waiting: { reason: 'ImagePullBackOff' } } }] };
  kube.put(`${NAMESPACE}/pods/app-6d4-x`, { ...pod, status } as KubeObject);
  kube.put(`${NAMESPACE}/pods/naked`, { ...bare, metadata: { ...bare.metadata, name: 'naked' } } as KubeObject);
  return kube;
}

const ask = async (kube: FakeKube, ...argv: string[]) => {
  const ran = await explainIn(async (context) => ({ api: kube, namespace: context ?? 'tools' }), ['-o', 'json', ...argv]);
  return { ...ran, told: ran.out === '' ? [] : JSON.parse(ran.out) };
};

describe('mcp-sluice explain KIND/NAME', () => {
  it('[cli:explain-cluster] judges a pod by the installation, and says what it is now', async () => {
    const { code, told } = await ask(createCluster(), 'pod/app-6d4-x');
    expect(code).toBe(0);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      object: { kind: 'Pod', name: 'app-6d4-x', namespace: 'tools' },
      verdict: 'injected',
      now: { state: 'fresh', sidecar: 'waiting (ImagePullBackOff), not ready' },
      notes: [],
      problems: [],
    });
    const from = Object.fromEntries(told[0].effective.map((each: { key: string; from: string }) => [each.key, each.from]));
    expect(from).toMatchObject({
      inject: 'the metadata of Deployment app',
      'log-level': 'the metadata of Deployment app',
      mode: 'the pod template of Deployment app',
      redis: 'namespace tools',
      port: 'default',
    });
  });

  it('[cli:explain-cluster] finds a pod naked or stale', async () => {
    const kube = createCluster();
    expect(await ask(kube, 'po/naked')).toMatchObject({ code: 1, told: [{ now: { state: 'naked' } }] });
    kube.put(IMAGES, { data: { current: `${facts.image}-next`, previous: facts.image } });
    expect(await ask(kube, 'pods/app-6d4-x')).toMatchObject({ code: 0, told: [{ now: { state: 'stale' } }] });
  });

  it('[cli:explain-cluster] evaluates the selectors and conditions that are there, and not ours', async () => {
    const kube = createCluster();
    kube.put(NAMESPACE, { metadata: { ...namespace, labels: { 'mcp-sluice.dev/webhook': 'ignore' } } });
    expect(await ask(kube, 'deploy/app')).toMatchObject({
      told: [{ verdict: 'not asked about', why: expect.stringContaining('"ignore"') }],
    });
    const edited = createCluster();
    const path = `${REGISTRATION}/mutatingwebhookconfigurations/mcp-sluice`;
    edited.put(
      path,
      JSON.parse(JSON.stringify(edited.objects.get(path)).replaceAll("startsWith('mcp-sluice.dev/')", "matches('x')")) as KubeObject,
    );
    const { told } = await ask(edited, 'deploy/app');
    expect(told[0].asked).toContainEqual({
      what: 'matchCondition one-of-our-annotations',
      holds: 'unknown',
      detail: expect.stringContaining('matches'),
    });
  });

  it('[cli:explain-cluster] says where nothing of ours is installed, or a policy is not bound', async () => {
    const kube = createCluster();
    kube.objects.delete(`${REGISTRATION}/validatingadmissionpolicybindings/mcp-sluice-pods`);
    kube.objects.delete(`${REGISTRATION}/validatingadmissionpolicies/mcp-sluice-workloads`);
    expect((await ask(kube, 'deploy/app')).told[0].notes).toEqual([
      'the policy mcp-sluice-pods is not bound: it refuses nothing',
      'the policy mcp-sluice-workloads is not there: it refuses nothing',
    ]);
    expect((await ask(kube, 'deploy/app')).told[0].policies.map(({ policy }: { policy: string }) => policy)).toEqual(['mcp-sluice-images']);
    const bare = createFakeKube();
    bare.put('/apis/apps/v1/namespaces/tools/deployments/app', DEPLOYMENT as KubeObject);
    expect((await ask(bare, 'deploy/app')).told[0]).toMatchObject({ verdict: 'not asked about', why: 'no webhook of ours is registered' });
  });

  it('[cli:explain-cluster] says what it may not read, and judges without it', async () => {
    const kube = createCluster();
    const forbidden = (path: string): KubeError => new KubeFailure(403, `GET ${path}: 403`);
    const api = {
      read: async (path: string) => {
        if (path === NAMESPACE || path.includes('replicasets')) throw forbidden(path);
        return await kube.read(path);
      },
    };
    const { code, out } = await explainIn(async () => ({ api, namespace: 'tools' }), ['pod/app-6d4-x']);
    expect(code).toBe(0);
    expect(out).toContain('labels and annotations of namespace tools: you may not read that');
    expect(out).toContain('the ReplicaSet app-6d4: you may not read that');
    expect(out).toContain('now: fresh; sidecar waiting (ImagePullBackOff), not ready');
  });

  it('[cli:explain-cluster] tells an object that is not there from a cluster that is not', async () => {
    const kube = createCluster();
    expect(await ask(kube, 'pod/none')).toMatchObject({ code: 66, err: 'mcp-sluice explain: there is no Pod none in namespace tools\n' });
    expect(await ask(kube, '-n', 'elsewhere', 'pod/app-6d4-x')).toMatchObject({ code: 66 });
    expect(await ask(kube, '--context', 'elsewhere', 'pod/app-6d4-x')).toMatchObject({
      code: 66,
      err: expect.stringContaining('namespace elsewhere'),
    });
    kube.fail(new KubeFailure(0, 'no answer within 10000 ms'));
    expect(await ask(kube, 'pod/app-6d4-x')).toMatchObject({ code: 69, out: '', err: expect.stringContaining('no answer') });
    const none = await explainIn(() => Promise.reject(new Error('no Kubernetes cluster')), ['pod/x']);
    expect(none).toEqual({ code: 69, out: '', err: 'mcp-sluice explain: no Kubernetes cluster\n' });
  });

  it('[cli:explain-cluster] takes a path for a file, and refuses what does not fit', async () => {
    const kube = createCluster();
    expect(await ask(kube, './pod/x')).toMatchObject({ code: 66, err: expect.stringContaining('ENOENT') });
    expect(await ask(kube, 'svc/x')).toMatchObject({ code: 66, err: expect.stringContaining('of a cluster, pod, deploy, sts') });
    const forbidden = { read: () => Promise.reject(new KubeFailure(403, '{}')) };
    expect(await explainIn(async () => ({ api: forbidden, namespace: 'tools' }), ['pod/x'])).toMatchObject({
      ...{ code: 66, err: 'mcp-sluice explain: you may not read Pod x in namespace tools\n' },
    });
    expect(await ask(kube, 'pod/x.yaml')).toMatchObject({ code: 66, err: expect.stringContaining('ENOENT') });
    expect(await ask(kube, 'pod/app-6d4-x', 'file.yaml')).toMatchObject({ code: 66, err: expect.stringContaining('cannot be mixed') });
    expect(await ask(kube, '-n', '../kube-system', 'pod/x')).toMatchObject({ code: 64 });
    expect(await ask(kube, '--image', 'x', 'pod/app-6d4-x')).toMatchObject({ code: 64, err: expect.stringContaining('--image') });
    expect(kube.calls.every((call) => call.startsWith('GET '))).toBe(true);
  });
});
