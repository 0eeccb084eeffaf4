import { beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../../src/inject/stamp.ts';
import { issueAuthority } from '../../../webhook/certificate.ts';
import type { KubeObject } from '../../../webhook/kube-api.ts';
import { check, NOW_MS, outcomes } from './check-run.ts';
import { createCluster, type FakeCluster, METRICS, REGISTRATION, WEBHOOK } from './fake-cluster.ts';

const BINDING = `${REGISTRATION}/validatingadmissionpolicybindings/mcp-sluice-images`;
const POLICY = `${REGISTRATION}/validatingadmissionpolicies/mcp-sluice-pods`;
let ca = '';
beforeAll(async () => {
  ca = (await issueAuthority(NOW_MS)).certificate;
});

interface Editable {
  readonly matchConditions: object[];
  readonly validations: object[];
  readonly rules: object[];
  readonly paramRef: object;
  readonly matchConstraints: object;
}
type Edit = (object: Editable) => void;
/** As `kubectl edit` would. */
function edit(cluster: FakeCluster, path: string, change: (object: never) => void): FakeCluster {
  const object = structuredClone(cluster.kube.objects.get(path)) as never;
  change(object);
  cluster.kube.put(path, object as KubeObject);
  return cluster;
}
const webhook = (change: Edit) => (cluster: FakeCluster) =>
  edit(cluster, WEBHOOK, ({ webhooks: [ours] }: { webhooks: [Editable] }) => change(ours));
const spec = (path: string, change: Edit) => (cluster: FakeCluster) =>
  edit(cluster, path, (object: { spec: Editable }) => change(object.spec));
const set = (value: Record<string, unknown>) => (object: object) => void Object.assign(object, value);

async function registration(cluster: FakeCluster) {
  const { checks } = await outcomes(cluster);
  return checks.filter(({ check: name, state }) => /^(webhook-registered|policy)/.test(name) && state !== 'ok');
}
/** A cluster where another version runs. */
function ofVersion(version: string): FakeCluster {
  const cluster = createCluster(ca);
  const body = METRICS.replace(`"${VERSION}"`, `"${version}"`);
  cluster.answer((path) => (path.endsWith(':10250/proxy/metrics') ? { status: 200, body } : undefined));
  return cluster;
}

describe('mcp-sluice check, registration', () => {
  it.each<[string, (cluster: FakeCluster) => FakeCluster, string, RegExp]>([
    [
      'an objectSelector',
      webhook(set({ objectSelector: { matchLabels: { a: 'b' } } })),
      'webhook-registered: failed',
      /objectSelector was added/,
    ],
    [
      'a condition more',
      webhook(({ matchConditions }) => matchConditions.push({ name: 'no', expression: 'false' })),
      'webhook-registered: failed',
      /matchConditions\[no\] was added/,
    ],
    [
      'a URL in place of the Service',
      webhook(set({ clientConfig: { url: 'https://x.example' } })),
      'webhook-registered: failed',
      /clientConfig\.service is gone/,
    ],
    ['rules cut short', webhook(({ rules }) => void rules.pop()), 'webhook-registered: failed', /rules is not that/],
    [
      'a condition less',
      webhook(({ matchConditions }) => void matchConditions.pop()),
      'webhook-registered: warning',
      /\[not-being-deleted\] is gone/,
    ],
    [
      'another failurePolicy',
      webhook(set({ failurePolicy: 'Fail' })),
      'webhook-registered: warning',
      /failurePolicy is "Fail", not "Ignore"/,
    ],
    ['a timeout', webhook(set({ timeoutSeconds: 30 })), 'webhook-registered: warning', /timeoutSeconds is 30, not 3/],
    [
      'matchResources',
      spec(BINDING, set({ matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } } })),
      'policy mcp-sluice-images: failed',
      /its binding: matchResources was added/,
    ],
    [
      'another selector of objects',
      spec(BINDING, set({ matchResources: { objectSelector: { matchLabels: { a: 'b' } } } })),
      'policy mcp-sluice-images: failed',
      /matchResources was added/,
    ],
    [
      'only a warning',
      spec(BINDING, set({ validationActions: ['Warn', 'Audit'] })),
      'policy mcp-sluice-images: failed',
      /its binding does not deny: validationActions is \["Warn","Audit"\]/,
    ],
    [
      'a parameter that need not be there',
      spec(BINDING, ({ paramRef }) => void Object.assign(paramRef, { parameterNotFoundAction: 'Allow' })),
      'policy mcp-sluice-images: failed',
      /parameterNotFoundAction is "Allow", not "Deny"/,
    ],
    ['another policy', spec(BINDING, set({ policyName: 'other' })), 'policy mcp-sluice-images: failed', /policyName is "other"/],
    [
      'a failure that passes',
      spec(POLICY, set({ failurePolicy: 'Ignore' })),
      'policy mcp-sluice-pods: failed',
      /failurePolicy is "Ignore", not "Fail"/,
    ],
    [
      'a validation less',
      spec(POLICY, ({ validations }) => void validations.pop()),
      'policy mcp-sluice-pods: failed',
      /validations\[3\] is gone/,
    ],
    [
      'a validation more',
      spec(POLICY, ({ validations }) => validations.push({ expression: 'false' })),
      'policy mcp-sluice-pods: warning',
      /validations\[false\] was added/,
    ],
    [
      'other words of a refusal',
      spec(POLICY, ({ validations }) => void Object.assign(validations[0] ?? {}, { messageExpression: '"no"' })),
      'policy mcp-sluice-pods: warning',
      /validations\[0\]\.messageExpression/,
    ],
    [
      'objects left out',
      spec(POLICY, ({ matchConstraints }) => void Object.assign(matchConstraints, { excludeResourceRules: [{ resources: ['pods'] }] })),
      'policy mcp-sluice-pods: failed',
      /matchConstraints\.excludeResourceRules was added/,
    ],
  ])('[cli:check-drift] finds %s', async (_, spoil, expected, message) => {
    const told = await registration(spoil(createCluster(ca)));
    expect(told.map(({ check: name, state }) => `${name}: ${state}`)).toEqual([expected]);
    expect(told[0]?.message).toMatch(message);
    expect(told[0]?.remedy).toMatch(/^(kubectl patch|apply the manifests of)/);
  });

  it('[cli:check-drift] takes what an apiserver or somebody else adds for no edit', async () => {
    const cluster = createCluster(ca);
    for (const path of [WEBHOOK, BINDING, POLICY]) {
      edit(cluster, path, ({ metadata }: { metadata: Record<string, object> }) => {
        metadata['labels'] = { ...metadata['labels'], 'argocd.argoproj.io/instance': 'x' };
        metadata['annotations'] = { 'cert-manager.io/inject-ca-from': 'mcp-sluice-system/mcp-sluice-webhook' };
      });
    }
    webhook(set({ objectSelector: {} }))(cluster);
    spec(POLICY, ({ matchConstraints }) => void Object.assign(matchConstraints, { objectSelector: {} }))(cluster);
    spec(BINDING, set({ validationActions: ['Deny', 'Audit'] }))(cluster);
    expect(await registration(cluster)).toEqual([]);
  });

  it('[cli:check-drift] removes by name what was added, from the last on: to apply the manifests again would leave it', async () => {
    const cluster = webhook((ours) => {
      ours.matchConditions.push({ name: 'a', expression: 'false' }, { name: 'b', expression: 'false' });
    })(createCluster(ca));
    const [told] = await registration(cluster);
    expect(told?.remedy).toBe(
      `kubectl patch mutatingwebhookconfiguration mcp-sluice --type=json -p '[{"op":"remove","path":"/webhooks/0/matchConditions/4"},{"op":"remove","path":"/webhooks/0/matchConditions/3"}]'`,
    );
    expect((await check(cluster)).out).toContain(`\n         → ${told?.remedy}\n`);
  });

  it('[cli:check-version] tells the version that is installed, and holds none of its own against it', async () => {
    const other = spec(POLICY, ({ validations }) => void validations.pop())(ofVersion('0.1.0'));
    const { checks } = await outcomes(other);
    expect(checks.find(({ check: name }) => name === 'version')).toMatchObject({
      state: 'warning',
      message: expect.stringContaining(`0.1.0 is installed, and this program is ${VERSION}`),
    });
    expect(await registration(other)).toMatchObject([{ state: 'warning', message: expect.stringContaining('0.1.0 is installed') }]);
    // No version of ours has ever said that.
    expect(await registration(spec(BINDING, set({ validationActions: ['Warn'] }))(ofVersion('0.1.0')))).toMatchObject([
      { state: 'failed' },
    ]);
  });

  it('[cli:check-version] counts pods by the version that is installed', async () => {
    const asked: (string | undefined)[] = [];
    for (const version of ['0.1.0', VERSION]) {
      const cluster = ofVersion(version);
      const { swept } = cluster;
      cluster.sweep = async (images) => {
        asked.push(images.version);
        return swept;
      };
      await outcomes(cluster);
    }
    expect(asked).toEqual(['0.1.0', VERSION]);
  });
});
