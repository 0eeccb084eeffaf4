import { join } from 'node:path';
import { kubectl, listObjects, tryKubectl } from './kubectl.ts';
import { until } from './until.ts';

export const SYSTEM = 'mcp-sluice-system';
export const WEBHOOK = 'mcp-sluice-webhook';

const overlay = (name: 'first' | 'second'): string => join(import.meta.dirname, 'overlay', name);

/** `kubectl apply -k`, as a user installs or upgrades, until the new webhook serves. */
export function install(version: 'first' | 'second'): Promise<void> {
  return installFrom(overlay(version));
}

/** The same of any folder with a kustomization. */
export async function installFrom(folder: string): Promise<void> {
  const applied = await kubectl(['apply', '-k', folder]);
  // In a cluster that was kept the tag is the same and what is behind it is not.
  const isUnchanged = applied.includes(`deployment.apps/${WEBHOOK} unchanged`);
  if (isUnchanged) await kubectl(['rollout', 'restart', `deployment/${WEBHOOK}`, '-n', SYSTEM]);
  await kubectl(['rollout', 'status', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--timeout=180s'], { timeoutMs: 200_000 });
  // A replica that drains still answers on the connections that it has.
  const replicas = () => listObjects(['pods', '-n', SYSTEM, '-l', 'app.kubernetes.io/component=webhook']);
  const isSettled = async () => (await replicas()).every(({ metadata }) => metadata.deletionTimestamp === undefined);
  await until('the replicas of before to be gone', isSettled, { timeoutMs: 90_000 });
  await webhookServes();
}

export async function uninstall(): Promise<void> {
  await kubectl(['delete', '-k', overlay('first'), '--ignore-not-found', '--wait=false']);
}

/** After an uninstallation: nothing can be installed before. */
export async function systemGone(): Promise<void> {
  const isGone = async (): Promise<boolean> => (await tryKubectl(['get', 'namespace', SYSTEM])).code !== 0;
  await until(`namespace ${SYSTEM} to be gone`, isGone, { timeoutMs: 90_000 });
}

/** Takes the webhook away, so that the apiserver finds nobody to ask. */
export async function stopWebhook(): Promise<void> {
  await kubectl(['scale', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--replicas=0']);
  await until('the webhook to be gone', async () => (await listObjects(['pods', '-n', SYSTEM])).length === 0, { timeoutMs: 180_000 });
}

export async function startWebhook(): Promise<void> {
  await kubectl(['scale', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--replicas=2']);
  await kubectl(['rollout', 'status', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--timeout=240s'], { timeoutMs: 250_000 });
  await webhookServes();
}

/** A ready pod is not all: apiserver and kube-proxy learn of it a moment later. Asked by a dry run that only we refuse. */
async function webhookServes(): Promise<void> {
  const probe = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe', namespace: 'default', annotations: { 'mcp-sluice.dev/inject': 'true', 'mcp-sluice.dev/nonsense': 'x' } },
    spec: { containers: [{ name: 'app', image: 'none.test/none:1', ports: [{ containerPort: 80 }] }] },
  };
  const answers = async () =>
    (await tryKubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(probe) })).stderr.includes('nonsense');
  await until('the webhook to answer the apiserver', answers, { timeoutMs: 120_000 });
}
