import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Authorities, createAuthorities } from '../../webhook/authorities.ts';
import { issueLeaf } from '../../webhook/certificate.ts';
import { kubePaths } from '../../webhook/kube-api.ts';
import { serviceNames } from '../../webhook/names.ts';
import type { FakeKube } from '../support/fake-kube.ts';
import {
  ask,
  createCluster,
  reviewOf,
  SYSTEM,
  servedCertificate,
  startTestWebhook,
  type TestWebhook,
  untilReady,
} from '../support/test-webhook.ts';

const directory = mkdtempSync(join(tmpdir(), 'mcp-sluice-mounted-'));
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });
const configuration = kubePaths.webhookConfiguration('mcp-sluice');

/** What cert-manager would leave in the mount. */
async function mount({ signer }: Authorities): Promise<void> {
  const { certificate, key } = await issueLeaf(signer, serviceNames(SYSTEM), Date.now());
  writeFileSync(join(directory, 'tls.crt'), certificate);
  writeFileSync(join(directory, 'tls.key'), key);
  writeFileSync(join(directory, 'ca.crt'), signer.certificate);
}

/** What its cainjector would write. */
function inject(kube: FakeKube, { bundle }: Authorities): void {
  const clientConfig = { service: { name: 'mcp-sluice-webhook', namespace: SYSTEM }, caBundle: Buffer.from(bundle).toString('base64') };
  kube.put(configuration, { metadata: { name: 'mcp-sluice' }, webhooks: [{ name: 'inject', clientConfig }] });
}

describe('a certificate that somebody else keeps', () => {
  const started: TestWebhook[] = [];
  const start = async (kube: FakeKube) => {
    const webhook = await startTestWebhook(kube, 'a', { tlsDirectory: directory });
    started.push(webhook);
    return webhook;
  };
  /** Serves what is mounted, which all trust. */
  const serveMounted = async () => {
    const kube = createCluster();
    const authorities = await createAuthorities(Date.now());
    await mount(authorities);
    inject(kube, authorities);
    const webhook = await start(kube);
    await untilReady(webhook);
    return { kube, authorities, webhook };
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map(({ webhook }) => webhook.stop()));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('[webhook:mounted-certificate] is served from the mount, and neither caBundle nor a Secret is touched', async () => {
    const { kube, webhook } = await serveMounted();
    expect((await ask(webhook, '/mutate', { body: reviewOf() })).status).toBe(200);
    expect(kube.calls.filter((call) => call.includes('secrets') || call.startsWith('PATCH'))).toEqual([]);
    expect((await ask(webhook, '/metrics')).text).toMatch(/mcp_sluice_webhook_ca_expiry_seconds 3\d{7}\n/);
  });

  it('[webhook:mounted-certificate] is taken up when it is renewed, without dropping a review', async () => {
    const { authorities, webhook } = await serveMounted();
    const before = await servedCertificate(webhook.port);
    await mount(authorities);
    await eventually(() => servedCertificate(webhook.port).then((served) => served === before)).toBe(false);
    expect((await ask(webhook, '/mutate', { body: reviewOf() })).status).toBe(200);
  });

  it('[webhook:mounted-certificate] stays the last good one when the files are broken or gone', async () => {
    const { webhook } = await serveMounted();
    const before = await servedCertificate(webhook.port);
    const failures = () => webhook.lines.filter(({ duty }) => duty === 'certificate').length;
    for (const spoil of [
      () => writeFileSync(join(directory, 'tls.crt'), 'no PEM'),
      () => writeFileSync(join(directory, 'tls.key'), ''),
      () => rmSync(join(directory, 'tls.crt')),
    ]) {
      const seen = failures();
      spoil();
      await eventually(failures).toBeGreaterThan(seen + 1);
    }
    expect(await servedCertificate(webhook.port)).toBe(before);
    expect((await ask(webhook, '/readyz')).status).toBe(200);
  });

  it('[webhook:mounted-authority] of another CA waits until caBundle vouches for it, and is served then', async () => {
    const { kube, authorities: before, webhook } = await serveMounted();
    const after = await createAuthorities(Date.now());
    const first = await servedCertificate(webhook.port);
    await mount(after);
    await eventually(() => webhook.lines.some(({ msg }) => String(msg).includes('not served yet'))).toBe(true);
    expect(await servedCertificate(webhook.port)).toBe(first);
    expect((await ask(webhook, '/mutate', { body: reviewOf() })).status).toBe(200);
    // As cainjector merges it into what is there.
    inject(kube, { ...after, bundle: before.bundle + after.bundle });
    await eventually(() => servedCertificate(webhook.port).then((served) => served === first)).toBe(false);
    expect((await ask(webhook, '/readyz', { insecure: true })).text).toBe('ok\n');
    expect(webhook.lines.filter(({ msg }) => String(msg).includes('not served yet'))).toHaveLength(1);
  });

  it('[webhook:mounted-authority] of another CA is served at once where nobody trusts the one before any more', async () => {
    const { kube, webhook } = await serveMounted();
    const after = await createAuthorities(Date.now());
    // As older cainjectors do: in place of what is there, while a kubelet still has the mount of before.
    inject(kube, after);
    await eventually(async () => (await ask(webhook, '/readyz', { insecure: true })).status).toBe(503);
    await mount(after);
    await eventually(async () => (await ask(webhook, '/readyz', { insecure: true })).text).toBe('ok\n');
    expect((await ask(webhook, '/mutate', { body: reviewOf() })).status).toBe(200);
  });

  it('[webhook:readyz] is not ready before the injected bundle vouches for it', async () => {
    const kube = createCluster();
    const authorities = await createAuthorities(Date.now());
    await mount(authorities);
    const webhook = await start(kube);
    const readyz = async () => (await ask(webhook, '/readyz', { insecure: true })).text;
    await eventually(readyz).toMatch(/^served-certificate: the served certificate does not verify/);
    inject(kube, authorities);
    await eventually(readyz).toBe('ok\n');
  });
});
