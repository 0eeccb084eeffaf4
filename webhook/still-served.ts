import type { X509Certificate } from 'node:crypto';
import { type KubeApi, KubeError } from './kube-api.ts';
import { parseCertificate, splitBundle } from './pem.ts';
import { listServing } from './replicas.ts';
import { isIssuedBy, readServedChain } from './served-chain.ts';

const FORBIDDEN = 403;

export interface Bundles {
  /** PEM of what is published. */
  readonly before: string;
  /** PEM of what is to be. */
  readonly after: string;
  /** The CA of what this replica serves. */
  readonly own: string | undefined;
}

/**
 * Of the CAs that `after` would take away from `before`, those by which a replica serves now, this one or one that was
 * asked: a replica that starts knows of no CA but the Secret's. What no replica serves by goes, so that whoever once
 * wrote caBundle is not trusted for ever. Whatever their dates: the clock may have jumped, and a leaf is signed anew in a
 * moment. A replica that cannot be asked puts its own CA back at its next look.
 *
 * @throws KubeError where the replicas could not be listed, unless nobody gave us the right to.
 */
export async function stillServed(
  { api, namespace, serverName }: { readonly api: KubeApi; readonly namespace: string; readonly serverName: string },
  { before, after, own }: Bundles,
): Promise<string> {
  const staying = new Set(splitBundle(after));
  const leaving = [...new Set(splitBundle(before))].filter((each) => !staying.has(each));
  // As a rule nothing leaves, and nobody is asked.
  if (leaving.length === 0) return '';
  const served = await servedCertificates(api, namespace, serverName);
  return leaving.filter((each) => each === own || isServedBy(each, served)).join('');
}

function isServedBy(authority: string, served: readonly X509Certificate[]): boolean {
  const issuer = parseCertificate(authority);
  return issuer?.ca === true && served.some((each) => isIssuedBy(each, issuer));
}

/** Leaves, and what is served between them and their CA where somebody else issued them. */
async function servedCertificates(api: KubeApi, namespace: string, serverName: string): Promise<X509Certificate[]> {
  const replicas = await listServing(api, namespace).catch((error: unknown) => {
    if (error instanceof KubeError && error.status === FORBIDDEN) return [];
    throw error;
  });
  const chains = await Promise.all(replicas.map(({ address }) => readServedChain(address, serverName).catch(() => [])));
  return chains.flat();
}
