import { textAt, valueAt } from '../../inject/raw.ts';
import { VERSION } from '../../inject/stamp.ts';
import type { Installed } from './installed.ts';
import { attempt, type Cluster, failed, type Outcome, ok, SYSTEM, unknown, warning } from './outcome.ts';
import { optionOf, webhookContainer } from './webhook-deployment.ts';

/** The version that is installed against this program's, whether all replicas are ready, and the image that is injected. */
export function checkVersions(api: Cluster, { deployment, versions }: Installed): Promise<readonly Outcome[]> {
  return attempt('webhook-replicas', async () => [versionOutcome(versions), ...(await checkDeployment(api, deployment))]);
}

function versionOutcome(versions: readonly string[]): Outcome {
  const check = 'version';
  const [installed, ...others] = versions;
  if (installed === undefined) return unknown(check, `which version is installed is not to be seen; this program is ${VERSION}`);
  if (others.length > 0)
    return warning(check, `${versions.join(' and ')} run side by side, and this program is ${VERSION}: an upgrade is under way, or stuck`);
  if (installed === VERSION) return ok(check, `${VERSION} is installed`);
  return warning(
    check,
    `${installed} is installed, and this program is ${VERSION}: pods are judged by what is installed, the registration as far as two versions can be compared`,
    `mcp-sluice ${installed} check, or upgrade the installation`,
  );
}

async function checkDeployment(api: Cluster, seen: object | undefined): Promise<Outcome[]> {
  const path = `/apis/apps/v1/namespaces/${SYSTEM}/deployments/mcp-sluice-webhook`;
  const [deployment, images] = [
    seen ?? (await api.read(path)),
    await api.read(`/api/v1/namespaces/${SYSTEM}/configmaps/mcp-sluice-images`),
  ];
  if (deployment === undefined) return [failed('webhook-replicas', `Deployment mcp-sluice-webhook is not in ${SYSTEM}`)];
  const [wanted = 0, ready = 0, updated = 0] = [
    ['spec', 'replicas'],
    ['status', 'readyReplicas'],
    ['status', 'updatedReplicas'],
  ].map((each) => Number(valueAt(deployment, each) ?? 0));
  const count = `${ready} of ${wanted} replicas are ready`;
  const replicas = ready === 0 ? failed : ready !== wanted || updated !== wanted ? warning : ok;
  const told = updated === wanted ? count : `${count}, and ${updated} of the newest version`;
  const remedy = replicas === ok ? undefined : `kubectl -n ${SYSTEM} describe pods`;
  return [replicas('webhook-replicas', told, remedy), imageOutcome(deployment, images)];
}

function imageOutcome(deployment: unknown, images: unknown): Outcome {
  const image = optionOf(deployment, 'image') ?? textAt(webhookContainer(deployment), 'image');
  const [current, previous] = ['current', 'previous'].map((key) => textAt(images, 'data', key));
  if (!current) return failed('images', 'the webhook has named no image yet: the policies refuse every sidecar');
  if (current !== image)
    return warning('images', `the Deployment has ${image}, and ${current} is injected: a rollout is under way, or stuck`);
  return ok('images', previous ? `${image} is injected; ${previous}, of before, is accepted too` : `${image} is injected`);
}
