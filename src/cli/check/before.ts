import { objectAt, textAt, valueAt } from '../../inject/raw.ts';
import { attempt, type Cluster, failed, jsonOf, messageOf, type Outcome, ok, REGISTRATION, SYSTEM, unknown } from './outcome.ts';

const LEAST_MINOR = 30;
/** Of every kind in the manifests, in the group that it belongs to: for the whole cluster, and in the namespace of ours. */
const CREATED: readonly { readonly group: string; readonly inCluster?: readonly string[]; readonly inSystem?: readonly string[] }[] = [
  {
    group: 'admissionregistration.k8s.io',
    inCluster: ['mutatingwebhookconfigurations', 'validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
  },
  { group: 'rbac.authorization.k8s.io', inCluster: ['clusterroles', 'clusterrolebindings'], inSystem: ['roles', 'rolebindings'] },
  { group: '', inCluster: ['namespaces'], inSystem: ['serviceaccounts', 'configmaps', 'services'] },
  { group: 'apps', inSystem: ['deployments'] },
  { group: 'policy', inSystem: ['poddisruptionbudgets'] },
];
const NEEDED = CREATED.flatMap(({ group, inCluster = [], inSystem = [] }) => [
  ...inCluster.map((resource) => ({ verb: 'create', group, resource })),
  ...inSystem.map((resource) => ({ verb: 'create', group, resource, namespace: SYSTEM })),
]);

/** Whether the cluster is one that we run on. */
export function checkVersion(api: Cluster): Promise<readonly Outcome[]> {
  return attempt('kubernetes-version', async () => {
    const answer = await api.ask('GET', '/version');
    const version = jsonOf(answer);
    // Some providers write `30+`.
    const [major, minor] = ['major', 'minor'].map((part) => Number.parseInt(textAt(version, part), 10));
    if (!major || minor === undefined || Number.isNaN(minor)) return [unknown('kubernetes-version', messageOf(answer))];
    const told = `Kubernetes ${textAt(version, 'gitVersion') || `${major}.${minor}`}`;
    return major > 1 || minor >= LEAST_MINOR
      ? [ok('kubernetes-version', told)]
      : [failed('kubernetes-version', `${told}: 1.${LEAST_MINOR} or later is needed, for native sidecars and admission policies`)];
  });
}

/** Whether admission policies are served: without them nothing would hold while the webhook is away. */
export function checkPolicyApi(api: Cluster): Promise<readonly Outcome[]> {
  return attempt('policy-api', async () => {
    const resources = jsonOf(await api.ask('GET', REGISTRATION));
    const names = (valueAt(resources, ['resources']) as readonly { name?: string }[] | undefined)?.map(({ name }) => name) ?? [];
    return names.includes('validatingadmissionpolicies')
      ? [ok('policy-api', 'ValidatingAdmissionPolicy is served')]
      : [failed('policy-api', `ValidatingAdmissionPolicy of admissionregistration.k8s.io/v1 is not served`)];
  });
}

/** Whether who asks may install. */
export function checkOwnRights(api: Cluster): Promise<readonly Outcome[]> {
  return attempt('rights-to-install', async () => {
    const lacking: string[] = [];
    for (const right of NEEDED) {
      const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: right } };
      const answer = await api.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
      const answered = jsonOf(answer);
      if (answered === undefined) return [unknown('rights-to-install', messageOf(answer))];
      if (objectAt(answered, 'status')['allowed'] !== true) lacking.push(wordsOf(right));
    }
    return lacking.length === 0
      ? [ok('rights-to-install', 'you may install it')]
      : [failed('rights-to-install', `you may not: ${lacking.join(', ')}`)];
  });
}

function wordsOf(right: (typeof NEEDED)[number]): string {
  return `${right.verb} ${right.resource}${'namespace' in right ? ` in namespace ${right.namespace}` : ''}`;
}
