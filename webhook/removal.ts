import { setTimeout as sleep } from 'node:timers/promises';
import { INJECTED_LABEL, RUNNING_PODS } from '../src/inject/names.ts';
import { CERT_MANAGER, certManager, type Installed, namespace, policies, registrations, remainder } from './installation.ts';
import { type KubeApi, KubeError } from './kube-api.ts';
import { pages } from './pod-sweep.ts';

/** Something with a finalizer of somebody else goes when that is done. */
const GONE_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 200;
/** An apiserver takes up what became of policies once a second (k8s.io/apiserver, policy_source.go); twice that. */
const FORGOTTEN_AFTER_MS = 2_000;
const PODS_A_PAGE = 500;

export interface Uninstalled {
  readonly removed: readonly Installed[];
  /** Where that is why something is left. */
  readonly failure?: string;
  /** Running pods with a sidecar of ours; undefined where they cannot be listed. */
  readonly injectedPods?: number;
}

export interface UninstallTiming {
  readonly goneWithinMs?: number;
  readonly pause?: (ms: number) => Promise<void>;
}

/** Removes all of it; where something cannot be removed, nothing that comes after it. */
export async function uninstall(
  api: KubeApi,
  { goneWithinMs = GONE_WITHIN_MS, pause = sleep }: UninstallTiming = {},
): Promise<Uninstalled> {
  const removed: Installed[] = [];
  async function remove(all: readonly Installed[]): Promise<number> {
    const before = removed.length;
    for (const each of all) if (await api.remove(each.path)) removed.push(each);
    return removed.length - before;
  }
  async function untilGone(objects: readonly Installed[]): Promise<void> {
    const endMs = performance.now() + goneWithinMs;
    for (const { kind, name, path } of objects) {
      while ((await api.read(path)) !== undefined) {
        if (performance.now() > endMs)
          throw new Error(`${kind} ${name} is still there after ${goneWithinMs / 1000} s; the rest was left as it is`);
        await pause(LOOK_EVERY_MS);
      }
    }
  }
  try {
    // As long as a policy refuses naked pods the webhook must be asked for them.
    if ((await remove(policies)) > 0) {
      await untilGone(policies);
      await pause(FORGOTTEN_AFTER_MS);
    }
    await remove(registrations);
    await untilGone(registrations);
    await remove(await certificates(api));
    await remove(remainder);
    if (await isOurs(api)) await remove([namespace]);
  } catch (error) {
    return { removed, failure: messageOf(error), ...(await countPods(api)) };
  }
  return { removed, ...(await countPods(api)) };
}

/** What `uninstall` would remove. */
export async function findInstalled(api: KubeApi): Promise<Uninstalled> {
  const found: Installed[] = [];
  try {
    for (const each of [...policies, ...registrations, ...(await certificates(api)), ...remainder])
      if ((await api.read(each.path)) !== undefined) found.push(each);
    if (await isOurs(api)) found.push(namespace);
  } catch (error) {
    return { removed: found, failure: messageOf(error) };
  }
  return { removed: found, ...(await countPods(api)) };
}

/** Not asked for where nobody serves them: whoever may not touch them is told 403 there, and not that there are none. */
async function certificates(api: KubeApi): Promise<readonly Installed[]> {
  return (await api.read(CERT_MANAGER)) === undefined ? [] : certManager;
}

/** One that is on its way out needs no second word. */
async function isOurs(api: KubeApi): Promise<boolean> {
  const { labels, deletionTimestamp } = (await api.read(namespace.path))?.metadata ?? {};
  return labels?.['app.kubernetes.io/name'] === 'mcp-sluice' && deletionTimestamp === undefined;
}

async function countPods(api: KubeApi): Promise<Pick<Uninstalled, 'injectedPods'>> {
  const query = { limit: PODS_A_PAGE, labelSelector: INJECTED_LABEL, fieldSelector: RUNNING_PODS, isMetadataOnly: true };
  let injectedPods = 0;
  try {
    for await (const _ of pages(api, query)) injectedPods++;
  } catch {
    return {};
  }
  return { injectedPods };
}

/** For a person. */
export function messageOf(error: unknown): string {
  if (error instanceof KubeError && error.status === 403) return `the right is missing: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
