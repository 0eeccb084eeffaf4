import { beforeAll, describe, expect, it } from 'vitest';
import { type Created, createPods, numbered } from '../e2e/burst.ts';
import { sampleOf } from '../e2e/cluster.ts';
import { SYSTEM } from '../e2e/install.ts';
import { type KubeObject, kubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { ours, RESTRICTED } from '../e2e/objects.ts';
import { annotated } from '../e2e/policy-objects.ts';
import { apiserverMetrics, webhookMetrics, webhookPods } from '../e2e/webhook-pods.ts';

const namespace = 'e2e-18';
const ignored = 'e2e-18-ignored';
const CREATIONS = 3000;
/** As many as a controller manager makes at once, and more. */
const CONCURRENCY = 16;
const MEMORY_BYTES = 160_000_000;
/** Of the webhook's own time, in seconds: what 99 % are to be within on a machine of two cores that does nothing else. */
const BOUND = '0.02';
const DURATION = 'mcp_sluice_webhook_review_duration_seconds';

const ourRequests = async (): Promise<number> =>
  sampleOf(await apiserverMetrics(), 'apiserver_admission_webhook_request_total', 'name="inject.mcp-sluice.dev"');
const total = (metrics: readonly string[], name: string, ...labels: readonly string[]): number =>
  metrics.reduce((sum, each) => sum + sampleOf(each, name, ...labels), 0);

describe('load', () => {
  useNamespaces({ [namespace]: {}, [ignored]: {} });
  beforeAll(() => kubectl(['label', 'namespace', ignored, 'mcp-sluice.dev/webhook=ignore']));

  it('[e2e:zero-calls] the apiserver asks nothing of us for 1,000 unannotated pods, by its own count', async () => {
    const before = await ourRequests();
    const plain = numbered(1000, (name) => annotated({ namespace, name }, {}), 'plain');
    const created = await createPods({ objects: plain, concurrency: CONCURRENCY, isDryRun: true });
    expect(created.filter(({ status }) => status !== 201)).toEqual([]);
    expect((await ourRequests()) - before).toBe(0);
    // The count is one that counts: the same pods with an annotation.
    const asked = numbered(10, (name) => annotated({ namespace, name }), 'asked');
    await createPods({ objects: asked, concurrency: 1, isDryRun: true });
    expect((await ourRequests()) - before).toBeGreaterThanOrEqual(10);
  });

  it('[e2e:zero-calls] nor for what asks as a mirror pod, or in our own namespace', async () => {
    const before = await ourRequests();
    const mirror = { ...ours({ inject: 'true' }), 'kubernetes.io/config.mirror': 'x' };
    const mirrors = numbered(50, (name) => onNode(annotated({ namespace, name }, mirror)), 'mirror');
    const own = numbered(50, (name) => restricted(annotated({ namespace: SYSTEM, name })), 'own');
    const created = await createPods({ objects: [...mirrors, ...own], concurrency: CONCURRENCY, isDryRun: true });
    expect(created.filter(({ status }) => status !== 201).map(({ name, body }) => [name, body.message])).toEqual([]);
    expect(created.filter(isInjected)).toEqual([]);
    expect((await ourRequests()) - before).toBe(0);
    // Neither is it the node's name, nor the security context, that keeps them from us.
    const asking = [onNode(annotated({ namespace, name: 'placed' })), restricted(annotated({ namespace, name: 'secured' }))];
    const asked = await createPods({ objects: asking, concurrency: 1, isDryRun: true });
    expect(asked.map(isInjected)).toEqual([true, true]);
    expect((await ourRequests()) - before).toBeGreaterThanOrEqual(2);
  });

  it('[e2e:load] 3,000 creations at full speed: each is injected in time, by one review and in little memory; its time is told', async () => {
    const make = (where: string) => numbered(CREATIONS, (name) => annotated({ namespace: where, name }), 'load');
    const run = async (where: string) => {
      const beganMs = performance.now();
      const created = await createPods({ objects: make(where), concurrency: CONCURRENCY, isDryRun: true });
      return { created, tookMs: performance.now() - beganMs };
    };
    // Whoever opted out meets neither webhook nor policies.
    const without = await run(ignored);
    const [before, failedBefore] = [await webhookMetrics(), await apiserverFailures()];
    const withUs = await run(namespace);
    const after = await webhookMetrics();

    expect(withUs.created.filter((each) => !isInjected(each)).map(({ status, body }) => [status, body.message])).toEqual([]);
    expect((await apiserverFailures()) - failedBefore).toBe(0);
    const grown = (name: string, ...labels: string[]) => total(after, name, ...labels) - total(before, name, ...labels);
    expect(grown('mcp_sluice_webhook_review_failures_total')).toBe(0);
    const reviews = grown(`${DURATION}_count`);
    const within = (le: string) => grown(`${DURATION}_bucket`, `le="${le}"`);
    const times = boundsOf(after).map((le) => ({ le: Number(le), count: within(le) }));
    const memories = after.map((each) => sampleOf(each, 'process_resident_memory_bytes'));
    process.stderr.write(
      `e2e: ${CREATIONS} creations, ${CONCURRENCY} at once: ${Math.round(withUs.tookMs)} ms with the webhook, ` +
        `${Math.round(without.tookMs)} ms without it, ratio ${(withUs.tookMs / without.tookMs).toFixed(2)}; ` +
        `the webhook's own time in ${reviews} reviews: mean ${((grown(`${DURATION}_sum`) / reviews) * 1000).toFixed(2)} ms, ` +
        `p50 ${quantileMs(0.5, times)} ms, p99 ${quantileMs(0.99, times)} ms, ${((within(BOUND) / reviews) * 100).toFixed(2)} % within ${BOUND} s; ` +
        `client's p99 ${p99(withUs.created)} ms with, ${p99(without.created)} ms without; ` +
        `its CPU time ${((grown('process_cpu_seconds_total') / reviews) * 1000).toFixed(2)} ms for each review; ` +
        `memory ${memories.map((bytes) => Math.round(bytes / 1e6)).join(' and ')} MB\n`,
    );
    // One review each: nothing that the apiserver does to an injected pod has it ask again. A few may be of the cluster's own.
    expect(reviews).toBeGreaterThanOrEqual(CREATIONS);
    expect(reviews).toBeLessThan(CREATIONS * 1.01);
    // How fast is told above and asserted nowhere, as the machine is shared; that none was near its deadline is.
    expect(within('2.5')).toBe(reviews);
    for (const memory of memories) expect(memory).toBeLessThan(MEMORY_BYTES);
    expect((await webhookPods()).map(({ status }) => status.containerStatuses[0].lastState?.terminated?.reason)).not.toContain('OOMKilled');
  });
});

/** As a mirror pod has to be; of a node that is not there, so that nobody would run it. */
function onNode(pod: KubeObject): KubeObject {
  return { ...pod, spec: { ...pod.spec, nodeName: 'nowhere' } };
}

/** As Pod Security has it in our own namespace. */
function restricted(pod: KubeObject): KubeObject {
  return {
    ...pod,
    spec: { ...pod.spec, containers: pod.spec.containers.map((each: KubeObject) => ({ ...each, securityContext: RESTRICTED })) },
  };
}

/** Calls that ended without an answer of ours: timeouts, above all. */
async function apiserverFailures(): Promise<number> {
  return sampleOf(await apiserverMetrics(), 'apiserver_admission_webhook_fail_open_count', 'name="inject.mcp-sluice.dev"');
}

function isInjected({ status, body }: Created): boolean {
  return status === 201 && body.spec.initContainers?.[0].name === 'mcp-sluice';
}

/** The upper bounds of the histogram's buckets but for the last, ascending. */
function boundsOf([metrics = '']: readonly string[]): string[] {
  const bounds = [...metrics.matchAll(new RegExp(`^${DURATION}_bucket\\{le="([0-9.]+)"`, 'gm'))].map(([, le]) => le ?? '');
  return bounds.toSorted((a, b) => Number(a) - Number(b));
}

/** As Prometheus' histogram_quantile: evenly spread within a bucket; at most the last bound. */
function quantileMs(quantile: number, buckets: readonly { readonly le: number; readonly count: number }[]): string {
  const rank = quantile * (buckets.at(-1)?.count ?? 0);
  const at = buckets.findIndex(({ count }) => count >= rank);
  const [below, here] = [buckets[at - 1] ?? { le: 0, count: 0 }, buckets[at] ?? { le: 0, count: 0 }];
  const share = here.count === below.count ? 1 : (rank - below.count) / (here.count - below.count);
  return ((below.le + (here.le - below.le) * share) * 1000).toFixed(1);
}

function p99(created: readonly Created[]): number {
  const sorted = created.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0);
}
