import { CERTIFICATE_SECRET, IMAGES_CONFIG_MAP, SERVICE, SYSTEM_NAMESPACE, WEBHOOK_CONFIGURATION } from './names.ts';

/** An object of an installation, as a person names it and as the API does. */
export interface Installed {
  readonly kind: string;
  readonly name: string;
  readonly path: string;
}

const POLICIES = ['mcp-sluice-pods', 'mcp-sluice-workloads', 'mcp-sluice-images'];

const clusterWide =
  (group: string, plural: string, kind: string) =>
  (name: string): Installed => ({
    ...{ kind, name, path: `/apis/${group}/v1/${plural}/${name}` },
  });
const ours =
  (root: string, plural: string, kind: string) =>
  (name: string): Installed => ({
    ...{ kind, name, path: `${root}/namespaces/${SYSTEM_NAMESPACE}/${plural}/${name}` },
  });

/**
 * What an apiserver asks of us or holds against others; before all else, as what is left without the rest would refuse
 * pods: a policy whose parameter is gone refuses all that it selects.
 */
export const configurations: readonly Installed[] = [
  clusterWide('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration')(WEBHOOK_CONFIGURATION),
  ...POLICIES.map(clusterWide('admissionregistration.k8s.io', 'validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding')),
  ...POLICIES.map(clusterWide('admissionregistration.k8s.io', 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy')),
];

/** All else, in an order in which nothing comes back: the webhook first, which makes its Secret and ConfigMap anew. */
export const remainder: readonly Installed[] = [
  ours('/apis/apps/v1', 'deployments', 'Deployment')(SERVICE),
  ours('/apis/policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget')(SERVICE),
  ours('/api/v1', 'services', 'Service')(SERVICE),
  ...[SERVICE, 'mcp-sluice-report'].flatMap((name) => [
    clusterWide('rbac.authorization.k8s.io', 'clusterrolebindings', 'ClusterRoleBinding')(name),
    clusterWide('rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole')(name),
  ]),
  ours('/apis/rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding')(SERVICE),
  ours('/apis/rbac.authorization.k8s.io/v1', 'roles', 'Role')(SERVICE),
  ours('/api/v1', 'serviceaccounts', 'ServiceAccount')(SERVICE),
  ours('/api/v1', 'configmaps', 'ConfigMap')(IMAGES_CONFIG_MAP),
  ours('/api/v1', 'secrets', 'Secret')(CERTIFICATE_SECRET),
];

/** Removed last, and only where it bears our label: somebody may have made it, and keep other things in it. */
export const namespace: Installed = { kind: 'Namespace', name: SYSTEM_NAMESPACE, path: `/api/v1/namespaces/${SYSTEM_NAMESPACE}` };
