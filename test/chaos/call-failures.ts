import { sampleOf } from '../e2e/cluster.ts';
import { kubectl } from '../e2e/kubectl.ts';
import { until } from '../e2e/until.ts';
import { metricsOfReplica, webhookPods } from '../e2e/webhook-pods.ts';
import type { Burst } from './toll.ts';

/** Of apiserver/pkg/admission/plugin/webhook/mutating: what it logs of a call that failed, before it goes on without. */
const LINE = /failing open inject\.mcp-sluice\.dev: failed calling webhook "inject\.mcp-sluice\.dev": (.+)$/;
/** The call's own deadline passed. */
const LATE = /context deadline exceeded|Client\.Timeout/;
/** A 500 of the webhook: its words are the same for its own deadline and for a fault, its counters tell which it was. */
const UNJUDGED = /an error on the server/;
/** Of the pods of a burst: more than these are not for want of a processor. */
const LATE_SHARE = 0.01;

/** Reviews that a process of the webhook did not judge, since it began. */
interface Unjudged {
  readonly internal: number;
  readonly deadline: number;
}

/** By process: one that is restarted or replaced counts anew. */
export function unjudgedReviews(): Promise<ReadonlyMap<string, Unjudged>> {
  // A replica may go between being listed and being asked.
  return until('the counters of the webhook', async () => {
    const counted = (await webhookPods()).map(async (pod) => {
      const metrics = await metricsOfReplica(pod);
      const failures = (reason: string) => sampleOf(metrics, 'mcp_sluice_webhook_review_failures_total', `reason="${reason}"`);
      const process = `${pod.metadata.uid} ${pod.status.containerStatuses[0].restartCount}`;
      return [process, { internal: failures('internal'), deadline: failures('deadline') }] as const;
    });
    return new Map(await Promise.all(counted));
  });
}

/** Why calls of our webhook failed since then, in the apiserver's own words. */
async function callFailures(since: Date): Promise<string[]> {
  const log = await kubectl([
    ...['logs', '-n', 'kube-system', '-l', 'component=kube-apiserver', '--tail=-1', `--since-time=${since.toISOString()}`],
  ]);
  return log.split('\n').flatMap((line) => LINE.exec(line)?.[1] ?? []);
}

/**
 * What went wrong in a burst, none of which may: calls that found nobody or no certificate to trust, reviews at which the
 * webhook itself failed, and pods that came out wrong. A machine that has other things to do may keep one call in a
 * hundred from being answered in time; its pod was refused by the policies, and is told of, not held against a
 * certificate. Where the machine is idle there is none.
 *
 * `before` is what the replicas counted before the burst. A 500 is late as far as their deadlines account for it; those of
 * a replica that is gone by now do not.
 */
export async function faultsOf(burst: Burst, before: ReadonlyMap<string, Unjudged>): Promise<unknown[]> {
  const refused = burst.of('refused');
  const causes = await until('the cause of each refusal', async () => {
    const found = await callFailures(burst.began);
    return found.length >= refused.length && found;
  });
  const grown = await unjudgedSince(before);
  const late = causes.filter((cause) => LATE.test(cause));
  const unjudged = causes.filter((cause) => UNJUDGED.test(cause));
  const tooLate = late.length + Math.min(unjudged.length, grown.deadline);
  process.stderr.write(`e2e: ${burst.total} creations: ${burst.of('right').length} right, ${tooLate} calls answered too late\n`);
  return [
    ...burst.failures().filter(([name]) => !refused.some(([each]) => each === name)),
    ...causes.filter((cause) => !LATE.test(cause) && !UNJUDGED.test(cause)),
    ...unjudged.slice(grown.deadline),
    ...(grown.internal > 0 ? [`${grown.internal} reviews failed in the webhook itself`] : []),
    ...(tooLate > burst.total * LATE_SHARE ? [`${tooLate} of ${burst.total} calls were answered too late: ${late[0] ?? unjudged[0]}`] : []),
  ];
}

async function unjudgedSince(before: ReadonlyMap<string, Unjudged>): Promise<Unjudged> {
  const all = [...(await unjudgedReviews())];
  const grown = (reason: keyof Unjudged) => all.reduce((sum, [of, now]) => sum + now[reason] - (before.get(of)?.[reason] ?? 0), 0);
  return { internal: grown('internal'), deadline: grown('deadline') };
}
