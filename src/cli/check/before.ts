import { objectAt, textAt, valueAt } from '../../inject/raw.ts';
import { attempt, type Cluster, failed, jsonOf, messageOf, type Outcome, ok, REGISTRATION, unknown } from './outcome.ts';

const LEAST_MINOR = 30;
const NEEDED: readonly (readonly [verb: string, group: string, resource: string])[] = [
  ...['mutatingwebhookconfigurations', 'validatingadmissionpolicies', 'validatingadmissionpolicybindings'].map(
    (resource) => ['create', 'admissionregistration.k8s.io', resource] as const,
  ),
  ...['clusterroles', 'clusterrolebindings'].map((resource) => ['create', 'rbac.authorization.k8s.io', resource] as const),
  ['create', '', 'namespaces'],
];

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
    for (const [verb, group, resource] of NEEDED) {
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb, group, resource } },
      };
      const answer = await api.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
      const answered = jsonOf(answer);
      if (answered === undefined) return [unknown('rights-to-install', messageOf(answer))];
      if (objectAt(answered, 'status')['allowed'] !== true) lacking.push(`${verb} ${resource}`);
    }
    return lacking.length === 0
      ? [ok('rights-to-install', 'you may install it')]
      : [failed('rights-to-install', `you may not: ${lacking.join(', ')}`)];
  });
}
