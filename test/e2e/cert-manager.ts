import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builder } from '../../src/build/image.ts';
import { CLUSTER, kindNameOf, loadImages } from './kind.ts';
import { apply, getObject, type KubeObject, kubectl } from './kubectl.ts';
import { run, tryRun } from './run.ts';

const KIT = join(import.meta.dirname, '../kind-offline');
const MODULE = join(KIT, 'cert-manager');
const PACKAGE = 'github.com/cert-manager/cert-manager';
const NAMESPACE = 'cert-manager';
const METADATA = { name: 'cert-manager', labels: { app: 'cert-manager' } };
/** ClusterIssuers too: cert-manager's controllers wait until they can list them. */
const KINDS = ['certificaterequests', 'certificates', 'clusterissuers', 'issuers'];

/** Compiles cert-manager where that was not done yet, and runs it in the cluster, with its cainjector. */
export async function installCertManager(): Promise<void> {
  const image = await buildImage();
  await loadImages(kindNameOf(process.env['KUBECONFIG'] ?? '') ?? CLUSTER, [image]);
  // Client-side apply would keep a copy in an annotation, for which the CRD of Issuers is too large.
  await kubectl(['apply', '--server-side', ...(await crdFiles())]);
  await kubectl(['wait', '--for=condition=Established', ...crdNames(), '--timeout=60s']);
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await apply(...rights(), deployment(image));
  await kubectl(['rollout', 'status', 'deployment/cert-manager', '-n', NAMESPACE, '--timeout=120s'], { timeoutMs: 130_000 });
}

/** All of it, and with its CRDs every Issuer and Certificate. */
export async function removeCertManager(): Promise<void> {
  await kubectl(['delete', ...crdNames(), `namespace/${NAMESPACE}`, '--ignore-not-found'], { timeoutMs: 120_000 });
  await kubectl(['delete', 'clusterrole,clusterrolebinding', '-l', 'app=cert-manager']);
}

/**
 * Has a Certificate issued anew now, which is all that `cmctl renew` does.
 *
 * @see https://github.com/cert-manager/cmctl/blob/main/pkg/renew/renew.go
 */
export async function renew(namespace: string, name: string): Promise<void> {
  const { status } = await getObject(['certificate', name, '-n', namespace]);
  const others = (status?.conditions ?? []).filter(({ type }: KubeObject) => type !== 'Issuing');
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, '');
  const issuing = { type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', message: 'by a test', lastTransitionTime };
  const patch = JSON.stringify({ status: { conditions: [...others, issuing] } });
  await kubectl(['patch', 'certificate', name, '-n', namespace, '--subresource=status', '--type=merge', '-p', patch]);
}

const crdNames = (): string[] => KINDS.map((kind) => `crd/${kind}.cert-manager.io`);

async function crdFiles(): Promise<string[]> {
  const folder = (await run('go', ['list', '-m', '-f', '{{.Dir}}', PACKAGE], { cwd: MODULE, timeoutMs: 600_000 })).trim();
  return KINDS.flatMap((kind) => ['-f', join(folder, `deploy/crds/cert-manager.io_${kind}.yaml`)]);
}

/** Named after what it is made of; the program alone, as it is linked statically and calls nobody but the apiserver. */
async function buildImage(): Promise<string> {
  const source = ['go.mod', 'go.sum', 'main.go'].map((file) => readFileSync(join(MODULE, file)));
  const key = createHash('sha256').update(Buffer.concat(source)).digest('hex').slice(0, 16);
  const image = `mcp-sluice.test/cert-manager:${key}`;
  if ((await tryRun('docker', ['image', 'inspect', image])).code === 0) return image;
  const program = join((await run(join(KIT, 'build'), ['--prefix'])).trim(), `cert-manager-${key}`);
  if (!existsSync(program)) await compile(program);
  const context = mkdtempSync(join(tmpdir(), 'mcp-sluice-e2e-image-'));
  try {
    copyFileSync(program, join(context, 'cert-manager'));
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY cert-manager /\nUSER 65532:65532\nENTRYPOINT ["/cert-manager"]\n');
    await run('docker', ['build', '-q', '-t', image, context], { timeoutMs: 120_000, env: builder() });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return image;
}

async function compile(program: string): Promise<void> {
  // Renamed into place, so that a build which was cut short is not taken for a whole one.
  const unfinished = `${program}.${process.pid}`;
  await run('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', unfinished, '.'], {
    cwd: MODULE,
    env: { CGO_ENABLED: '0' },
    timeoutMs: 1_800_000,
  });
  renameSync(unfinished, program);
}

/** What cert-manager's chart gives to its controllers for Issuers and Certificates and to its cainjector. */
function rights(): object[] {
  const read = ['get', 'list', 'watch'];
  const kinds = (suffix = ''): string[] => KINDS.map((kind) => `${kind}${suffix}`);
  const rules = [
    { apiGroups: ['cert-manager.io'], resources: kinds(), verbs: [...read, 'create', 'update', 'patch', 'delete'] },
    { apiGroups: ['cert-manager.io'], resources: [...kinds('/status'), ...kinds('/finalizers')], verbs: ['update', 'patch'] },
    { apiGroups: ['cert-manager.io'], resources: ['signers'], verbs: ['approve'] },
    { apiGroups: [''], resources: ['secrets'], verbs: [...read, 'create', 'update', 'patch', 'delete'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    { apiGroups: ['admissionregistration.k8s.io'], resources: ['mutatingwebhookconfigurations'], verbs: [...read, 'update', 'patch'] },
  ];
  const rbac = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...METADATA, namespace: NAMESPACE } },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: METADATA, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: METADATA,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: METADATA.name },
      subjects: [{ kind: 'ServiceAccount', name: METADATA.name, namespace: NAMESPACE }],
    },
  ];
}

function deployment(image: string): object {
  const spec = { serviceAccountName: METADATA.name, containers: [{ name: 'cert-manager', image, imagePullPolicy: 'Never' }] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...METADATA, namespace: NAMESPACE },
    spec: { selector: { matchLabels: METADATA.labels }, template: { metadata: { labels: METADATA.labels }, spec } },
  };
}
