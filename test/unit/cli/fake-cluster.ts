import type { Answer, Cluster, Swept } from '../../../src/cli/check/outcome.ts';
import installation from '../../../src/cli/explain/installation.json' with { type: 'json' };
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import { VERSION } from '../../../src/inject/stamp.ts';
import type { KubeObject } from '../../../webhook/kube-api.ts';
import { createFakeKube, type FakeKube } from '../../support/fake-kube.ts';
import { facts } from '../inject/samples.ts';

export const REGISTRATION = '/apis/admissionregistration.k8s.io/v1';
export const SYSTEM = '/api/v1/namespaces/mcp-sluice-system';
export const WEBHOOK = `${REGISTRATION}/mutatingwebhookconfigurations/mcp-sluice`;
export const DEPLOYMENT = '/apis/apps/v1/namespaces/mcp-sluice-system/deployments/mcp-sluice-webhook';
export const IMAGES = `${SYSTEM}/configmaps/mcp-sluice-images`;

type Ask = (path: string, content: unknown) => Answer | undefined;

export interface FakeCluster extends Cluster {
  readonly kube: FakeKube;
  /** What is asked from now on is answered so, where the first function that is given says something. */
  answer(ask: Ask): void;
  swept: Swept;
}

/** Of a replica, a while after it was started. */
export const METRICS = `# HELP mcp_sluice_webhook_info 1; the version that runs.
mcp_sluice_webhook_info{version="${VERSION}"} 1
mcp_sluice_webhook_certificate_expiry_seconds 72000
mcp_sluice_webhook_certificate_trusted 1
`;

const json = (value: unknown, status = 200): Answer => ({ status, body: JSON.stringify(value) });
export const refusal = (status: number, message: string): Answer =>
  json({ kind: 'Status', status: 'Failure', message, code: status }, status);

/** A cluster of Kubernetes 1.34 where nothing is installed, and everybody may do everything. */
export function createEmptyCluster(): FakeCluster {
  const kube = createFakeKube();
  const asks: Ask[] = [];
  const counts = { fresh: 3, stale: 0, naked: 0, forged: 0, unready: 0 };
  const cluster: FakeCluster = {
    kube,
    swept: { counts, findings: [] },
    read: (path) => kube.read(path),
    list: (path, query) => kube.list(path, query),
    sweep: async () => cluster.swept,
    answer: (ask) => void asks.unshift(ask),
    async ask(method, path, content) {
      for (const ask of asks) {
        const answer = ask(path, content);
        if (answer !== undefined) return answer;
      }
      if (path === '/version') return json({ major: '1', minor: '34', gitVersion: 'v1.34.0' });
      if (path === REGISTRATION) return json({ resources: [{ name: 'validatingadmissionpolicies' }] });
      if (path.endsWith('accessreviews')) return json({ status: { allowed: isAllowed(content) } }, 201);
      if (path.endsWith('/readyz')) return { status: 200, body: 'ok\n' };
      if (path.endsWith('/metrics')) return { status: 200, body: METRICS };
      if (method === 'POST') return admitDryRun(content);
      const found = await kube.read(path);
      return found === undefined ? refusal(404, 'not found') : json(found);
    },
  };
  return cluster;
}

/** The same with us in it, as our manifests have it. */
export function createCluster(caBundle: string): FakeCluster {
  const cluster = createEmptyCluster();
  const { kube } = cluster;
  const configuration = structuredClone(installation.webhooks[0]) as KubeObject & { webhooks: { clientConfig: { caBundle?: string } }[] };
  for (const webhook of configuration.webhooks) webhook.clientConfig.caBundle = Buffer.from(caBundle).toString('base64');
  kube.put(WEBHOOK, configuration);
  for (const policy of installation.policies) {
    const { name } = policy.metadata;
    kube.put(`${REGISTRATION}/validatingadmissionpolicies/${name}`, policy as KubeObject);
  }
  for (const binding of installation.bindings)
    kube.put(`${REGISTRATION}/validatingadmissionpolicybindings/${binding.metadata.name}`, binding as KubeObject);
  kube.put(IMAGES, { metadata: { name: 'mcp-sluice-images' }, data: { current: facts.image } });
  const containers = [{ name: 'webhook', image: facts.image }];
  kube.put(DEPLOYMENT, {
    spec: { replicas: 2, template: { spec: { containers } } },
    status: { readyReplicas: 2, updatedReplicas: 2 },
  } as KubeObject);
  kube.put('/api/v1/namespaces/tools', { metadata: { name: 'tools' } });
  for (const name of ['a', 'b']) {
    const labels = { 'app.kubernetes.io/name': 'mcp-sluice', 'app.kubernetes.io/component': 'webhook' };
    kube.put(`${SYSTEM}/pods/${name}`, { metadata: { name, namespace: 'mcp-sluice-system', labels } });
  }
  return cluster;
}

function isAllowed(review: unknown): boolean {
  const { kind, spec } = review as { kind: string; spec: { resourceAttributes: { resource: string; namespace?: string } } };
  const { resource, namespace } = spec.resourceAttributes;
  return kind === 'SelfSubjectAccessReview' || (resource !== 'secrets' && resource !== '*') || namespace !== undefined;
}

function admitDryRun(object: unknown): Answer {
  const { allowed, patch, issues } = admit({ kind: 'Pod', operation: 'CREATE', object }, facts);
  return allowed ? json(applyPatch(object, patch), 201) : refusal(400, issues.map(({ message }) => message).join());
}
