import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBundle } from './ca-bundle.ts';
import type { CertificateKeeper, KeeperOptions } from './certificate-keeper.ts';
import { expiryMs, isKeyOf, parseCertificate } from './pem.ts';
import { distrust, readServedChain } from './served-chain.ts';

export interface MountedCertificateOptions extends KeeperOptions {
  /** A Secret of type kubernetes.io/tls, mounted: `tls.crt`, `tls.key`, and `ca.crt` where there is one. */
  readonly directory: string;
}

/**
 * A certificate that somebody else makes, renews and publishes, cert-manager as a rule. Read again at every look, as its
 * mount changes under us; a broken one leaves the last good one in service. caBundle is read and never written.
 */
export function keepMountedCertificate(options: MountedCertificateOptions): CertificateKeeper {
  const { api, namespace, names, clock, log, served, directory } = options;
  const read = (file: string) => readFile(join(directory, file), 'utf8');
  let serving = '';
  let published = '';
  let distrusted: string | undefined;
  let authorityExpiryMs: number | undefined;

  async function load(): Promise<void> {
    const [certificate, key, authority] = await Promise.all([read('tls.crt'), read('tls.key'), read('ca.crt').catch(() => '')]);
    const parsed = parseCertificate(certificate);
    // Also when a renewal came between the two reads: the next look has both.
    if (parsed === undefined || !isKeyOf(parsed, key)) throw new Error(`${directory}: tls.crt or tls.key is broken, or they do not match`);
    authorityExpiryMs = expiryMs(authority);
    if (certificate === serving) return;
    served.serve({ certificate, key });
    serving = certificate;
    log.info({ until: parsed.validTo }, 'serves a new certificate');
  }

  async function compare(): Promise<void> {
    const chain = await readServedChain(served.address(), names[0]);
    distrusted = distrust(chain, published, names[0], clock());
    if (distrusted !== undefined) throw new Error(distrusted);
  }

  return {
    duties: [
      { name: 'certificate', fulfil: load },
      {
        name: 'ca-bundle',
        fulfil: async () => {
          published = await readBundle(api, namespace);
        },
      },
      { name: 'served-certificate', fulfil: compare },
    ],
    distrusted: () => distrusted,
    authorityExpiryMs: () => authorityExpiryMs,
  };
}
