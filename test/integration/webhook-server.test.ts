import { Agent } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyPatch, type PatchOp } from '../../src/inject/apply-patch.ts';
import { KubeError } from '../../webhook/kube-api.ts';
import {
  ask,
  createCluster,
  IMAGE,
  reviewOf,
  servedCertificate,
  startTestWebhook,
  type TestWebhook,
  untilReady,
} from '../support/test-webhook.ts';

const review = async (webhook: TestWebhook, body: string) => await ask(webhook, '/mutate', { body });
// biome-ignore lint/suspicious/noExplicitAny: read by path
const responseOf = (text: string): any => JSON.parse(text).response;

describe('the webhook over HTTPS', () => {
  let webhook: TestWebhook;
  beforeAll(async () => {
    webhook = await startTestWebhook();
    await untilReady(webhook);
  });
  afterAll(() => webhook.webhook.stop());

  it('[webhook:tls] is trusted by the caBundle that it wrote, under the name of its Service', async () => {
    expect((await ask(webhook, '/healthz')).status).toBe(200);
    await expect(ask({ port: webhook.port, ca: () => '' }, '/healthz')).rejects.toThrow(/self-signed|unable to/);
  });

  it('[webhook:tls] speaks no TLS below 1.2', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(ask(webhook, '/healthz', old)).rejects.toThrow(/alert protocol version/);
    expect((await ask(webhook, '/healthz', { maxVersion: 'TLSv1.2' })).status).toBe(200);
  });

  it('[webhook:injects] answers a pod with a patch that gives it our sidecar, of our own image', async () => {
    const body = reviewOf();
    const { status, text } = await review(webhook, body);
    expect(status).toBe(200);
    const response = responseOf(text);
    expect(response).toMatchObject({ uid: 'u-1', allowed: true, patchType: 'JSONPatch', auditAnnotations: { outcome: 'injected' } });
    const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString()) as PatchOp[];
    expect(applyPatch(JSON.parse(body).request.object, patch)).toMatchObject({
      spec: { initContainers: [{ name: 'mcp-sluice', image: IMAGE, restartPolicy: 'Always' }, {}] },
    });
  });

  it('[webhook:all-errors] denies with all errors of the object', async () => {
    const annotations = { 'mcp-sluice.dev/inject': 'true', 'mcp-sluice.dev/prot': '1', 'mcp-sluice.dev/rate-limit': 'shared: 3/1m' };
    const object = { metadata: { name: 'cart', annotations }, spec: { containers: [{ name: 'app', ports: [{ containerPort: 1 }] }] } };
    const response = responseOf((await review(webhook, reviewOf({ object }))).text);
    expect(response.allowed).toBe(false);
    expect(response.status.message).toMatch(/^Pod "cart" has 2 errors.*\n.*prot.*\n.*needs Redis/);
    expect(webhook.lines.at(-1)).toMatchObject({ msg: 'denied', uid: 'u-1', name: 'cart', namespace: 'shop' });
  });

  it('[webhook:dry-run] writes nothing, dry run or not', async () => {
    const writes = () => webhook.kube.calls.filter((call) => !call.startsWith('GET')).length;
    const before = writes();
    const [dry, wet] = [await review(webhook, reviewOf({ dryRun: true })), await review(webhook, reviewOf())];
    expect(dry?.text).toBe(wet?.text);
    expect(writes()).toBe(before);
  });

  it('[webhook:bug-is-500] answers 500 with an id that stands in the log, when something is not to be known', async () => {
    const { status, text } = await review(webhook, reviewOf({ namespace: 'never-heard-of' }));
    expect(status).toBe(500);
    const id = /id ([0-9a-f-]{36})/.exec(text)?.[1];
    expect(webhook.lines.find((line) => line['id'] === id)).toMatchObject({
      level: 50,
      err: { message: expect.stringMatching(/never-heard-of/) },
    });
    expect(text).not.toMatch(/never-heard-of| at /);
  });

  it('[webhook:bug-is-500] gives no judgement without an apiserver, and stays ready', async () => {
    webhook.kube.fail(new KubeError(0, 'connection refused'));
    try {
      expect((await review(webhook, reviewOf({ namespace: 'other' }))).status).toBe(500);
      expect((await ask(webhook, '/readyz')).status).toBe(200);
    } finally {
      webhook.kube.fail(undefined);
    }
  });

  it('keeps a connection for review after review', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports: (number | undefined)[] = [];
    agent.on('free', (socket: { localPort?: number }) => ports.push(socket.localPort));
    for (let index = 0; index < 5; index++) {
      expect((await ask(webhook, '/mutate', { body: reviewOf({ uid: `k-${index}` }), agent })).status).toBe(200);
    }
    agent.destroy();
    expect(new Set(ports).size).toBe(1);
  });

  it('[webhook:metrics] tells its metrics', async () => {
    const { text } = await ask(webhook, '/metrics');
    expect(text).toMatch(/mcp_sluice_webhook_reviews_total\{kind="Pod",outcome="injected"\} \d/);
    expect(text).toMatch(/mcp_sluice_webhook_certificate_expiry_seconds 86\d{3}\n/);
  });
});

describe('replicas of the webhook', () => {
  it('[webhook:replicas-agree] serve each a leaf of its own, of one CA that is published once', async () => {
    const kube = createCluster();
    const replicas = await Promise.all([startTestWebhook(kube, 'a'), startTestWebhook(kube, 'b')]);
    await Promise.all(replicas.map(untilReady));
    const [a, b] = await Promise.all(replicas.map(({ port }) => servedCertificate(port)));
    expect(a).not.toBe(b);
    expect(replicas[0]?.ca().match(/BEGIN/g)).toHaveLength(1);
    for (const replica of replicas) expect((await review(replica, reviewOf())).status).toBe(200);
    await Promise.all(replicas.map(({ webhook }) => webhook.stop()));
  });
});
