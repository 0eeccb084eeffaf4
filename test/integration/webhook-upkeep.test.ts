import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { kubePaths } from '../../webhook/kube-api.ts';
import {
  ask,
  caBundle,
  createCluster,
  IMAGE,
  reviewOf,
  SYSTEM,
  servedCertificate,
  startTestWebhook,
  untilReady,
} from '../support/test-webhook.ts';

const configuration = kubePaths.webhookConfiguration('mcp-sluice');
const secret = kubePaths.secret(SYSTEM, 'mcp-sluice-webhook-certificate');
const images = kubePaths.configMap(SYSTEM, 'mcp-sluice-images');

/** On a machine that is busy with other things, too. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

describe('what the webhook keeps true', () => {
  it('[webhook:readyz] is not ready before the caBundle is published, and says what is missing', async () => {
    const kube = createCluster();
    const there = kube.objects.get(configuration);
    kube.objects.delete(configuration);
    const webhook = await startTestWebhook(kube);
    await eventually(async () => (await ask(webhook, '/readyz', { insecure: true })).text).toMatch(/^ca-bundle: .*is not there\n/);
    expect((await ask(webhook, '/healthz', { insecure: true })).status).toBe(200);
    kube.put(configuration, there ?? {});
    await untilReady(webhook);
    expect((await ask(webhook, '/readyz')).status).toBe(200);
    await webhook.webhook.stop();
  });

  it('[webhook:images] publishes its own image, and again when it was deleted', async () => {
    const webhook = await startTestWebhook();
    await untilReady(webhook);
    expect(webhook.kube.objects.get(images)).toMatchObject({ data: { current: IMAGE } });
    webhook.kube.objects.delete(images);
    await eventually(() => webhook.kube.objects.get(images)).toMatchObject({ data: { current: IMAGE } });
    await webhook.webhook.stop();
  });

  it('[webhook:ca-bundle] writes the caBundle again when GitOps took it away', async () => {
    const webhook = await startTestWebhook();
    await untilReady(webhook);
    const before = webhook.ca();
    const fresh = createCluster().objects.get(configuration);
    webhook.kube.put(configuration, fresh ?? {});
    await eventually(() => webhook.ca()).toBe(before);
    await webhook.webhook.stop();
  });

  it('[webhook:hot-swap] takes a new certificate without dropping a review, when the Secret was emptied', async () => {
    const kube = createCluster();
    const replicas = await Promise.all([startTestWebhook(kube, 'a'), startTestWebhook(kube, 'b')]);
    await Promise.all(replicas.map(untilReady));
    const [first, second] = replicas;
    const served = () => Promise.all([servedCertificate(first?.port ?? 0), servedCertificate(second?.port ?? 0)]);
    const before = await served();
    const statuses: number[] = [];
    let isOver = false;
    const burst = (async () => {
      while (!isOver) for (const replica of replicas) statuses.push((await ask(replica, '/mutate', { body: reviewOf() })).status);
    })();
    kube.put(secret, { ...kube.objects.get(secret), data: {} });
    await eventually(async () => (await served()).filter((each) => before.includes(each))).toEqual([]);
    isOver = true;
    await burst;
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(caBundle(kube).match(/BEGIN/g)).toHaveLength(2);
    await Promise.all(replicas.map(({ webhook }) => webhook.stop()));
  });
});

describe('the end of a replica', () => {
  it('[webhook:drain] is unready at once, serves on for a while, and asks each connection to go elsewhere', async () => {
    const webhook = await startTestWebhook(createCluster(), 'a', { leaveAfterMs: 500 });
    await untilReady(webhook);
    const stopped = webhook.webhook.stop();
    expect((await ask(webhook, '/readyz')).text).toBe('stopping\n');
    const answer = await ask(webhook, '/mutate', { body: reviewOf() });
    expect([answer.status, answer.headers['connection']]).toEqual([200, 'close']);
    await stopped;
    await expect(ask(webhook, '/healthz')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('[webhook:drain] finishes the review that is under way', async () => {
    const kube = createCluster();
    const webhook = await startTestWebhook(kube);
    await untilReady(webhook);
    const read = kube.read;
    let asked = false;
    Object.assign(kube, {
      read: async (path: string) => {
        if (path === kubePaths.namespace('shop')) {
          asked = true;
          await sleep(300);
        }
        return await read(path);
      },
    });
    const answer = ask(webhook, '/mutate', { body: reviewOf() });
    await eventually(() => asked).toBe(true);
    await webhook.webhook.stop();
    expect((await answer).status).toBe(200);
  });

  it('[webhook:deadline] gives up before the apiserver does, when a fact does not come', async () => {
    const kube = createCluster();
    const webhook = await startTestWebhook(kube);
    await untilReady(webhook);
    const read = kube.read;
    const never = new Promise<undefined>(() => undefined);
    Object.assign(kube, { read: (path: string) => (path === kubePaths.namespace('shop') ? never : read(path)) });
    expect((await ask(webhook, '/mutate', { body: reviewOf() })).status).toBe(500);
    expect((await ask(webhook, '/metrics')).text).toContain('mcp_sluice_webhook_review_failures_total{reason="deadline"} 1');
    await webhook.webhook.stop();
  });
});
