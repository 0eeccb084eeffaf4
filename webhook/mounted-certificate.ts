import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBundle } from './ca-bundle.ts';
import type { KeyPair } from './certificate.ts';
import type { CertificateKeeper, KeeperOptions } from './certificate-keeper.ts';
import { expiryMs, isKeyOf, parseCertificate, splitBundle } from './pem.ts';
import { distrust, readServedChain } from './served-chain.ts';

export interface MountedCertificateOptions extends KeeperOptions {
  /** A Secret of type kubernetes.io/tls, mounted: `tls.crt`, `tls.key`, and `ca.crt` where there is one. */
  readonly directory: string;
}

/** As it was read together, leaf first. */
interface Mounted extends KeyPair {
  readonly chain: readonly X509Certificate[];
}

/**
 * A certificate that somebody else makes, renews and publishes, cert-manager as a rule. Read again at every look, as its
 * mount changes under us; a broken one leaves the last good one in service. caBundle is read and never written.
 *
 * Whoever renews both a CA and its leaf writes the mount and caBundle one after the other, or leaves the second to somebody
 * who is slow or away. So a leaf that caBundle does not vouch for waits while the one that is served is still trusted.
 */
export function keepMountedCertificate(options: MountedCertificateOptions): CertificateKeeper {
  const { api, namespace, names, clock, log, served, directory } = options;
  const read = (file: string) => readFile(join(directory, file), 'utf8');
  let mounted: Mounted | undefined;
  let serving: Mounted | undefined;
  let waiting: Mounted | undefined;
  /** As it was last read, and as it was at the look before that. */
  let published = '';
  let publishedBefore = '';
  let distrusted: string | undefined;
  let authorityExpiryMs: number | undefined;

  async function load(): Promise<void> {
    const [certificate, key, authority] = await Promise.all([read('tls.crt'), read('tls.key'), read('ca.crt').catch(() => '')]);
    const chain = splitBundle(certificate).flatMap((each) => parseCertificate(each) ?? []);
    // Also when a renewal came between the two reads: the next look has both.
    if (chain[0] === undefined || !isKeyOf(chain[0], key))
      throw new Error(`${directory}: tls.crt or tls.key is broken, or they do not match`);
    authorityExpiryMs = expiryMs(authority);
    if (certificate !== mounted?.certificate) mounted = { certificate, key, chain };
  }

  async function readPublished(): Promise<void> {
    const bundle = await readBundle(api, namespace);
    [publishedBefore, published] = [published, bundle];
  }

  const distrustBy = (bundle: string, chain: readonly X509Certificate[]) => distrust(chain, bundle, names[0], clock());

  /** Two looks, as there may be several apiservers, and each reads the configuration in its own time. */
  function isVouchedFor({ chain }: Mounted): boolean {
    return [published, publishedBefore].every((bundle) => distrustBy(bundle, chain) === undefined);
  }

  function take(next: Mounted): void {
    // Where nobody trusts what is served, nothing is lost by serving what somebody may trust soon.
    if (isVouchedFor(next) || serving === undefined || distrustBy(published, serving.chain) !== undefined) {
      served.serve(next);
      serving = next;
      log.info({ until: next.chain[0]?.validTo }, 'serves a new certificate');
    } else if (waiting !== next) {
      waiting = next;
      log.warn('the mounted certificate is not served yet: caBundle does not vouch for it, and does for the one before');
    }
  }

  async function keepServing(): Promise<void> {
    try {
      if (mounted !== undefined && mounted !== serving) take(mounted);
    } finally {
      // Also where TLS would not take it: readiness tells what is served now, not what was true of it once.
      distrusted = distrustBy(published, await readServedChain(served.address(), names[0]));
    }
    if (distrusted !== undefined) throw new Error(distrusted);
  }

  return {
    duties: [
      { name: 'certificate', fulfil: load },
      { name: 'ca-bundle', fulfil: readPublished },
      { name: 'served-certificate', fulfil: keepServing },
    ],
    distrusted: () => distrusted,
    authorityExpiryMs: () => authorityExpiryMs,
  };
}
