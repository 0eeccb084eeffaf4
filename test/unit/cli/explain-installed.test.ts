import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../../src/cli/explain/explain.ts';
import installation from '../../../src/cli/explain/installation.json' with { type: 'json' };
import { VERSION } from '../../../src/inject/stamp.ts';
import { KubeError, type KubeObject } from '../../../webhook/kube-api.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { facts } from '../inject/samples.ts';
import { explainIn } from './run.ts';

const REGISTRATION = '/apis/admissionregistration.k8s.io/v1';
const WEBHOOK = `${REGISTRATION}/mutatingwebhookconfigurations/mcp-sluice`;
const IMAGES = '/api/v1/namespaces/mcp-sluice-system/configmaps/mcp-sluice-images';
const DEPLOYMENT = '/apis/apps/v1/namespaces/mcp-sluice-system/deployments/mcp-sluice-webhook';
const POD = '/api/v1/namespaces/tools/pods/app';
const policyOf = (name: string) => `${REGISTRATION}/validatingadmissionpolicies/mcp-sluice-${name}`;
const bindingOf = (name: string) => `${REGISTRATION}/validatingadmissionpolicybindings/mcp-sluice-${name}`;

/** Our manifests applied, and a pod that asks for a sidecar. */
function createCluster(): FakeKube {
  const kube = createFakeKube();
  kube.put(WEBHOOK, installation.webhooks[0] as KubeObject);
  for (const policy of installation.policies)
    kube.put(`${REGISTRATION}/validatingadmissionpolicies/${policy.metadata.name}`, policy as KubeObject);
  for (const binding of installation.bindings)
    kube.put(`${REGISTRATION}/validatingadmissionpolicybindings/${binding.metadata.name}`, binding as KubeObject);
  kube.put(IMAGES, { metadata: { name: 'mcp-sluice-images' }, data: { current: facts.image } });
  kube.put('/api/v1/namespaces/tools', { metadata: { name: 'tools', labels: { tier: 'dev' } } });
  kube.put(POD, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'app', namespace: 'tools', annotations: { 'mcp-sluice.dev/inject': 'true' } },
    spec: { containers: [{ name: 'app', ports: [{ containerPort: 3000 }] }] },
  } as KubeObject);
  return kube;
}
function edit(kube: FakeKube, path: string, spec: object): FakeKube {
  const object = kube.objects.get(path) as KubeObject & { spec: object };
  kube.put(path, { ...object, spec: { ...object.spec, ...spec } } as KubeObject);
  return kube;
}
function editWebhook(kube: FakeKube, fields: object): FakeKube {
  const object = kube.objects.get(WEBHOOK) as KubeObject & { webhooks: object[] };
  kube.put(WEBHOOK, { ...object, webhooks: object.webhooks.map((each) => ({ ...each, ...fields })) } as KubeObject);
  return kube;
}
type Told = Explanation & { readonly notes: readonly string[]; readonly now?: { readonly state: string } };
async function told(api: Pick<FakeKube, 'read'>): Promise<Told> {
  const { out, err } = await explainIn(async () => ({ api, namespace: 'tools' }), ['-o', 'json', 'pod/app']);
  const [first] = JSON.parse(out || '[]') as Told[];
  if (first === undefined) throw new Error(err);
  return first;
}
const wordOf = ({ policies }: Told, name: string) => policies.find(({ policy }) => policy === `mcp-sluice-${name}`);
const condition = (expression: string) => ({ matchConditions: [{ name: 'c', expression }] });

describe('mcp-sluice explain, by what is installed', () => {
  it('[cli:explain-cluster] evaluates what a binding says of where its policy is in force', async () => {
    const cluster = () => createCluster();
    expect(wordOf(await told(cluster()), 'pods')).toMatchObject({ word: 'passes', withoutWebhook: 'refuses' });
    const elsewhere = { matchResources: { namespaceSelector: { matchLabels: { tier: 'prod' } } } };
    expect(wordOf(await told(edit(cluster(), bindingOf('pods'), elsewhere)), 'pods')).toMatchObject({
      ...{ word: 'does not judge', withoutWebhook: 'does not judge' },
      detail: 'binding namespaceSelector: label tier is "dev", wanted: In prod',
    });
    const labelled = { matchResources: { objectSelector: { matchLabels: { 'mcp-sluice.dev/injected': 'true' } } } };
    expect(wordOf(await told(edit(cluster(), bindingOf('pods'), labelled)), 'pods')).toMatchObject({
      ...{ word: 'passes', withoutWebhook: 'does not judge' },
    });
    const excluded = { matchResources: { excludeResourceRules: [{ apiGroups: ['*'], resources: ['*'], operations: ['*'] }] } };
    expect(wordOf(await told(edit(cluster(), bindingOf('pods'), excluded)), 'pods')).toMatchObject({ word: 'does not judge' });
    expect(wordOf(await told(edit(cluster(), bindingOf('pods'), { validationActions: ['Warn'] })), 'pods')).toMatchObject({
      ...{ word: 'passes', withoutWebhook: 'does not deny' },
      detail: expect.stringMatching(/^its binding says Warn: pod "app" has annotation/),
    });
  });

  it('[cli:explain-cluster] says what becomes of a pod where the parameter of a policy is missing', async () => {
    const cluster = createCluster();
    cluster.objects.delete(IMAGES);
    const found = await told(cluster);
    expect(found).toMatchObject({
      verdict: 'refused',
      why: expect.stringContaining('there is no ConfigMap mcp-sluice-system/mcp-sluice-images'),
    });
    const paramRef = { name: 'mcp-sluice-images', namespace: 'mcp-sluice-system', parameterNotFoundAction: 'Allow' };
    expect(wordOf(await told(edit(cluster, bindingOf('images'), { paramRef })), 'images')).toMatchObject({ word: 'does not judge' });
  });

  it.each([
    ['frobnicate(object)', 'cannot be evaluated here: frobnicate() is not known here'],
    ["object.metadata.name.matches('x')", 'cannot be evaluated here: .matches() is not known here'],
    ['authorizer.group("").check("get").allowed()', 'cannot be evaluated here'],
    ["request.userInfo.username == 'x'", 'cannot be evaluated here: userInfo is not known here'],
    ['has(namespaceObject.status)', 'cannot be evaluated here: status is not known here'],
    ['object.spec.containers[0]', 'cannot be evaluated here: not a truth value'],
  ])('[cli:explain-unknown] says neither yes nor no where it cannot tell: %s', async (expression, detail) => {
    const found = await told(editWebhook(createCluster(), condition(expression)));
    expect(found).toMatchObject({
      verdict: 'unknown',
      why: expect.stringContaining(`whether the webhook is asked: matchCondition c ${detail}`),
    });
    expect(found.asked.at(-1)).toMatchObject({ holds: 'unknown', detail: expect.stringContaining(detail) });
    expect(await told(edit(createCluster(), policyOf('pods'), condition(expression)))).toMatchObject({
      ...{ verdict: 'unknown', why: expect.stringContaining('what the policy mcp-sluice-pods says: ') },
    });
    // What is certain stays so.
    expect(
      await told(
        editWebhook(createCluster(), {
          matchConditions: [
            { name: 'c', expression },
            { name: 'no', expression: 'false' },
          ],
        }),
      ),
    ).toMatchObject({
      ...{ verdict: 'refused', policies: expect.arrayContaining([expect.objectContaining({ word: 'refuses' })]) },
    });
  });

  it('[cli:explain-unknown] follows the failure policy where a condition fails in an apiserver too', async () => {
    const failing = condition("object.metadata.labels.x == 'y'");
    expect((await told(editWebhook(createCluster(), failing))).asked.at(-1)).toMatchObject({
      ...{ holds: false, detail: 'it fails (no such key: labels), and failurePolicy is Ignore' },
    });
    expect(await told(editWebhook(createCluster(), { ...failing, failurePolicy: 'Fail' }))).toMatchObject({ verdict: 'refused' });
    expect(wordOf(await told(edit(createCluster(), policyOf('pods'), failing)), 'pods')).toMatchObject({ withoutWebhook: 'refuses' });
    expect(wordOf(await told(edit(createCluster(), policyOf('pods'), { ...failing, failurePolicy: 'Ignore' })), 'pods')).toMatchObject({
      withoutWebhook: 'does not judge',
    });
  });

  it("[cli:explain-origin] reads the webhook's defaults however its command line is written", async () => {
    const container = {
      name: 'webhook',
      env: [{ name: 'WHERE', value: 'infra' }],
      args: ['webhook', '--default-redis', 'redis://$(WHERE).svc:6379', '--default-redis-secret=s', '--default-on-redis-failure', 'closed'],
    };
    const cluster = createCluster();
    const containers = [{ name: 'proxy', args: ['--default-redis=redis://proxy'] }, container];
    cluster.put(DEPLOYMENT, { spec: { template: { spec: { containers } } } } as KubeObject);
    const from = Object.fromEntries((await told(cluster)).effective.map(({ key, value, from: level }) => [key, [value, level]]));
    expect(from).toMatchObject({
      redis: ['redis://infra.svc:6379', "the webhook's default"],
      'redis-secret': ['s', "the webhook's default"],
      'on-redis-failure': ['closed', "the webhook's default"],
    });
  });

  it('[cli:explain-cluster] takes an image that a replica still injects during a rollout for one of ours', async () => {
    const cluster = createCluster();
    const pod = cluster.objects.get(POD) as KubeObject & { spec: object };
    const sidecar = {
      name: 'mcp-sluice',
      restartPolicy: 'Always',
      image: 'elsewhere/sluice:3',
      args: ['sidecar', '--in-pod', '--capture=takeover'],
    };
    const metadata = { ...pod.metadata, labels: { 'mcp-sluice.dev/injected': 'true' } };
    cluster.put(POD, { ...pod, metadata, spec: { ...pod.spec, initContainers: [sidecar] } });
    expect((await told(cluster)).now).toMatchObject({ state: 'forged' });
    cluster.put(IMAGES, { data: { current: facts.image, rolling: 'elsewhere/sluice:2 elsewhere/sluice:3' } });
    expect((await told(cluster)).now).toMatchObject({ state: 'stale' });
  });

  it('[cli:check-version] says where the installation is of another version than this program', async () => {
    const cluster = createCluster();
    cluster.put(IMAGES, { data: { current: 'ghcr.io/mcp-sluice/mcp-sluice:0.1.0' } });
    expect((await told(cluster)).notes).toEqual([`the installation is of version 0.1.0, and ${VERSION} is what judges here`]);
  });

  it('[cli:explain-cluster] takes its own manifests for what it may not read, and says so', async () => {
    const kube = createCluster();
    const read = async (path: string) => {
      if (path.startsWith(REGISTRATION)) throw new KubeError(403, 'no');
      return await kube.read(path);
    };
    const found = await told({ read });
    expect(found.verdict).toBe('injected');
    expect(found.notes).toContain(`the webhook configuration: you may not read that, so that of version ${VERSION} is taken`);
    expect(found.notes).not.toContainEqual(expect.stringContaining('not bound'));
  });
});
