import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueAuthority } from '../../webhook/certificate.ts';
import { type Created, createPods, numbered } from '../e2e/burst.ts';
import { sampleOf } from '../e2e/cluster.ts';
import { SYSTEM, WEBHOOK } from '../e2e/install.ts';
import { getObject, type KubeObject, kubectl } from '../e2e/kubectl.ts';
import { useNamespaces } from '../e2e/namespace.ts';
import { annotated } from '../e2e/policy-objects.ts';
import { until } from '../e2e/until.ts';
import { webhookMetrics } from '../e2e/webhook-pods.ts';

const namespace = 'e2e-22';
const SECRET = ['secret', 'mcp-sluice-webhook-certificate', '-n', SYSTEM];
/** Longer than the webhook has a new CA be published before it signs (10 minutes), so that the rotation is due. */
const LONG_KNOWN_MS = 15 * 60_000;

describe('certificates', () => {
  useNamespaces({ [namespace]: {} });
  // Two replicas that have looked once: what heals from here on heals by itself.
  beforeAll(allTrusted);

  it('[e2e:ca-rotation] the CA is rotated in the middle of a burst, and nothing fails', async () => {
    const before = await authorities();
    const next = await issueAuthority(Date.now() - LONG_KNOWN_MS);
    const data = { 'next.crt': encode(next.certificate), 'next.key': encode(next.key) };
    await kubectl(['patch', ...SECRET, '--type=merge', '-p', JSON.stringify({ data })]);
    const failures = await burstUntil(async () => {
      const [signer] = await authorities();
      return signer === fingerprint(next.certificate) && (await trustedBy(signer));
    });
    expect(failures).toEqual([]);
    // The one before is trusted until its end: leaves of it may still be served.
    expect(await published()).toEqual(expect.arrayContaining([fingerprint(next.certificate), before[0]]));
  });

  it('[e2e:secret-deleted] after the Secret is deleted another CA signs, and nothing fails meanwhile', async () => {
    const [before] = await authorities();
    await kubectl(['delete', ...SECRET]);
    const failures = await burstUntil(async () => {
      const [signer] = await authorities().catch(() => [undefined]);
      return signer !== undefined && signer !== before && (await trustedBy(signer));
    });
    expect(failures).toEqual([]);
  });

  it('[e2e:bundle-blanked] a caBundle that was blanked is written again; meanwhile annotated pods are refused and others created', async () => {
    const before = await published();
    expect(before).not.toEqual([]);
    const blank = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
    await kubectl(['patch', 'mutatingwebhookconfiguration/mcp-sluice', '--type=json', '-p', JSON.stringify(blank)]);
    let naked = 0;
    await until(
      'caBundle to be there again',
      async () => {
        const all = await burst();
        naked += all.filter(isNaked).length;
        expect(all.filter(isPlainRefused)).toEqual([]);
        return (await published()).length > 0 && all.every(isRight);
      },
      { timeoutMs: 90_000 },
    );
    expect(naked).toBe(0);
    expect(await published()).toEqual(before);
  });
});

const encode = (text: string): string => Buffer.from(text).toString('base64');
const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;

function fingerprints(base64: string | undefined): string[] {
  const pem = Buffer.from(base64 ?? '', 'base64').toString('latin1');
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(fingerprint);
}

/** Of the Secret: the one that signs first. */
async function authorities(): Promise<string[]> {
  return fingerprints((await getObject(SECRET)).data?.['ca.crt']);
}

/** Of what the apiserver trusts. */
async function published(): Promise<string[]> {
  const { webhooks } = await getObject(['mutatingwebhookconfiguration', 'mcp-sluice']);
  return fingerprints(webhooks[0].clientConfig.caBundle);
}

/** True once the signer is published and each replica serves what verifies against the bundle. */
async function trustedBy(signer: string): Promise<boolean> {
  return (await published()).includes(signer) && (await isServed());
}

async function isServed(): Promise<boolean> {
  const all = await webhookMetrics();
  return all.length === 2 && all.every((each) => sampleOf(each, 'mcp_sluice_webhook_certificate_trusted') === 1);
}

async function allTrusted(): Promise<void> {
  await kubectl(['rollout', 'status', `deployment/${WEBHOOK}`, '-n', SYSTEM, '--timeout=120s'], { timeoutMs: 130_000 });
  await until('both replicas to be trusted', isServed, { timeoutMs: 120_000, everyMs: 1000 });
}

function burst(): Promise<Created[]> {
  const asks = numbered(10, (name) => annotated({ namespace, name }), 'asks');
  const plain = numbered(10, (name) => annotated({ namespace, name }, {}), 'plain');
  return createPods({ objects: [...asks, ...plain], concurrency: 4, isDryRun: true });
}

/** Creates pods until something is so, and a little longer; what of it went wrong. */
async function burstUntil(isSo: () => Promise<boolean>): Promise<[string, string][]> {
  const all: Created[] = [];
  await until(
    'the rotation',
    async () => {
      all.push(...(await burst()));
      return await isSo();
    },
    { timeoutMs: 180_000, everyMs: 500 },
  );
  all.push(...(await burst()));
  return all.filter((each) => !isRight(each)).map(({ name, body }) => [name, body.message]);
}

const hasSidecar = ({ spec }: KubeObject): boolean => spec.initContainers?.[0].name === 'mcp-sluice';
const isRight = ({ name, status, body }: Created): boolean => status === 201 && hasSidecar(body) === name.startsWith('asks-');
const isNaked = ({ name, status, body }: Created): boolean => name.startsWith('asks-') && status === 201 && !hasSidecar(body);
const isPlainRefused = ({ name, status }: Created): boolean => name.startsWith('plain-') && status !== 201;
