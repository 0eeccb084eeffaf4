import type { Logger } from 'pino';
import type { Facts } from '../src/inject/facts.ts';
import { createEventSender, type EventReason } from './event-sender.ts';
import type { FactsSource } from './facts.ts';
import type { Images } from './judge.ts';
import { type KubeApi, KubeError, type KubeObject } from './kube-api.ts';
import type { Metrics } from './metrics.ts';
import { SYSTEM_NAMESPACE } from './names.ts';
import { type Finding, sweepPods } from './pod-sweep.ts';
import { listReplicas } from './replicas.ts';
import { askSidecar, plainText } from './sidecar-detail.ts';
import { topOwnerOf } from './top-owner.ts';

const REPORT_EVERY_MS = 5 * 60_000;
/** Replicas that are replaced more often than that would never report else. */
const FIRST_REPORT_MS = 60_000;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
/** Of sidecars that are asked, one by one, what they wait for; and of those with remote entries, which take turns. */
const MAX_ASKED = 20;
const REASONS: Readonly<Record<Finding['what'], EventReason>> = {
  naked: 'SidecarMissing',
  forged: 'SidecarForged',
  unready: 'SidecarNotReady',
};

export interface ReporterOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly podName: string;
  readonly source: Pick<FactsSource, 'namespace'>;
  /** Undefined until our own image is known. */
  readonly images: () => Images | undefined;
  /** The cluster's, as annotations. */
  readonly defaults: Facts['defaults'];
  readonly clock: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly everyMs?: number;
  readonly ask?: typeof askSidecar;
}

export interface Reporter {
  stop(): void;
}

/**
 * Looks every few minutes which running pods are stale, naked or forged, or have a sidecar that is not ready, for metrics
 * and for Events on their owners. One replica does: the first ready one by name; should two take themselves for it,
 * their Events have one name. It has nothing to do with reviews, so a dry run makes none, and what a denial said
 * Kubernetes itself puts on the ReplicaSet. Without the right to list pods there is no report, and nothing else changes.
 */
export function startReporter(options: ReporterOptions): Reporter {
  const { api, namespace, podName, source, images, defaults, clock, log, metrics, everyMs = REPORT_EVERY_MS, ask = askSidecar } = options;
  const events = createEventSender({
    ...{ api, instance: podName, clock },
    onFate(reason, fate, error) {
      metrics.eventHandled(reason, fate);
      if (error !== undefined) log.warn({ err: error, reason }, 'an Event could not be sent');
    },
  });
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let turn = 0;

  async function isFirst(): Promise<boolean> {
    const [first] = (await listReplicas(api, namespace)).filter(({ isReady }) => isReady);
    return first?.name === podName;
  }

  async function judgedNamespace(name: string): Promise<Facts['namespace'] | undefined> {
    if (name === 'kube-system' || name === SYSTEM_NAMESPACE || name === namespace) return undefined;
    try {
      const found = await source.namespace(name);
      return found.labels['mcp-sluice.dev/webhook'] === 'ignore' ? undefined : found;
    } catch (error) {
      // Gone since its pods were listed.
      if (error instanceof KubeError && error.status === NOT_FOUND) return undefined;
      throw error;
    }
  }

  async function report(): Promise<void> {
    const current = images();
    if (current === undefined || !(await isFirst())) return metrics.reported(undefined);
    const sweep = { api, today: { ...current, defaults }, namespace: judgedNamespace, clock };
    const { counts, findings, withEntries } = await sweepPods(sweep);
    metrics.reported({ counts, atMs: clock() });
    let asked = 0;
    for (const finding of findings) {
      if (isStopped) return;
      const isAsked = finding.what === 'unready' && finding.reason === '' && asked++ < MAX_ASKED;
      await tell(finding, isAsked ? await ask(podIpOf(finding.pod)) : undefined);
    }
    await askAboutEntries(withEntries);
    await events.settled();
  }

  /** A missing Secret fails one entry and not the pod, so that nobody else would say a word about it. */
  async function askAboutEntries(pods: readonly KubeObject[]): Promise<void> {
    for (let asked = 0; asked < Math.min(MAX_ASKED, pods.length) && !isStopped; asked++) {
      const pod = pods[turn++ % pods.length] as KubeObject;
      const lacking = await ask(podIpOf(pod));
      if (lacking !== undefined) await send('RemoteEntryLacking', pod, lacking);
    }
  }

  async function tell({ what, reason, pod }: Finding, detail: string | undefined): Promise<void> {
    const why = what === 'unready' ? `its sidecar is not ready: ${plainText(detail ?? reason) || 'see its /readyz'}` : plainText(reason);
    await send(REASONS[what], pod, why);
  }

  async function send(reason: EventReason, pod: KubeObject, why: string): Promise<void> {
    const { name = '', uid = '', namespace: where = '' } = pod.metadata ?? {};
    const owner = await topOwnerOf(api, pod);
    events.send({
      reason,
      note: `pod ${name}: ${why}`,
      owner,
      pod: { apiVersion: 'v1', kind: 'Pod', name, namespace: where, uid },
    });
  }

  async function look(): Promise<void> {
    try {
      await report();
    } catch (error) {
      // Old numbers would be taken for new ones.
      metrics.reported(undefined);
      if (error instanceof KubeError && error.status === FORBIDDEN) log.debug('no report: the right to list pods was not given');
      else log.warn({ err: error }, 'no report this time');
    }
    schedule(everyMs);
  }

  function schedule(afterMs: number): void {
    if (!isStopped) timer = setTimeout(look, afterMs);
  }

  // Not at once: a replica that starts has better things to do.
  schedule(Math.min(everyMs, FIRST_REPORT_MS));
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

function podIpOf(pod: KubeObject): string {
  return (pod['status'] as { podIP?: string } | undefined)?.podIP ?? '';
}
