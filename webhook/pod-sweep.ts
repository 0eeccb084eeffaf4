import type { Facts } from '../src/inject/facts.ts';
import { INJECT_KEY, INJECTED_LABEL, RUNNING_PODS, SIDECAR } from '../src/inject/names.ts';
import { type PodState, standingOf, type Today } from '../src/inject/standing.ts';
import { PREFIX } from '../src/lib/prefix.ts';
import { ownAnnotations } from '../src/settings/own-annotations.ts';
import { type KubeApi, KubeError, type KubeObject, kubePaths, type PageQuery } from './kube-api.ts';

/** A pod is some 10 KiB of JSON: a page is parsed in a few milliseconds, and a review may wait that long. */
const PODS_A_PAGE = 50;
/** Of metadata alone, some 2 KiB each. */
const METADATA_A_PAGE = 200;
const SHRINK_BY = 5;
/** Beyond these, numbers alone. */
const MAX_FINDINGS = 200;
/** In which a sidecar that starts, or restarts, is expected not to be ready. */
const PATIENCE_MS = 60_000;

export type Counted = PodState | 'unready';

export interface Finding {
  readonly what: Exclude<Counted, 'fresh' | 'stale'>;
  readonly reason: string;
  readonly pod: KubeObject;
}

export interface Report {
  readonly counts: Readonly<Record<Counted, number>>;
  /** The first of those that somebody should look at. */
  readonly findings: readonly Finding[];
  /** Pods in order that have remote entries; of these the sidecar alone knows what they lack, and is ready all the same. */
  readonly withEntries: readonly KubeObject[];
}

export interface SweepOptions {
  readonly api: Pick<KubeApi, 'list' | 'read'>;
  /** All but the namespace, which is each pod's own. */
  readonly today: Omit<Today, 'namespace'>;
  /** Asked once for each; undefined for those that neither webhook nor policies look at. */
  readonly namespace: (name: string) => Promise<Pick<Facts['namespace'], 'annotations'> | undefined>;
  readonly clock: () => number;
}

interface PodStatus {
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly startTime?: string;
}
interface ContainerStatus {
  readonly name?: string;
  readonly ready?: boolean;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: { readonly startedAt?: string };
  };
}

/**
 * All running pods of ours, page by page. Those with our label are read whole; of all others, which may be ten thousand,
 * the metadata alone, and whole only those whose annotation asks for a sidecar.
 *
 * @throws KubeError; 403 where the right to list pods was not given.
 */
export async function sweepPods({ api, today, namespace, clock }: SweepOptions): Promise<Report> {
  const counts = { fresh: 0, stale: 0, naked: 0, forged: 0, unready: 0 };
  const findings: Finding[] = [];
  const withEntries: KubeObject[] = [];
  const namespaces = new Map<string, Awaited<ReturnType<SweepOptions['namespace']>>>();

  async function namespaceOf({ metadata }: KubeObject): Promise<Pick<Facts['namespace'], 'annotations'> | undefined> {
    const name = metadata?.namespace ?? '';
    if (!namespaces.has(name)) {
      const found = await namespace(name);
      // Of what may be thousands of namespaces, what counts.
      namespaces.set(name, found && { annotations: ownAnnotations(found.annotations) });
    }
    return namespaces.get(name);
  }
  function note(what: Counted, reason: string, pod: KubeObject): void {
    counts[what]++;
    if (what !== 'fresh' && what !== 'stale' && findings.length < MAX_FINDINGS) findings.push({ what, reason, pod: briefly(pod) });
  }
  async function judge(pod: KubeObject): Promise<void> {
    if (pod.metadata?.deletionTimestamp !== undefined) return;
    const home = await namespaceOf(pod);
    const standing = home && standingOf(pod, { ...today, namespace: home });
    if (standing === undefined) return;
    note(standing.state, standing.reason, pod);
    const trouble = standing.state === 'fresh' || standing.state === 'stale' ? troubleOf(pod, clock()) : undefined;
    if (trouble !== undefined) note('unready', trouble, pod);
    else if (pod.metadata?.annotations?.[`${PREFIX}remote-entries`] !== undefined && withEntries.length < MAX_FINDINGS)
      withEntries.push(briefly(pod));
  }

  const labelled = { labelSelector: INJECTED_LABEL, fieldSelector: RUNNING_PODS, limit: PODS_A_PAGE };
  for await (const pod of pages(api, labelled)) await judge(pod);
  const others = { labelSelector: `!${INJECTED_LABEL}`, fieldSelector: RUNNING_PODS, limit: METADATA_A_PAGE, isMetadataOnly: true };
  for await (const candidate of pages(api, others)) {
    const { annotations, namespace: where = '', name = '', deletionTimestamp } = candidate.metadata ?? {};
    if (annotations?.[INJECT_KEY] !== 'true' || deletionTimestamp !== undefined) continue;
    if ((await namespaceOf(candidate)) === undefined) continue;
    if (findings.length >= MAX_FINDINGS) {
      counts.naked++;
      continue;
    }
    const pod = await api.read(kubePaths.pod(where, name));
    if (pod !== undefined) await judge(pod);
  }
  return { counts, findings, withEntries };
}

/** What an Event needs: whole pods of a megabyte each would not fit into our memory. */
function briefly({ metadata = {}, ...pod }: KubeObject): KubeObject {
  const { name, namespace, uid, ownerReferences } = metadata;
  const { podIP } = (pod['status'] ?? {}) as { podIP?: unknown };
  return { metadata: { name, namespace, uid, ownerReferences } as KubeObject['metadata'], status: { podIP } } as KubeObject;
}

type Query = Omit<PageQuery, 'from'>;

/** A page that is too large or too slow is asked for again in smaller ones, and so are those after it. */
export async function* pages(api: Pick<KubeApi, 'list'>, { limit: most, ...query }: Query): AsyncGenerator<KubeObject> {
  let from: string | undefined;
  let limit = most;
  do {
    try {
      const page = await api.list(kubePaths.pods, { ...query, limit, ...(from !== undefined && from !== '' && { from }) });
      yield* page.items;
      from = page.next;
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 0) || limit < SHRINK_BY) throw error;
      limit = Math.floor(limit / SHRINK_BY);
      from ??= '';
    }
  } while (from !== undefined);
}

/** What the kubelet says of a sidecar that has not been ready for a while; empty where only the sidecar knows. */
function troubleOf(pod: KubeObject, nowMs: number): string | undefined {
  const { initContainerStatuses = [], startTime = '' } = (pod['status'] as PodStatus | undefined) ?? {};
  const status = initContainerStatuses.find(({ name }) => name === SIDECAR);
  const sinceMs = Date.parse(status?.state?.running?.startedAt ?? startTime);
  if (status === undefined || status.ready === true || !(nowMs - sinceMs > PATIENCE_MS)) return undefined;
  const { reason = '', message = '' } = status.state?.waiting ?? {};
  return [reason, message].filter((part) => part !== '').join(': ');
}
