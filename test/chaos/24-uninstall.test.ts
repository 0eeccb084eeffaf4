import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mcpSluice } from '../e2e/cli.ts';
import { podsOf, readyPods, sidecarOf } from '../e2e/cluster.ts';
import { install, SYSTEM } from '../e2e/install.ts';
import { apply, kubectl, listObjects, tryKubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { deployment } from '../e2e/objects.ts';
import { annotated } from '../e2e/policy-objects.ts';
import { until } from '../e2e/until.ts';

const namespace = 'e2e-24';
const READER = 'e2e-24-reader';
const CLUSTER_WIDE = [
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'clusterroles',
  'clusterrolebindings',
  'namespaces',
].join(',');

describe('uninstall', () => {
  useNamespaces({ [namespace]: {} });
  // An apiserver whose last policy with ConfigMap parameters goes reads no ConfigMap for policies again before it is
  // restarted (kubernetes/kubernetes#130887): the files after this one install in the same apiserver.
  beforeAll(async () => void (await apply(...anotherParameterReader())));
  afterAll(async () => {
    await kubectl(['wait', '--for=delete', `namespace/${SYSTEM}`, '--timeout=90s'], { timeoutMs: 100_000 });
    await install('first');
    await kubectl(['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', READER]);
  });

  it('[e2e:uninstall] tells what it would remove, removes it, and leaves the cluster as if we had never been there', async () => {
    await apply(deployment({ name: 'app', namespace, server: 'python', template: { inject: 'true' } }));
    await readyPods(namespace, 'app');
    const before = await ourNames();

    const told = await mcpSluice(['uninstall']);
    expect(told.code, told.stderr).toBe(0);
    expect(told.stdout).toContain('Nothing was removed');
    expect(await ourNames()).toEqual(before);

    const done = await mcpSluice(['uninstall', '--yes', '--output', 'json']);
    expect(done.code, done.stderr).toBe(0);
    await until('the namespace to be gone', async () => (await tryKubectl(['get', 'namespace', SYSTEM])).code !== 0, { timeoutMs: 90_000 });
    // Whatever bears our name or label, of all that can be listed in this cluster.
    expect(await ourNames()).toEqual([]);
  });

  it('[e2e:uninstall-no-lock] nothing refuses pods afterwards, and what ran keeps its sidecar until it is replaced', async () => {
    const naked = await tryKubectl(['create', '-f', '-'], { input: JSON.stringify(annotated({ namespace, name: 'asks' })) });
    expect(naked.code, naked.stderr).toBe(0);
    const [running] = await podsOf(namespace, 'app');
    expect(sidecarOf(running)).toBeDefined();
    // Its annotations can be edited, and its replacement runs without us.
    await kubectl(['annotate', '-n', namespace, `pod/${running.metadata.name}`, 'mcp-sluice.dev/inject-']);
    await kubectl(['rollout', 'restart', 'deployment/app', '-n', namespace]);
    await kubectl(['rollout', 'status', 'deployment/app', '-n', namespace, '--timeout=120s'], { timeoutMs: 130_000 });
    const [replaced] = await readyPods(namespace, 'app');
    expect(sidecarOf(replaced)).toBeUndefined();
    const again = await mcpSluice(['uninstall', '--yes']);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('nothing of mcp-sluice is there')]);
    const check = await mcpSluice(['check']);
    expect([check.code, check.stdout]).toEqual([0, expect.stringMatching(/not installed here.*you may install it/s)]);
  });
});

/** `kubectl get all,… -A` of what is ours; other objects come and go while tests run. */
async function ourNames(): Promise<string[]> {
  const named = await kubectl(['get', CLUSTER_WIDE, '-o', 'name']);
  const ours = named.split('\n').filter((name) => name.includes('mcp-sluice'));
  const all = await listObjects(['all,poddisruptionbudgets,configmaps,secrets,serviceaccounts,roles,rolebindings', '-A']);
  const inOurs = all.filter(
    ({ metadata }) => metadata.namespace === SYSTEM || metadata.labels?.['app.kubernetes.io/name'] === 'mcp-sluice',
  );
  return [...ours, ...inOurs.map(({ kind, metadata }) => `${kind}/${metadata.name}`)].sort();
}

/** A policy of somebody else that has a ConfigMap for its parameter, and judges nothing. */
function anotherParameterReader(): object[] {
  const rule = { apiGroups: ['e2e.test'], apiVersions: ['v1'], resources: ['nothing'], operations: ['CREATE'] };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: READER },
      spec: {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: 'true' }],
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: READER },
      spec: {
        policyName: READER,
        validationActions: ['Deny'],
        paramRef: { name: 'kube-root-ca.crt', namespace: 'default', parameterNotFoundAction: 'Allow' },
      },
    },
  ];
}
