import { beforeAll, describe, expect, it } from 'vitest';
import installation from '../../../src/cli/explain/installation.json' with { type: 'json' };
import { issueAuthority } from '../../../webhook/certificate.ts';
import { edited, found, NOW_MS, outcomes } from './check-run.ts';
import { createCluster, DEPLOYMENT, type FakeCluster, refusal } from './fake-cluster.ts';

let ca = '';
beforeAll(async () => {
  ca = (await issueAuthority(NOW_MS)).certificate;
});

const CONFIGURATIONS = { apiGroups: ['admissionregistration.k8s.io'], resources: ['mutatingwebhookconfigurations'] };

/** As an apiserver with these Roles alone, bound to the webhook, answers. */
function withRoles(cluster: FakeCluster, roles: readonly unknown[]): FakeCluster {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  cluster.answer((path, content) => {
    if (!path.endsWith('/subjectaccessreviews')) return undefined;
    const asked = (content as { spec: { resourceAttributes: Record<string, unknown> } }).spec.resourceAttributes;
    const { verb, group, resource, namespace, name } = asked;
    const allowed = (roles as { kind: string; metadata: { namespace?: string }; rules: Record<string, string[] | undefined>[] }[]).some(
      ({ kind, metadata, rules }) =>
        (kind === 'ClusterRole' || metadata.namespace === namespace) &&
        rules.some(
          (rule) =>
            rule['apiGroups']?.includes(text(group)) &&
            rule['resources']?.includes(text(resource)) &&
            rule['verbs']?.includes(text(verb)) &&
            (rule['resourceNames'] === undefined || rule['resourceNames'].includes(text(name))),
        ),
    );
    return { status: 201, body: JSON.stringify({ status: { allowed } }) };
  });
  return cluster;
}
const rights = async (cluster: FakeCluster) =>
  (await outcomes(cluster)).checks.flatMap(({ check, state, message }) =>
    /^webhook-(rights|secrets|report)$/.test(check) ? [`${check}: ${state}: ${message}`] : [],
  );

describe('mcp-sluice check, rights', () => {
  it('[cli:check-rights] finds every right that a manifest gives and the cluster does not', async () => {
    expect(await rights(withRoles(createCluster(ca), installation.roles))).toEqual([
      'webhook-rights: ok: the webhook may do what it needs',
      'webhook-secrets: ok: the webhook has no right on Secrets of other namespaces',
    ]);
    for (const role of installation.roles) {
      for (const left of role.rules) {
        // Another rule may give the same, as that of the report gives pods.
        const isOther = (rule: { resources: string[] }) => rule !== left && !rule.resources.some((each) => left.resources.includes(each));
        const isKept = (rule: { resources: string[]; resourceNames?: string[] }, of: object) =>
          of === role && rule !== left ? true : isOther(rule);
        const roles = installation.roles.map((each) => ({ ...each, rules: each.rules.filter((rule) => isKept(rule, each)) }));
        const told = await rights(withRoles(createCluster(ca), roles));
        expect([left, told.filter((each) => !each.includes(': ok: '))]).not.toEqual([left, []]);
        expect(told.join()).toContain(`${left.verbs.at(-1)} ${left.resources[0]}`);
      }
    }
  });

  it('[cli:check-rights] takes an installation without the report for one that somebody chose', async () => {
    const isReport = ({ metadata }: { metadata: { name: string } }) => metadata.name === 'mcp-sluice-report';
    const bare = installation.roles.filter((role) => !isReport(role));
    expect(await rights(withRoles(createCluster(ca), bare))).toContainEqual(
      'webhook-report: ok: the webhook may not list pods: it reports none that are stale, naked or forged (rbac-report.yaml)',
    );
    const partly = installation.roles.map((role) => (isReport(role) ? { ...role, rules: role.rules.slice(0, 1) } : role));
    expect(await rights(withRoles(createCluster(ca), partly))).toContainEqual(
      'webhook-report: warning: for its report the webhook may not: get replicasets, create events',
    );
  });

  it('[cli:check-rights] finds a webhook that may do all there is', async () => {
    const cluster = createCluster(ca);
    cluster.answer((path) => (path.endsWith('/subjectaccessreviews') ? { status: 201, body: '{"status":{"allowed":true}}' } : undefined));
    expect(await rights(cluster)).toContainEqual(expect.stringMatching(/^webhook-secrets: failed: .*patch secrets.*all there is$/));
  });

  it('[cli:check-rights] asks the cluster what the webhook may do', async () => {
    const cluster = createCluster(ca);
    cluster.answer((path, content) =>
      path.endsWith('/subjectaccessreviews')
        ? { status: 201, body: JSON.stringify({ status: { allowed: JSON.stringify(content).includes('secrets') } }) }
        : undefined,
    );
    const { notOk } = await outcomes(cluster);
    expect(notOk.slice(0, 2)).toEqual([
      {
        check: 'webhook-rights',
        state: 'failed',
        message: expect.stringMatching(
          /^the webhook may not: create configmaps in mcp-sluice-system.*get namespaces.*patch mutatingwebhook/,
        ),
        remedy: expect.stringContaining('Roles'),
      },
      { check: 'webhook-secrets', state: 'failed', message: expect.stringContaining('get secrets, list secrets') },
    ]);
    const limited = createCluster(ca);
    limited.answer((path) => (path.endsWith('/subjectaccessreviews') ? refusal(403, 'no') : undefined));
    expect(await found(limited)).toEqual(['webhook-rights: unknown', 'redis: unknown']);
  });

  it('[cli:check-needless] names each right that the overlay for cert-manager takes away, and the cluster still gives', async () => {
    const mounted = () => {
      const cluster = createCluster(ca);
      const args = '"name":"webhook","args":["--tls-dir=/x"]';
      cluster.kube.put(DEPLOYMENT, edited(cluster.kube.objects.get(DEPLOYMENT), '"name":"webhook"', args));
      return cluster;
    };
    const roles = installation.rolesWithMountedCertificate;
    const inOwn = (verbs: string[], resourceNames?: string[]) => ({
      ...{ kind: 'Role', metadata: { namespace: 'mcp-sluice-system' } },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs, ...(resourceNames && { resourceNames }) }],
    });
    const told = async (...more: object[]) =>
      (await rights(withRoles(mounted(), [...roles, ...more]))).filter((each) => !/: ok: /.test(each));
    expect(await told()).toEqual([]);
    expect(await told(...installation.roles)).toEqual([
      `webhook-rights: warning: the webhook may, and need not where its certificate is mounted: ${[
        'patch mutatingwebhookconfigurations mcp-sluice',
        'create secrets in mcp-sluice-system',
        'get secrets mcp-sluice-webhook-certificate in mcp-sluice-system',
        'update secrets mcp-sluice-webhook-certificate in mcp-sluice-system',
      ].join(', ')}`,
    ]);
    const changing = { kind: 'ClusterRole', metadata: {}, rules: [{ ...CONFIGURATIONS, verbs: ['update'] }] };
    expect(await told(changing)).toEqual([expect.stringMatching(/mounted: update mutatingwebhookconfigurations mcp-sluice$/)]);
    expect(await told(inOwn(['list', 'watch']))).toEqual([
      expect.stringMatching(/mounted: list secrets in mcp-sluice-system, watch secrets in mcp-sluice-system$/),
    ]);
    expect(await told(inOwn(['get'], ['mcp-sluice-webhook-ca']))).toEqual([
      expect.stringMatching(/mounted: get secrets mcp-sluice-webhook-ca in mcp-sluice-system$/),
    ]);
  });
});
