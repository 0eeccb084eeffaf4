import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueAuthority } from '../../webhook/certificate.ts';
import { splitBundle } from '../../webhook/pem.ts';
import { sampleOf } from '../e2e/cluster.ts';
import { SYSTEM, WEBHOOK } from '../e2e/install.ts';
import { getObject, type KubeObject, kubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { until } from '../e2e/until.ts';
import { servedLeaves, webhookMetrics } from '../e2e/webhook-pods.ts';
import { faultsOf, unjudgedReviews } from './call-failures.ts';
import { untilWell, whileCreating } from './toll.ts';

const namespace = 'e2e-22';
const CONFIGURATION = ['mutatingwebhookconfiguration', 'mcp-sluice'];
const SECRET = ['secret', 'mcp-sluice-webhook-certificate', '-n', SYSTEM];
/** Longer than the webhook has a new CA be published before it signs (10 minutes), so that the rotation is due. */
const LONG_KNOWN_MS = 15 * 60_000;
/** Of one webhook, as managed fields tell it: `caBundle` and what names the entry. */
const ONLY_BUNDLE = { '.': {}, 'f:name': {}, 'f:clientConfig': { 'f:caBundle': {} } };
/** The webhook looks every 30 s; a machine may be busy with other things. */
const PATIENT = { timeoutMs: 240_000, everyMs: 1000 };

describe('certificates', () => {
  useNamespaces({ [namespace]: {} });
  // Two replicas that have looked once: what heals from here on heals by itself.
  beforeAll(allTrusted);

  it('[e2e:ca-rotation] the CA is rotated in the middle of a burst, and nothing fails', async () => {
    const [before = ''] = await authorities();
    const next = await issueAuthority(Date.now() - LONG_KNOWN_MS);
    const unjudged = await unjudgedReviews();
    const toll = await whileCreating(namespace, async (soFar) => {
      await until('some creations', async () => soFar().total >= 20);
      const data = { 'next.crt': encode(next.certificate), 'next.key': encode(next.key) };
      await kubectl(['patch', ...SECRET, '--type=merge', '-p', JSON.stringify({ data })]);
      await until('both replicas to serve leaves of the next CA', () => isServedBy(next.certificate), PATIENT);
    });
    expect(await faultsOf(toll, unjudged)).toEqual([]);
    expect((await authorities())[0]).toBe(next.certificate);
    // The one before is trusted until its end: leaves of it may still be served.
    expect(await published()).toEqual(expect.arrayContaining([next.certificate, before]));
  });

  it('[e2e:secret-deleted] after the Secret is deleted another CA signs, and nothing fails meanwhile', async () => {
    const [before] = await authorities();
    const unjudged = await unjudgedReviews();
    const toll = await whileCreating(namespace, async () => {
      await kubectl(['delete', ...SECRET]);
      await until(
        'both replicas to serve leaves of another CA',
        async () => {
          const [signer] = await authorities();
          return signer !== undefined && signer !== before && (await isServedBy(signer));
        },
        PATIENT,
      );
    });
    expect(await faultsOf(toll, unjudged)).toEqual([]);
    expect(await published()).toContain(before);
  });

  it('[e2e:bundle-blanked] a caBundle that was blanked is written again; meanwhile annotated pods are refused and others created', async () => {
    const before = await published();
    expect(before).not.toEqual([]);
    const registered = await registration();
    const toll = await whileCreating(namespace, async (soFar) => {
      const blank = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
      await kubectl(['patch', ...CONFIGURATION, '--type=json', '-p', JSON.stringify(blank)]);
      await until('caBundle to be there again', async () => (await published()).length > 0, PATIENT);
      await untilWell(soFar);
    });
    expect(await published()).toEqual(before);
    // Written by the webhook as the owner of this one field, and nothing beside it was touched.
    expect(await registration()).toEqual(registered);
    expect(await appliedByWebhook()).toEqual([{ 'f:webhooks': { 'k:{"name":"inject.mcp-sluice.dev"}': ONLY_BUNDLE } }]);
    // The clear word of the policies to those that ask, and nothing else that went wrong.
    expect(toll.failures()).toEqual(toll.of('refused'));
    process.stderr.write(`e2e: caBundle blanked amid ${toll.total} creations: ${toll.of('refused').length} that asked were refused\n`);
  });
});

const encode = (text: string): string => Buffer.from(text).toString('base64');

/** The certificates in a bundle, as PEM. */
function certificatesIn(base64: string | undefined): string[] {
  return splitBundle(Buffer.from(base64 ?? '', 'base64').toString('latin1'));
}

/** Of the Secret: the one that signs first; none where there is no Secret. */
async function authorities(): Promise<string[]> {
  return certificatesIn((await getObject([...SECRET, '--ignore-not-found']).catch(() => undefined))?.data?.['ca.crt']);
}

/** Of what the apiserver trusts. */
async function published(): Promise<string[]> {
  const { webhooks } = await getObject(CONFIGURATION);
  return certificatesIn(webhooks[0].clientConfig.caBundle);
}

/** All that the configuration says but for `caBundle`. */
async function registration(): Promise<object> {
  const { metadata, webhooks } = await getObject(CONFIGURATION);
  const withoutBundle = webhooks.map(({ clientConfig: { caBundle: _, ...clientConfig }, ...webhook }: KubeObject) => ({
    ...webhook,
    clientConfig,
  }));
  return { labels: metadata.labels, annotations: metadata.annotations, webhooks: withoutBundle };
}

/** The fields of the configuration that the webhook owns, by each of its entries among the managed fields. */
async function appliedByWebhook(): Promise<object[]> {
  const { metadata } = await getObject([...CONFIGURATION, '--show-managed-fields']);
  const own = metadata.managedFields.filter(({ manager }: KubeObject) => manager === 'mcp-sluice-webhook');
  expect(own.map(({ operation }: KubeObject) => operation)).toEqual(['Apply']);
  return own.map(({ fieldsV1 }: KubeObject) => fieldsV1);
}

/** True once the CA is published, and each of two replicas greets with a leaf of it and finds it trusted. */
async function isServedBy(authority: string): Promise<boolean> {
  const { publicKey } = new X509Certificate(authority);
  const leaves = [...(await servedLeaves()).values()];
  const isOfIt = leaves.length === 2 && leaves.every((leaf) => leaf.verify(publicKey));
  return isOfIt && (await published()).includes(authority) && (await isTrusted());
}

async function isTrusted(): Promise<boolean> {
  const all = await webhookMetrics();
  return all.length === 2 && all.every((each) => sampleOf(each, 'mcp_sluice_webhook_certificate_trusted') === 1);
}

async function allTrusted(): Promise<void> {
  await kubectl(['rollout', 'status', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--timeout=180s'], { timeoutMs: 200_000 });
  await until('both replicas to be trusted', isTrusted, PATIENT);
}
