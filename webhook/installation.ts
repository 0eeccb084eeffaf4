import { CERTIFICATE_SECRET, IMAGES_CONFIG_MAP, SERVICE, SYSTEM_NAMESPACE, WEBHOOK_CONFIGURATION } from './names.ts';

/** An object of an installation, as a person names it and as the API does. */
export interface Installed {
  readonly kind: string;
  readonly name: string;
  readonly path: string;
}

/** Where an apiserver says whether it has that group at all. */
export const CERT_MANAGER = '/apis/cert-manager.io/v1';
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

/** What refuses pods; bindings first, as a policy whose parameter is gone refuses all that it selects. */
export const policies: readonly Installed[] = [
  ...POLICIES.map(clusterWide('admissionregistration.k8s.io', 'validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding')),
  ...POLICIES.map(clusterWide('admissionregistration.k8s.io', 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy')),
];

/** What has apiservers ask us. */
export const registrations: readonly Installed[] = [
  clusterWide('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration')(WEBHOOK_CONFIGURATION),
];

/** Of manifests/overlays/cert-manager. Before the Secrets, which cert-manager would make anew. */
export const certManager: readonly Installed[] = [
  ...['mcp-sluice-webhook', 'mcp-sluice-webhook-ca'].map(ours(CERT_MANAGER, 'certificates', 'Certificate')),
  ...['mcp-sluice-webhook-ca', 'mcp-sluice-self-signed'].map(ours(CERT_MANAGER, 'issuers', 'Issuer')),
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
  // Our own, and those that cert-manager leaves behind with a Certificate.
  ...[CERTIFICATE_SECRET, 'mcp-sluice-webhook-tls', 'mcp-sluice-webhook-ca'].map(ours('/api/v1', 'secrets', 'Secret')),
];

/** Removed last, and only where it bears our label: somebody may have made it, and keep other things in it. */
export const namespace: Installed = { kind: 'Namespace', name: SYSTEM_NAMESPACE, path: `/api/v1/namespaces/${SYSTEM_NAMESPACE}` };
