import { X509Certificate } from 'node:crypto';
import { listAt, textAt, textsAt } from '../../inject/raw.ts';
import { type Installed, metricOf, type Replica } from './installed.ts';
import { attempt, type Cluster, failed, isAnswered, type Outcome, ok, REGISTRATION, SYSTEM, unknown, warning } from './outcome.ts';

const HOUR_MS = 3_600_000;
/** Contract §9.1: a leaf of our own lasts 24 hours. */
const OWN_LEAF_MS = 24 * HOUR_MS;
/** What is left of a life when that is worth a word: all are renewed with a third of it to go, and are given a while for it. */
const LEAST_SHARE = 0.3;
const CERTIFICATE = `/apis/cert-manager.io/v1/namespaces/${SYSTEM}/certificates/mcp-sluice-webhook`;
/** What has cainjector write caBundle (manifests/overlays/cert-manager/webhook.yaml). */
const INJECT_CA = 'cert-manager.io/inject-ca-from';
const INJECT_CA_FROM = `${SYSTEM}/mcp-sluice-webhook`;

/** The CA that apiservers trust, and what each replica serves: both by what is left of their lives. */
export function checkCertificates(
  api: Cluster,
  seen: Pick<Installed, 'replicas' | 'isMounted'>,
  nowMs: number,
): Promise<readonly Outcome[]> {
  return attempt('webhook-ca', async () => {
    const configuration = await api.read(`${REGISTRATION}/mutatingwebhookconfigurations/mcp-sluice`);
    const bundles = listAt(configuration, 'webhooks').map((each) => textAt(each, 'clientConfig', 'caBundle'));
    const authority = configuration === undefined ? [] : [authorityOutcome(bundles[0] ?? '', seen.isMounted, nowMs)];
    const certificate = seen.isMounted ? await readMounted(api) : undefined;
    if (configuration !== undefined && certificate !== undefined) authority.push(...injectionOutcome(configuration));
    if (seen.replicas === 'forbidden') return authority;
    const lifetimeMs = seen.isMounted ? lifetimeOf(certificate) : OWN_LEAF_MS;
    return [...authority, ...seen.replicas.flatMap((replica) => leafOutcome(replica, lifetimeMs))];
  });
}

function authorityOutcome(caBundle: string, isMounted: boolean, nowMs: number): Outcome {
  const check = 'webhook-ca';
  const certificates = (
    Buffer.from(caBundle, 'base64')
      .toString('latin1')
      .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  ).flatMap(parse);
  const writer = isMounted ? "cert-manager's cainjector writes it" : 'its replicas write it when they are ready';
  if (certificates.length === 0) return failed(check, `caBundle holds no certificate: no apiserver can call the webhook; ${writer}`);
  // The last to end is the one that signs, or will.
  const last = certificates.reduce((a, b) => (a.validToDate > b.validToDate ? a : b));
  const [fromMs, toMs] = [last.validFromDate.getTime(), last.validToDate.getTime()];
  if (toMs <= nowMs) return failed(check, `the CA in caBundle ended ${span(nowMs - toMs)} ago`);
  if (certificates.every(({ validFromDate }) => validFromDate.getTime() > nowMs))
    return failed(check, `the CA in caBundle is not valid yet, by the clock here: it begins in ${span(fromMs - nowMs)}`);
  return (toMs - nowMs) / (toMs - fromMs) < LEAST_SHARE
    ? warning(check, `the CA in caBundle ends in ${span(toMs - nowMs)}, of ${span(toMs - fromMs)}, and should have been renewed`)
    : ok(check, `the CA in caBundle is good for ${span(toMs - nowMs)}`);
}

/**
 * What a replica greets an apiserver with, by its own word: it asks itself over TLS and compares with the published
 * caBundle. Nothing where it is not reached, which is said elsewhere.
 */
function leafOutcome({ name, metrics }: Replica, lifetimeMs: number | undefined): Outcome[] {
  const check = `webhook-certificate ${name}`;
  if (metrics === undefined) return [];
  if (metricOf(metrics, 'mcp_sluice_webhook_certificate_trusted') === 0)
    return [failed(check, 'what it serves does not verify against the published caBundle: apiservers do not call it')];
  const seconds = metricOf(metrics, 'mcp_sluice_webhook_certificate_expiry_seconds');
  if (seconds === undefined) return [unknown(check, 'it does not say when the certificate that it serves ends')];
  const leftMs = seconds * 1000;
  if (leftMs <= 0) return [failed(check, `the certificate that it serves ended ${span(-leftMs)} ago`)];
  const told = `the certificate that it serves is trusted, and ends in ${span(leftMs)}`;
  if (lifetimeMs === undefined) return [ok(check, `${told}; how long it lasts in all is not to be seen here`)];
  return [
    leftMs / lifetimeMs < LEAST_SHARE ? warning(check, `${told}, of ${span(lifetimeMs)}: it should have been renewed`) : ok(check, told),
  ];
}

/** Without the annotation caBundle stays as it is when the CA is another, and no apiserver trusts the webhook from then on. */
function injectionOutcome(configuration: object): Outcome[] {
  const { [INJECT_CA]: from, [`${INJECT_CA}-secret`]: secret } = textsAt(configuration, 'metadata', 'annotations');
  if (from === INJECT_CA_FROM || secret !== undefined) return [];
  const told = from === undefined ? 'is not there' : `names ${from}`;
  return [
    warning(
      'webhook-ca',
      `nobody keeps caBundle: annotation ${INJECT_CA} of MutatingWebhookConfiguration mcp-sluice ${told}`,
      `kubectl annotate --overwrite mutatingwebhookconfiguration mcp-sluice ${INJECT_CA}=${INJECT_CA_FROM}`,
    ),
  ];
}

/** cert-manager's Certificate of our overlay; undefined where somebody else keeps the certificate, or it may not be read. */
async function readMounted(api: Cluster): Promise<object | undefined> {
  try {
    return await api.read(CERTIFICATE);
  } catch (error) {
    if (!isAnswered(error)) throw error;
    return undefined;
  }
}

function lifetimeOf(certificate: object | undefined): number | undefined {
  const [fromMs, toMs] = ['notBefore', 'notAfter'].map((field) => Date.parse(textAt(certificate, 'status', field)));
  return fromMs !== undefined && toMs !== undefined && toMs > fromMs ? toMs - fromMs : undefined;
}

/** In the unit that says most. */
function span(ms: number): string {
  const hours = Math.floor(ms / HOUR_MS);
  if (hours >= 72) return `${Math.floor(hours / 24)} days`;
  return hours >= 2 ? `${hours} hours` : `${Math.floor(ms / 60_000)} minutes`;
}

function parse(pem: string): X509Certificate[] {
  try {
    return [new X509Certificate(pem)];
  } catch {
    return [];
  }
}
