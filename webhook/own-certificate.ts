import { type Authorities, ageOfNextMs, endsSoon } from './authorities.ts';
import { publishBundle, readBundle } from './ca-bundle.ts';
import { BACKDATE_MS, issueLeaf, type KeyPair, LEAF_LIFETIME_MS } from './certificate.ts';
import type { CertificateKeeper, KeeperOptions } from './certificate-keeper.ts';
import { agreeOnAuthorities, promoteInSecret } from './certificate-secret.ts';
import { expiryMs, parseCertificate, splitBundle } from './pem.ts';
import { distrustedReplicas, listReplicas } from './replicas.ts';
import { distrust, readServedChain } from './served-chain.ts';
import { stillServed } from './still-served.ts';

/** In which every apiserver has read a configuration that was written, also one that was cut off for a while. */
const SETTLE_MS = 10 * 60_000;
const RENEW_LEAF_AT_REMAINING = 1 / 3;
/** Two of them in the last third, so that one may fail. */
const LOOKS_IN_A_LEAFS_LIFE = 6;

export interface OwnCertificateOptions extends KeeperOptions {
  readonly settleMs?: number;
  /** Default 24 h. */
  readonly leafLifetimeMs?: number;
}

/** How seldom a keeper may be asked to look, in milliseconds, and still renew each leaf in time. */
export function longestIntervalMs(leafLifetimeMs = LEAF_LIFETIME_MS): number {
  return leafLifetimeMs / LOOKS_IN_A_LEAFS_LIFE;
}

/**
 * A leaf of our own, signed by the CA that all replicas share. The order is the point: agreed, published, read back, and
 * only then served. A new CA is published beside the one that signs; it signs once every replica's served chain verifies
 * against what was read back; the one before is trusted until it ends. Whatever somebody does to the Secret or to the
 * bundle, no write of ours takes a CA away by which a replica serves.
 */
export function keepOwnCertificate(options: OwnCertificateOptions): CertificateKeeper {
  const { api, namespace, names, clock, log, served, settleMs = SETTLE_MS, leafLifetimeMs = LEAF_LIFETIME_MS } = options;
  let agreed: Authorities | undefined;
  /** As it was last read back, and as it was at the look before that. */
  let published = '';
  let publishedBefore = '';
  let leaf: { readonly pair: KeyPair; readonly signer: string } | undefined;
  let distrusted: string | undefined;
  let standing = '';

  async function agree(): Promise<Authorities> {
    const known = { serving: () => leaf?.signer ?? '', trusted: () => agreed?.bundle ?? '' };
    agreed = await agreeOnAuthorities({ api, namespace, clock, ...known, log: (message) => log.info(message) });
    return agreed;
  }

  async function publish(): Promise<void> {
    publishedBefore = published;
    try {
      const read = await publishBundle(api, namespace, async (before) => {
        const { bundle } = await agree();
        return bundle + (await stillServed({ api, namespace, serverName: names[0] }, { before, after: bundle, own: leaf?.signer }));
      });
      if (read.isWritten) log.info('wrote caBundle');
      published = read.bundle;
    } catch (error) {
      // Somebody may have published something else, which we cannot write over.
      published = await readBundle(api, namespace).catch(() => published);
      throw error;
    }
  }

  /** Why another leaf has to be signed, undefined where the one that there is does. */
  function faultOfLeaf(signer: string, nowMs: number): string | undefined {
    const certificate = leaf && parseCertificate(leaf.pair.certificate);
    if (leaf === undefined || certificate === undefined) return 'there is none yet';
    if (leaf.signer === signer) {
      const [from, to] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
      if (nowMs < from) return 'it is not valid yet';
      // From when it was signed: the hour before that is a courtesy to clocks, and would be most of a short life.
      return (to - nowMs) / (to - from - BACKDATE_MS) < RENEW_LEAF_AT_REMAINING ? 'it ends soon' : undefined;
    }
    if (isIn(signer, published) && isIn(signer, publishedBefore)) return 'there is a new CA';
    // Where nobody trusts what we serve, nothing is lost by serving what somebody may trust soon.
    return distrust([certificate], published, names[0], nowMs);
  }

  async function keepServing(): Promise<void> {
    const { signer } = agreed ?? (await agree());
    const fault = faultOfLeaf(signer.certificate, clock());
    try {
      if (fault !== undefined) {
        leaf = { pair: await issueLeaf(signer, names, clock(), leafLifetimeMs), signer: signer.certificate };
        served.serve(leaf.pair);
        log.info({ reason: fault }, 'serves a new certificate');
      }
    } finally {
      // Also where no leaf could be signed: readiness tells what is served now, not what was true of it once.
      distrusted = distrust(await readServedChain(served.address(), names[0]), published, names[0], clock());
    }
    if (distrusted !== undefined) throw new Error(distrusted);
  }

  // No failure of it is one of this replica: a pod that is started meanwhile has to become ready all the same.
  async function rotate(): Promise<void> {
    if (agreed?.next === undefined || ageOfNextMs(agreed, clock()) < settleMs) return;
    const obstacles = await obstaclesTo(agreed.next.certificate).catch(sentence);
    if (obstacles.length === 0 || endsSoon(agreed, clock())) obstacles.push(...(await promote(agreed).catch(sentence)));
    if (obstacles.length > 0 && obstacles.join() !== standing) log.warn({ obstacles }, 'the next CA cannot sign yet');
    standing = obstacles.join();
  }

  async function promote(authorities: Authorities): Promise<string[]> {
    if (await promoteInSecret({ api, namespace, clock }, authorities)) log.info('the next CA signs from now on');
    return [];
  }

  async function obstaclesTo(next: string): Promise<string[]> {
    const bundle = await readBundle(api, namespace);
    if (!isIn(next, bundle)) return ['it is not in the published caBundle'];
    const replicas = await listReplicas(api, namespace);
    if (replicas.length === 0) return ['no replica is listed, not even this one'];
    return await distrustedReplicas(replicas, { bundle, serverName: names[0], clock });
  }

  return {
    duties: [
      { name: 'certificate', fulfil: agree },
      { name: 'ca-bundle', fulfil: publish },
      { name: 'served-certificate', fulfil: keepServing },
      { name: 'ca-rotation', fulfil: rotate },
    ],
    distrusted: () => distrusted,
    authorityExpiryMs: () => agreed && expiryMs(agreed.signer.certificate),
  };
}

function sentence(error: unknown): string[] {
  return [error instanceof Error ? error.message : String(error)];
}

function isIn(certificate: string, bundle: string): boolean {
  return splitBundle(bundle).includes(certificate);
}
