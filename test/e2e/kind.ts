import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OFFLINE_NODE } from './images.ts';
import { run, tryRun } from './run.ts';
import type { ImageSource } from './tools.ts';

/** `E2E_CLUSTER` names another, for two suites at once. */
export const CLUSTER = process.env['E2E_CLUSTER'] ?? 'mcp-sluice-e2e';

/** Of this machine, in IPv6. */
const ADDRESSES = '/proc/net/if_inet6';
const DUAL_CNI = join(import.meta.dirname, '../kind-offline/dual-stack.conflist');

/** False where kind's node would get no IPv6 address, and so not come up: kind makes a network with IPv6, but does not mend one. */
async function hasIpv6(): Promise<boolean> {
  if (!existsSync(ADDRESSES) || readFileSync(ADDRESSES, 'utf8') === '') return false;
  const network = await tryRun('docker', ['network', 'inspect', 'kind', '--format', '{{.EnableIPv6}}']);
  return network.code !== 0 || network.stdout.trim() === 'true';
}

/** One node, of both families where they can be had; kind's own node image finds out itself how to serve pods of both. */
async function clusterConfig(source: ImageSource): Promise<object> {
  const isDual = await hasIpv6();
  const cni = { hostPath: DUAL_CNI, containerPath: '/etc/cni/net.d/10-ptp.conflist', readOnly: true };
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    networking: { ipFamily: isDual ? 'dual' : 'ipv4' },
    nodes: [{ role: 'control-plane', ...(isDual && source === 'offline' && { extraMounts: [cni] }) }],
  };
}

/** Creates the tests' cluster, or takes the one that an earlier run with `--keep` left. */
export async function createCluster(options: { source: ImageSource; kubeconfig: string; isReuseWelcome: boolean }): Promise<void> {
  const { source, kubeconfig, isReuseWelcome } = options;
  const clusters = (await run('kind', ['get', 'clusters'])).split('\n');
  if (clusters.includes(CLUSTER)) {
    if (isReuseWelcome) {
      await run('kind', ['export', 'kubeconfig', '--name', CLUSTER, '--kubeconfig', kubeconfig]);
      return;
    }
    deleteCluster(kubeconfig);
  }
  const image = source === 'offline' ? ['--image', OFFLINE_NODE] : [];
  await run('kind', ['create', 'cluster', '--name', CLUSTER, '--kubeconfig', kubeconfig, '--wait', '180s', '--config', '-', ...image], {
    input: JSON.stringify(await clusterConfig(source)),
    timeoutMs: 600_000,
  });
}

/** Synchronous, as it also runs in a signal's handler. */
export function deleteCluster(kubeconfig: string): void {
  const args = existsSync(kubeconfig) ? ['--kubeconfig', kubeconfig] : [];
  execFileSync('kind', ['delete', 'cluster', '--name', CLUSTER, ...args], { stdio: 'ignore', timeout: 120_000 });
}

/** The kind cluster that a kubeconfig's current context names, if it is one. */
export function kindNameOf(kubeconfig: string): string | undefined {
  const context = spawnSync('kubectl', ['config', 'current-context', '--kubeconfig', kubeconfig], { encoding: 'utf8' }).stdout.trim();
  return context.startsWith('kind-') ? context.slice('kind-'.length) : undefined;
}

/** All in one call: layers that images share travel once. */
export async function loadImages(cluster: string, images: readonly string[]): Promise<void> {
  await run('kind', ['load', 'docker-image', ...images, '--name', cluster], { timeoutMs: 600_000 });
}
