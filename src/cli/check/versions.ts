import { textAt, valueAt } from '../../inject/raw.ts';
import { VERSION } from '../../inject/stamp.ts';
import type { Installed } from './installed.ts';
import { attempt, type Cluster, failed, type Outcome, ok, SYSTEM, unknown, warning } from './outcome.ts';
import { imagesNamed, optionOf, webhookContainer } from './webhook-deployment.ts';

/** The version that is installed against this program's, whether all replicas are ready, and the image that is injected. */
export async function checkVersions(api: Cluster, { deployment: seen, versions }: Installed): Promise<readonly Outcome[]> {
  let deployment = seen;
  // Each by itself: who may not read the one may still read the others.
  const replicas = await attempt('webhook-replicas', async () => {
    deployment ??= await api.read(`/apis/apps/v1/namespaces/${SYSTEM}/deployments/mcp-sluice-webhook`);
    return [replicasOutcome(deployment)];
  });
  const images = await attempt('images', async () => {
    const found = await api.read(`/api/v1/namespaces/${SYSTEM}/configmaps/mcp-sluice-images`);
    return [imageOutcome(deployment, found)];
  });
  return [versionOutcome(versions), ...replicas, ...images];
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

function replicasOutcome(deployment: object | undefined): Outcome {
  if (deployment === undefined) return failed('webhook-replicas', `Deployment mcp-sluice-webhook is not in ${SYSTEM}`);
  const [wanted = 0, ready = 0, updated = 0] = [
    ['spec', 'replicas'],
    ['status', 'readyReplicas'],
    ['status', 'updatedReplicas'],
  ].map((each) => Number(valueAt(deployment, each) ?? 0));
  const count = `${ready} of ${wanted} replicas are ready`;
  const replicas = ready === 0 ? failed : ready !== wanted || updated !== wanted ? warning : ok;
  const told = updated === wanted ? count : `${count}, and ${updated} of the newest version`;
  const remedy = replicas === ok ? undefined : `kubectl -n ${SYSTEM} describe pods`;
  return replicas('webhook-replicas', told, remedy);
}

function imageOutcome(deployment: unknown, images: unknown): Outcome {
  const image = optionOf(deployment, 'image') ?? textAt(webhookContainer(deployment), 'image');
  const [current, ...others] = imagesNamed(images);
  if (current === undefined) return failed('images', 'the webhook has named no image yet: the policies refuse every sidecar');
  if (deployment !== undefined && current !== image)
    return warning('images', `the Deployment has ${image}, and ${current} is injected: a rollout is under way, or stuck`);
  const accepted =
    others.length === 0 ? '' : `; ${others.join(', ')}, of other replicas or of before, ${others.length > 1 ? 'are' : 'is'} accepted too`;
  return ok('images', `${current} is injected${accepted}`);
}
