import { runCheck } from '../../../src/cli/check.ts';
import type { KubeObject } from '../../../webhook/kube-api.ts';
import type { FakeCluster } from './fake-cluster.ts';
import { type Ran, runWith } from './run.ts';

export const NOW_MS = Date.UTC(2026, 10, 21);

export interface Checked {
  readonly check: string;
  readonly state: string;
  readonly message: string;
  readonly remedy?: string;
}

/** `mcp-sluice check` on a cluster that is only told. */
export const check = (cluster: FakeCluster, ...argv: string[]): Promise<Ran> => checkAt(NOW_MS, cluster, ...argv);
export const checkAt = (nowMs: number, cluster: FakeCluster, ...argv: string[]): Promise<Ran> =>
  runWith((given, io) => runCheck(given, { ...io, nowMs: () => nowMs }, async () => ({ api: cluster, namespace: 'tools' })), argv);

export async function outcomes(cluster: FakeCluster, ...argv: string[]) {
  const { code, out } = await check(cluster, '-o', 'json', ...argv);
  const { checks, summary } = JSON.parse(out) as { checks: Checked[]; summary: Record<string, unknown> };
  return { code, summary, checks, notOk: checks.filter(({ state }) => state !== 'ok') };
}

export const found = async (cluster: FakeCluster): Promise<string[]> =>
  (await outcomes(cluster)).notOk.map(({ check: name, state }) => `${name}: ${state}`);

/** An object with a text of its JSON replaced. */
export function edited(object: KubeObject | undefined, what: string, by: string): KubeObject {
  return JSON.parse(JSON.stringify(object).replace(what, by)) as KubeObject;
}
