import { setTimeout as sleep } from 'node:timers/promises';
import { type Created, createPods, numbered } from './burst.ts';
import type { KubeObject } from './kubectl.ts';
import { annotated } from './policy-objects.ts';

const PAUSE_MS = 250;

/** Creates annotated and plain pods, in dry runs, from before some work until after it; how each creation ended. */
export async function burstDuring(namespace: string, work: () => Promise<unknown>): Promise<Created[]> {
  const asks = numbered(5, (name) => annotated({ namespace, name }), 'asks');
  const plain = numbered(5, (name) => annotated({ namespace, name }, {}), 'plain');
  const burst = () => createPods({ objects: [...asks, ...plain], concurrency: 2, isDryRun: true });
  const created = await burst();
  let isOver = false;
  const working = work().finally(() => {
    isOver = true;
  });
  // Awaited below; a failure while a burst is on its way must not be an unhandled one.
  working.catch(() => undefined);
  while (!isOver) {
    created.push(...(await burst()));
    // Not at full speed: what is to happen meanwhile needs the processors as well.
    await sleep(PAUSE_MS);
  }
  await working;
  created.push(...(await burst()));
  return created;
}

/** What of a burst is not as it should be, in words. */
export function faultsOf(created: readonly Created[]): string[] {
  return created.flatMap((each) => {
    const asks = each.name.startsWith('asks-');
    if (each.status !== 201) return [`${asks ? 'refused' : 'PLAIN AND REFUSED'}: ${each.body.message}`];
    if (asks === hasSidecar(each.body)) return [];
    return [asks ? 'NAKED' : 'PLAIN AND INJECTED'];
  });
}

const hasSidecar = ({ spec }: KubeObject): boolean => spec.initContainers?.[0].name === 'mcp-sluice';
