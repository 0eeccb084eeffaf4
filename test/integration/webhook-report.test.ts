import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { KubeError, type KubeObject, kubePaths } from '../../webhook/kube-api.ts';
import { askSidecar } from '../../webhook/sidecar-detail.ts';
import { ask, createCluster, podOf, reviewOf, SYSTEM, startTestWebhook, type TestWebhook, untilReady } from '../support/test-webhook.ts';

const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });
const naked: KubeObject = {
  metadata: { name: 'cart', namespace: 'shop', uid: 'u-cart', annotations: { 'mcp-sluice.dev/inject': 'true' } },
  spec: { containers: [{ name: 'app' }] },
};
const eventsIn = ({ kube }: TestWebhook) => [...kube.objects].filter(([path]) => path.includes('/events/')).map(([, event]) => event);

describe('the report of a running webhook', () => {
  const started: TestWebhook[] = [];
  const start = async (kube = createCluster(), name = 'a') => {
    const webhook = await startTestWebhook(kube, name, { reportEveryMs: 50 });
    started.push(webhook);
    await untilReady(webhook);
    const pod = podOf(name, webhook.port) as { status: object };
    const conditions = [{ type: 'Ready', status: 'True' }];
    kube.put(kubePaths.pod(SYSTEM, name), { ...pod, status: { ...pod.status, conditions } });
    return webhook;
  };
  const pods = async (webhook: TestWebhook) => (await ask(webhook, '/metrics')).text.match(/^mcp_sluice_webhook_(pods|report).*$/gm) ?? [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map(({ webhook }) => webhook.stop()));
  });

  it('[report:one-replica] is made by one replica, and by the next when that one is gone', async () => {
    const kube = createCluster();
    kube.put(kubePaths.pod('shop', 'cart'), naked);
    const [a, b] = [await start(kube, 'a'), await start(kube, 'b')];
    await eventually(() => pods(a)).toContain('mcp_sluice_webhook_pods{state="naked"} 1');
    await eventually(() => pods(b)).toEqual([]);
    kube.objects.delete(kubePaths.pod(SYSTEM, 'a'));
    await eventually(() => pods(b)).toContain('mcp_sluice_webhook_pods{state="naked"} 1');
    await eventually(() => pods(a)).toEqual([]);
    expect(eventsIn(a)).toHaveLength(1);
  });

  it('[report:states] leaves out a namespace that is opted out, and one that went away meanwhile', async () => {
    const kube = createCluster();
    kube.put(kubePaths.namespace('out'), { metadata: { name: 'out', labels: { 'mcp-sluice.dev/webhook': 'ignore' } } });
    for (const namespace of ['out', 'gone', 'shop'])
      kube.put(kubePaths.pod(namespace, 'cart'), { ...naked, metadata: { ...naked.metadata, namespace } });
    const webhook = await start(kube);
    await eventually(() => pods(webhook)).toContain('mcp_sluice_webhook_pods{state="naked"} 1');
    expect(eventsIn(webhook)).toHaveLength(1);
  });

  it('[report:events] puts an Event on the owner, and none for what a review asked, dry run or not', async () => {
    const webhook = await start();
    const metadata = { name: 'denied', annotations: { 'mcp-sluice.dev/inject': 'true', 'mcp-sluice.dev/prot': '1' } };
    for (const dryRun of [true, false]) {
      const { text } = await ask(webhook, '/mutate', { body: reviewOf({ dryRun, object: { metadata, spec: {} } }) });
      expect(text).toContain('"allowed":false');
    }
    webhook.kube.put(kubePaths.pod('shop', 'cart'), naked);
    await eventually(() => eventsIn(webhook)).toMatchObject([
      { reason: 'SidecarMissing', regarding: { kind: 'Pod', uid: 'u-cart' }, note: 'pod cart: it asks for the sidecar and runs without' },
    ]);
    expect((await ask(webhook, '/metrics')).text).toContain('mcp_sluice_webhook_events_total{reason="SidecarMissing",fate="sent"} 1');
  });

  it('[report:optional] is not made without the right to list pods, and nothing else changes', async () => {
    const kube = createCluster();
    const { list } = kube;
    const refused = (path: string) => path === kubePaths.pods;
    let refusals = 0;
    Object.assign(kube, {
      list(path: string, query: Parameters<typeof list>[1]) {
        if (!refused(path)) return list(path, query);
        refusals++;
        return Promise.reject(new KubeError(403, 'forbidden'));
      },
    });
    const webhook = await start(kube);
    await eventually(() => refusals).toBeGreaterThan(2);
    expect(await pods(webhook)).toEqual([]);
    expect((await ask(webhook, '/readyz')).status).toBe(200);
    expect(webhook.lines.filter(({ level }) => Number(level) > 30).map(({ msg }) => msg)).not.toContain('no report this time');
  });
});

describe('what a sidecar says that it waits for', () => {
  async function answering(body: string): Promise<string | undefined> {
    const server = createServer((_request, response) => void response.writeHead(503).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await askSidecar('127.0.0.1', (server.address() as AddressInfo).port);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  it('[report:unready] is every check that does not hold', async () => {
    const checks = { configuration: 'ok', redis: 'Secret "login" has no password', upstream: 'does not accept' };
    expect(await answering(JSON.stringify({ ready: false, checks }))).toBe(
      'redis: Secret "login" has no password; upstream: does not accept',
    );
  });

  it.each<[string, string, string | undefined]>([
    ['no JSON', 'oops', undefined],
    ['null', 'null', undefined],
    ['checks that are no text', '{"checks":{"a":{"b":1}}}', undefined],
    ['nothing open', '{"checks":{"a":"ok"}}', undefined],
    ['control characters', '{"checks":{"a":"x\\n\\u001b[31my\\u202ez"}}', 'a: x [31my z'],
  ])('[report:bounded] is taken for text of anybody: %s', async (_what, body, wanted) => {
    expect(await answering(body)).toBe(wanted);
  });

  it('[report:bounded] is bounded, each and in all', async () => {
    expect((await answering(JSON.stringify({ checks: { a: 'x'.repeat(5000) } })))?.length).toBe(500);
    expect(await answering(JSON.stringify({ checks: { a: 'x'.repeat(100_000) } }))).toBeUndefined();
  });

  it('[report:bounded] is asked of addresses alone, and not waited for', async () => {
    expect(await askSidecar('metadata.internal')).toBeUndefined();
    expect(await askSidecar('')).toBeUndefined();
    expect(await askSidecar('127.0.0.1', 1)).toBeUndefined();
  });
});
