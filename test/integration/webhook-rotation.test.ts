import { X509Certificate } from 'node:crypto';
import { Agent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createAuthorities, judgeAuthorities, type SecretData } from '../../webhook/authorities.ts';
import { issueLeaf } from '../../webhook/certificate.ts';
import { CONFLICT, KubeError, kubePaths } from '../../webhook/kube-api.ts';
import { splitBundle } from '../../webhook/pem.ts';
import { distrust, readServedChain } from '../../webhook/served-chain.ts';
import type { FakeKube } from '../support/fake-kube.ts';
import {
  ask,
  caBundle,
  createCluster,
  podOf,
  reviewOf,
  SERVER_NAME,
  SYSTEM,
  startTestWebhook,
  type TestOptions,
  type TestWebhook,
  untilReady,
} from '../support/test-webhook.ts';

const DAY_MS = 24 * 3_600_000;
const secret = kubePaths.secret(SYSTEM, 'mcp-sluice-webhook-certificate');
/** On a machine that is busy with other things, too. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });

const servedBy = async ({ port }: { port: number }): Promise<X509Certificate> => {
  const [leaf] = await readServedChain({ host: '127.0.0.1', port }, SERVER_NAME);
  if (leaf === undefined) throw new Error('nothing served');
  return leaf;
};
const signerOf = (certificate: X509Certificate, kube: FakeKube) =>
  splitBundle(caBundle(kube)).findIndex((each) => certificate.verify(new X509Certificate(each).publicKey));
const stored = (kube: FakeKube, atMs = Date.now()) => judgeAuthorities((kube.objects.get(secret)?.['data'] ?? {}) as SecretData, atMs);

describe('certificates over time', () => {
  const started: TestWebhook[] = [];
  let offsetMs = 0;
  const clock = () => Date.now() + offsetMs;
  const start = async (kube = createCluster(), podName = 'a', options: TestOptions = {}) => {
    const webhook = await startTestWebhook(kube, podName, { clock, ...options });
    started.push(webhook);
    await untilReady(webhook);
    return webhook;
  };
  /** Both replicas know their pods by now, and have looked at the bundle twice. */
  const pair = async (options: TestOptions = {}) => {
    const kube = createCluster();
    return { kube, a: await start(kube, 'a', options), b: await start(kube, 'b', options) };
  };
  afterEach(async () => {
    offsetMs = 0;
    await Promise.all(started.splice(0).map(({ webhook }) => webhook.stop()));
  });

  it('[webhook:leaf-renewal] sign a new leaf by the wall clock, of the same CA, though no apiserver answers', async () => {
    const webhook = await start();
    const before = await servedBy(webhook);
    webhook.kube.fail(new KubeError(0, 'away'));
    offsetMs = 0.6 * DAY_MS;
    await eventually(() => webhook.lines.filter(({ duty }) => duty === 'ca-bundle').length).toBeGreaterThan(1);
    expect((await servedBy(webhook)).serialNumber).toBe(before.serialNumber);
    offsetMs = 0.8 * DAY_MS;
    await eventually(async () => (await servedBy(webhook)).serialNumber === before.serialNumber).toBe(false);
    const after = await servedBy(webhook);
    expect(after.validToDate.getTime() - clock()).toBeGreaterThan(0.9 * DAY_MS);
    expect([signerOf(before, webhook.kube), signerOf(after, webhook.kube)]).toEqual([0, 0]);
    expect((await ask(webhook, '/readyz', { insecure: true })).status).toBe(200);
  });

  it('[webhook:clock] heal when the clock jumps ahead past the end of everything, and back again', async () => {
    const webhook = await start();
    for (const jumpMs of [400 * DAY_MS, 0]) {
      offsetMs = jumpMs;
      const isGood = async () => {
        const leaf = await servedBy(webhook);
        const isValid = leaf.validFromDate.getTime() <= clock() && clock() < leaf.validToDate.getTime();
        return isValid && signerOf(leaf, webhook.kube) >= 0;
      };
      await eventually(isGood).toBe(true);
      await eventually(async () => (await ask(webhook, '/readyz', { insecure: true })).status).toBe(200);
    }
  });

  it('[webhook:clock] go by the clock of the apiserver where that of the node is wrong', async () => {
    const kube = createCluster();
    kube.skew(-500 * DAY_MS);
    offsetMs = 500 * DAY_MS;
    const webhook = await start(kube);
    const leaf = await servedBy(webhook);
    expect(Math.abs(leaf.validToDate.getTime() - (Date.now() + DAY_MS))).toBeLessThan(600_000);
    expect((await ask(webhook, '/mutate', { body: reviewOf() })).status).toBe(200);
  });

  it('[webhook:rotation] rotate the CA under load: no handshake that the bundle does not vouch for, no review that fails', async () => {
    const { kube, a, b } = await pair({ settleMs: 600_000 });
    const [old = ''] = splitBundle(caBundle(kube));
    const isOf = async (ca: string, webhook: TestWebhook) => (await servedBy(webhook)).verify(new X509Certificate(ca).publicKey);
    offsetMs = 250 * DAY_MS;
    await eventually(() => splitBundle(caBundle(kube)).length).toBe(2);
    const isFresh = async (webhook: TestWebhook) => (await servedBy(webhook)).validToDate.getTime() > clock();
    await eventually(async () => (await isFresh(a)) && (await isFresh(b))).toBe(true);

    const seen = new Set<unknown>();
    let isOver = false;
    const burst = (async () => {
      // A handshake each; a kept connection would prove nothing.
      const agent = new Agent({ keepAlive: false });
      while (!isOver) {
        for (const { port } of [a, b]) {
          const bundle = caBundle(kube);
          seen.add(distrust(await readServedChain({ host: '127.0.0.1', port }, SERVER_NAME), bundle, SERVER_NAME, clock()));
          seen.add((await ask({ port }, '/mutate', { body: reviewOf(), agent, insecure: true })).status);
        }
      }
    })();
    offsetMs += 601_000;
    await eventually(async () => (await isOf(old, a)) || (await isOf(old, b))).toBe(false);
    isOver = true;
    await burst;
    expect(seen).toEqual(new Set([undefined, 200]));
    expect(splitBundle(caBundle(kube))).toHaveLength(2);
    expect(splitBundle(caBundle(kube))).toContain(old);
    offsetMs = 366 * DAY_MS;
    await eventually(() => splitBundle(caBundle(kube)).includes(old)).toBe(false);
  });

  it('[webhook:rotation] do not let the next CA sign while a replica serves what the bundle does not vouch for', async () => {
    const { signer } = await createAuthorities(Date.now());
    const { certificate: cert, key } = await issueLeaf(signer, [SERVER_NAME], Date.now());
    const stranger = createServer({ cert, key });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const kube = createCluster();
    kube.put(kubePaths.pod(SYSTEM, 'b'), podOf('b', (stranger.address() as AddressInfo).port));
    const webhook = await start(kube);
    offsetMs = 250 * DAY_MS;
    await eventually(() => webhook.lines.find(({ msg }) => msg === 'the next CA cannot sign yet')).toMatchObject({
      obstacles: [expect.stringMatching(/^b: the served certificate (does not verify|is not valid)/)],
    });
    expect(splitBundle(caBundle(kube))).toHaveLength(2);
    expect(stored(kube, clock())).toMatchObject({ authorities: { next: expect.anything() } });
    // Once it is gone, nothing stands in the way.
    kube.objects.delete(kubePaths.pod(SYSTEM, 'b'));
    await new Promise((resolve) => stranger.close(resolve));
    await eventually(() => 'authorities' in stored(kube, clock()) && stored(kube, clock())).not.toHaveProperty('authorities.next');
  });

  it('[webhook:rotation] hold up no replica that starts, though the others cannot be listed', async () => {
    const kube = createCluster();
    offsetMs = -250 * DAY_MS;
    const first = await start(kube);
    await first.webhook.stop();
    started.splice(0);
    offsetMs = 0;
    Object.assign(kube, { list: () => Promise.reject(new KubeError(403, 'forbidden')) });
    const webhook = await start(kube);
    await eventually(() => webhook.lines.find(({ msg }) => msg === 'the next CA cannot sign yet')).toMatchObject({
      obstacles: ['forbidden'],
    });
    expect((await ask(webhook, '/readyz')).status).toBe(200);
    expect(webhook.lines.filter(({ obstacles }) => obstacles !== undefined)).toHaveLength(1);
  });

  it('[webhook:rotation] let the next CA sign all the same before the old one ends, whoever cannot be reached', async () => {
    const kube = createCluster();
    kube.put(kubePaths.pod(SYSTEM, 'b'), podOf('b', 1));
    const webhook = await start(kube);
    offsetMs = 250 * DAY_MS;
    await eventually(() => webhook.lines.some(({ msg }) => msg === 'the next CA cannot sign yet')).toBe(true);
    offsetMs = 355 * DAY_MS;
    await eventually(() => webhook.lines.some(({ msg }) => msg === 'the next CA signs from now on')).toBe(true);
  });

  it('[webhook:rotation] give apiservers time to read the bundle before the next CA signs', async () => {
    const kube = createCluster();
    const webhook = await start(kube, 'a', { settleMs: 600_000 });
    offsetMs = 250 * DAY_MS;
    await eventually(() => splitBundle(caBundle(kube)).length).toBe(2);
    const looks = () => kube.calls.filter((call) => call === `GET ${secret}`).length;
    const before = looks();
    await eventually(() => looks() - before).toBeGreaterThan(4);
    expect(webhook.lines.map(({ msg }) => msg)).not.toContain('the next CA signs from now on');
    offsetMs += 601_000;
    await eventually(() => webhook.lines.some(({ msg }) => msg === 'the next CA signs from now on')).toBe(true);
  });

  it('[webhook:readyz] leave a replica ready whose certificate is trusted still, though nothing new can be published', async () => {
    const kube = createCluster();
    const webhook = await start(kube);
    const before = caBundle(kube);
    Object.assign(kube, { apply: async () => CONFLICT });
    kube.objects.delete(secret);
    await eventually(() => webhook.lines.filter(({ duty }) => duty === 'ca-bundle').length).toBeGreaterThan(1);
    expect((await ask(webhook, '/readyz')).status).toBe(200);
    expect(caBundle(kube)).toBe(before);
  });

  it('[webhook:readyz] are not ready while the published caBundle does not vouch for what is served', async () => {
    const kube = createCluster();
    const webhook = await start(kube);
    const foreign = Buffer.from((await createAuthorities(Date.now())).bundle).toString('base64');
    const { apply } = kube;
    // Somebody else, who wins every time.
    Object.assign(kube, { apply: async () => CONFLICT });
    const configuration = kubePaths.webhookConfiguration('mcp-sluice');
    const spoilt = JSON.stringify(kube.objects.get(configuration)).replace(/"caBundle":"[^"]*"/, `"caBundle":"${foreign}"`);
    kube.put(configuration, JSON.parse(spoilt));
    const readyz = async () => (await ask(webhook, '/readyz', { insecure: true })).text;
    await eventually(readyz).toMatch(/served-certificate: .*does not verify/);
    expect((await ask(webhook, '/metrics', { insecure: true })).text).toContain('mcp_sluice_webhook_certificate_trusted 0');
    Object.assign(kube, { apply });
    await eventually(readyz).toBe('ok\n');
  });
});
