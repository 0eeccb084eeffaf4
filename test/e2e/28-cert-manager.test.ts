import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceNames } from '../../webhook/names.ts';
import { installCertManager, removeCertManager, renew } from './cert-manager.ts';
import { checkCluster } from './cli.ts';
import { sampleOf } from './cluster.ts';
import { install, installFrom, SYSTEM } from './install.ts';
import { getObject, type KubeObject, kubectl, tryKubectl } from './kubectl.ts';
import { useNamespaces } from './namespace.ts';
import { withPortForward } from './port-forward.ts';
import { burstDuring, faultsOf } from './steady-burst.ts';
import { until } from './until.ts';
import { webhookMetrics, webhookPods } from './webhook-pods.ts';

const namespace = 'e2e-28';
const OVERLAY = join(import.meta.dirname, 'overlay/cert-manager');
const DAY_S = 86_400;
const [LEAF, AUTHORITY] = ['mcp-sluice-webhook', 'mcp-sluice-webhook-ca'];
const SECRETS = ['mcp-sluice-webhook-tls', 'mcp-sluice-webhook-ca'];
const ACCOUNT = `system:serviceaccount:${SYSTEM}:mcp-sluice-webhook`;

describe('cert-manager', () => {
  useNamespaces({ [namespace]: {} });
  beforeAll(installCertManager);
  // The files after this one find the installation as the ones before it did.
  afterAll(async () => {
    await install('first');
    await removeCertManager();
    await kubectl(['delete', 'secret', '-n', SYSTEM, ...SECRETS, '--ignore-not-found']);
  });

  it('[e2e:cert-manager] an installation goes over to it, and no creation fails meanwhile', async () => {
    const created = await burstDuring(namespace, () => installFrom(OVERLAY));
    expect(faultsOf(created)).toEqual([]);
    await until('each replica to serve the certificate that cert-manager issued', servesIssued, { timeoutMs: 60_000 });
  });

  it('[e2e:cert-manager-bundle] cainjector keeps caBundle, and the webhook has no right to, nor any on Secrets', async () => {
    expect(await published()).toContain(fingerprintOf(await secret(SECRETS[0], 'ca.crt')));
    const { metadata } = await getObject(['mutatingwebhookconfiguration', 'mcp-sluice', '--show-managed-fields']);
    const writers = metadata.managedFields.filter(({ fieldsV1 }: KubeObject) => JSON.stringify(fieldsV1).includes('f:caBundle'));
    expect(writers.map(({ manager }: KubeObject) => manager)).toEqual(['cert-manager-cainjector']);
    for (const verb of ['patch', 'update']) expect(await may(verb, 'mutatingwebhookconfigurations/mcp-sluice')).toBe(false);
    for (const verb of ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']) expect(await may(verb, 'secrets')).toBe(false);
    for (const name of [...SECRETS, 'mcp-sluice-webhook-certificate']) expect(await may('get', `secrets/${name}`)).toBe(false);
  });

  it('[e2e:cert-manager-told] metrics tell its lifetimes, and check finds nothing amiss', async () => {
    for (const metrics of await webhookMetrics()) {
      expect(sampleOf(metrics, 'mcp_sluice_webhook_certificate_trusted')).toBe(1);
      expect(sampleOf(metrics, 'mcp_sluice_webhook_certificate_expiry_seconds') / DAY_S).toBeCloseTo(7, 0);
      expect(sampleOf(metrics, 'mcp_sluice_webhook_ca_expiry_seconds') / DAY_S).toBeGreaterThan(3640);
    }
    const { checks } = await checkCluster();
    expect(checks.filter(({ check, state }) => state !== 'ok' && /^(webhook|policy|images)/.test(check))).toEqual([]);
  });

  it('[e2e:cert-manager-renewal] the certificate is renewed in the middle of a burst, and nothing fails', async () => {
    const before = await secret(SECRETS[0], 'tls.crt');
    const created = await burstDuring(namespace, async () => {
      await renew(SYSTEM, LEAF);
      await until('another certificate', async () => (await secret(SECRETS[0], 'tls.crt')) !== before);
      // The kubelet takes a minute or so to renew a mount, and the webhook up to 30 s to look.
      await until('each replica to serve it', servesIssued, { timeoutMs: 240_000, everyMs: 2000 });
    });
    expect(faultsOf(created)).toEqual([]);
  });

  it('[e2e:cert-manager-ca] its CA is renewed, and the certificate after it, and nothing fails', async () => {
    const before = await published();
    const created = await burstDuring(namespace, async () => {
      const authority = await secret(SECRETS[1], 'tls.crt');
      await renew(SYSTEM, AUTHORITY);
      await until('another CA', async () => (await secret(SECRETS[1], 'tls.crt')) !== authority);
      const next = fingerprintOf(await secret(SECRETS[1], 'tls.crt'));
      // Again where cert-manager signed before it had read its own new CA.
      const renewed = async () => {
        if (fingerprintOf(await secret(SECRETS[0], 'ca.crt')) === next) return true;
        await renew(SYSTEM, LEAF);
        return false;
      };
      await until('a certificate of the new CA', renewed, { timeoutMs: 120_000, everyMs: 5000 });
      await nudgeKubelet();
      await until('each replica to serve it', servesIssued, { timeoutMs: 240_000, everyMs: 2000 });
    });
    expect(faultsOf(created)).toEqual([]);
    // Trusted until their ends: leaves of those before may still be served.
    expect(await published()).toEqual(expect.arrayContaining(before));
  });

  it('[e2e:cert-manager-distrust] once caBundle was blanked cainjector writes the CA of now into it, and those of before are trusted no longer', async () => {
    expect((await published()).length).toBeGreaterThan(1);
    const blank = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
    await kubectl(['patch', 'mutatingwebhookconfiguration/mcp-sluice', '--type=json', '-p', JSON.stringify(blank)]);
    await until('caBundle', async () => (await published()).length > 0);
    expect(await published()).toEqual([fingerprintOf(await secret(SECRETS[0], 'ca.crt'))]);
    await until('creations as before', async () => faultsOf(await burstDuring(namespace, isTrusted)).length === 0);
  });

  it('[e2e:cert-manager-back] an installation goes back to its own certificates, and no creation fails meanwhile', async () => {
    const created = await burstDuring(namespace, async () => {
      await install('first');
      await until('each replica to be trusted', isTrusted, { timeoutMs: 120_000 });
    });
    expect(faultsOf(created)).toEqual([]);
    const authority = fingerprintOf(decode((await getObject(['secret', 'mcp-sluice-webhook-certificate', '-n', SYSTEM])).data['ca.crt']));
    expect(await published()).toContain(authority);
    const foreign = fingerprintOf(await secret(SECRETS[0], 'ca.crt'));
    // Once the last replica that serves by it has gone; each looks every 30 s.
    await until('its CA to be trusted no more', async () => !(await published()).includes(foreign), { timeoutMs: 120_000, everyMs: 2000 });
    expect(await may('patch', 'mutatingwebhookconfigurations/mcp-sluice')).toBe(true);
  });
});

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');
const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

async function secret(name: string | undefined, key: string): Promise<string> {
  return decode((await getObject(['secret', name ?? '', '-n', SYSTEM])).data[key]);
}

/** What the apiserver trusts. */
async function published(): Promise<string[]> {
  const { webhooks } = await getObject(['mutatingwebhookconfiguration', 'mcp-sluice']);
  const pem = decode(webhooks[0].clientConfig.caBundle ?? '');
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(fingerprintOf);
}

async function isTrusted(): Promise<boolean> {
  const all = await webhookMetrics();
  return all.length === 2 && all.every((each) => sampleOf(each, 'mcp_sluice_webhook_certificate_trusted') === 1);
}

/** Both replicas greet with the certificate of the Secret, and say themselves that it is trusted. */
async function servesIssued(): Promise<boolean> {
  const issued = fingerprintOf(await secret(SECRETS[0], 'tls.crt'));
  const pods = await webhookPods();
  const served = await Promise.all(pods.map(({ metadata }) => withPortForward(SYSTEM, metadata.name, 10250, greeting)));
  if (served.length !== 2 || served.some((each) => each !== issued)) throw new Error(`issued ${issued}, served ${served.join(', ')}`);
  return await isTrusted();
}

function greeting({ hostname, port }: URL): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host: hostname, port: Number(port), servername: serviceNames(SYSTEM)[0], rejectUnauthorized: false };
    const socket = connect(options, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

/** A change of a pod has its kubelet look at its mounts now (Kubernetes documentation, "Mounted ConfigMaps are updated automatically"). */
async function nudgeKubelet(): Promise<void> {
  const pods = (await webhookPods()).map(({ metadata }) => `pod/${metadata.name}`);
  await kubectl(['annotate', '-n', SYSTEM, ...pods, `test/nudged=${Date.now()}`, '--overwrite']);
}

async function may(verb: string, resource: string): Promise<boolean> {
  const { stdout } = await tryKubectl(['auth', 'can-i', verb, resource, '-n', SYSTEM, `--as=${ACCOUNT}`]);
  return stdout.trim() === 'yes';
}
