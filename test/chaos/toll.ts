import { setTimeout as sleep } from 'node:timers/promises';
import { connectToCluster } from '../../webhook/kube.ts';
import type { Created } from '../e2e/burst.ts';
import type { KubeObject } from '../e2e/kubectl.ts';
import { annotated } from '../e2e/policy-objects.ts';
import { until } from '../e2e/until.ts';

/**
 * What became of a pod. `refused` is the policies' own, clear word to one that asks; `away` is an apiserver that gives no
 * answer, or one that has nothing to do with us: while it starts, it refuses whom its RBAC does not know yet, and says
 * that it is not ready. A controller tries both again. `wrong` is any other word of ours, and a sidecar nobody asked for.
 */
type Fate = 'right' | 'naked' | 'refused' | 'away' | 'wrong';

export interface Toll {
  readonly total: number;
  /** Whose fate was this one, with what was said of it. */
  of(fate: Fate): [name: string, said: string][];
  /** All that is neither injected nor rightly left alone. */
  failures(): [name: string, said: string][];
}

/** The toll of creations over a time. */
export interface Burst extends Toll {
  readonly began: Date;
}

/** At once, as from a controller manager that is busy. */
const WORKERS = 4;
/** Between two of one worker: what is measured is faults, and the machine has other things to do. */
const PAUSE_MS = 50;
const IN_A_ROW = 40;
/** The policy's word where the webhook is away. */
export const REFUSAL = /has annotation mcp-sluice\.dev\/inject: "true" but not the sidecar .*The webhook did not answer/;

export const isAsking = ({ name }: Created): boolean => name.startsWith('asks-');

/** Annotated and unannotated pods by turns. */
export function mixed(namespace: string, count: number, from = 0): KubeObject[] {
  return Array.from({ length: count }, (_, at) => pod(namespace, from + at));
}

export function tollOf(created: readonly Created[]): Toll {
  const fates = created.map((each) => ({ fate: fateOf(each), said: [each.name, saidOf(each)] as [string, string] }));
  const of = (isWanted: (fate: Fate) => boolean) => fates.filter(({ fate }) => isWanted(fate)).map(({ said }) => said);
  return { total: created.length, of: (wanted) => of((fate) => fate === wanted), failures: () => of((fate) => fate !== 'right') };
}

/**
 * Creates pods, as dry runs, from before `work` begins until after it ended, and a little longer; what became of all.
 *
 * @throws what `work` throws, and then the fate of the pods is in its message.
 */
export async function whileCreating(namespace: string, work: (soFar: () => Toll) => Promise<unknown>): Promise<Burst> {
  const began = new Date();
  const api = connectToCluster({ timeoutMs: 30_000 });
  const created: Created[] = [];
  let next = 0;
  let last = Number.POSITIVE_INFINITY;
  const soFar = () => tollOf(created);
  async function create(): Promise<void> {
    while (next < last) {
      const object = pod(namespace, next++);
      const [name, beganMs] = [object.metadata.name as string, performance.now()];
      const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
      const { status, body } = await api.ask('POST', path, object).catch((error: unknown) => ({ status: 0, body: String(error) }));
      created.push({ name, status, body: parsed(body), durationMs: performance.now() - beganMs });
      await sleep(PAUSE_MS);
    }
  }
  const workers = Array.from({ length: WORKERS }, create);
  try {
    await work(soFar);
  } catch (error) {
    const [first] = soFar().failures();
    throw new Error(`${String(error)}; of ${created.length} pods ${soFar().failures().length} failed: ${first}`, { cause: error });
  } finally {
    last = next + 10 * WORKERS;
    await Promise.all(workers);
  }
  return { ...soFar(), began };
}

/** Waits until the last creations, one for another, came out right. */
export async function untilWell(soFar: () => Toll): Promise<void> {
  let seen = soFar();
  await until(
    `${IN_A_ROW} creations in a row that are right`,
    async () => {
      const now = soFar();
      if (now.failures().length > seen.failures().length) seen = now;
      return now.total - seen.total >= IN_A_ROW;
    },
    { timeoutMs: 180_000, everyMs: 1000 },
  );
}

function pod(namespace: string, at: number): KubeObject {
  return at % 2 === 0 ? annotated({ namespace, name: `asks-${at}` }) : annotated({ namespace, name: `plain-${at}` }, {});
}

function fateOf(created: Created): Fate {
  const { status, body } = created;
  const asks = isAsking(created);
  if (status === 201) {
    const hasSidecar = body.spec.initContainers?.[0].name === 'mcp-sluice';
    if (hasSidecar === asks) return 'right';
    return asks ? 'naked' : 'wrong';
  }
  if (asks && REFUSAL.test(saidOf(created))) return 'refused';
  return status !== 0 && /mcp-sluice/.test(saidOf(created)) ? 'wrong' : 'away';
}

function saidOf({ status, body }: Created): string {
  return status === 201 ? 'created' : `${status} ${body.message}`;
}

/** An apiserver that is shutting down may answer in plain text. */
function parsed(body: string): KubeObject {
  try {
    return JSON.parse(body);
  } catch {
    return { message: body };
  }
}
