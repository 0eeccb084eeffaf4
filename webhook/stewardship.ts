import type { Logger } from 'pino';
import { publishBundle } from './ca-bundle.ts';
import type { KeyPair } from './certificate.ts';
import type { CertificateMaterial } from './certificate-material.ts';
import { agreeOnCertificate } from './certificate-secret.ts';
import { type Moment, publishImages, readOwnImage } from './images.ts';
import type { Images } from './judge.ts';
import type { KubeApi } from './kube-api.ts';
import type { Metrics } from './metrics.ts';
import { startUpkeep, type Upkeep } from './upkeep.ts';

/** How soon what somebody else overwrote or deleted is put right. */
const LOOK_EVERY_MS = 30_000;
const RETRY_MS = 1000;

export interface StewardshipOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly podName: string;
  readonly names: readonly [string, ...string[]];
  /** Absent: that of our own pod. */
  readonly image?: string;
  readonly clock: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly serve: (certificate: KeyPair) => void;
  /** Whether what is served now is the agreed certificate of some time, and valid. */
  readonly isServing: () => boolean;
  readonly useImages: (images: Images) => void;
  readonly lookEveryMs?: number;
}

/**
 * The three things that an installation keeps true about itself: one certificate, trusted by the apiserver, and one pair
 * of images. The order of a renewal is the point: agreed, published, and only then served.
 */
export function startStewardship(options: StewardshipOptions): Upkeep {
  const { api, namespace, names, clock, log, metrics, serve, useImages } = options;
  let agreed: CertificateMaterial | undefined;
  let own = options.image;
  let moment: Moment = 'start';

  async function agree(): Promise<void> {
    const isFirst = agreed === undefined;
    const trusted = () => agreed?.bundle ?? '';
    agreed = await agreeOnCertificate({ api, namespace, names, clock, trusted, log: (message) => log.info(message) });
    // Nothing better to greet with: the apiserver may trust it already, by another replica.
    if (isFirst || !options.isServing()) serve(agreed.leaf);
  }

  async function publish(): Promise<void> {
    if (agreed === undefined) throw new Error('no certificate is agreed on yet');
    if ((await publishBundle(api, namespace, agreed.bundle)) === 'written') log.info('wrote caBundle');
    serve(agreed.leaf);
  }

  async function publishOwnImage(): Promise<void> {
    own ??= await readOwnImage(api, namespace, options.podName);
    useImages(await publishImages(api, namespace, own, moment));
    moment = 'later';
  }

  return startUpkeep({
    duties: [
      { name: 'certificate', fulfil: agree },
      { name: 'ca-bundle', fulfil: publish },
      { name: 'images', fulfil: publishOwnImage },
    ],
    intervalMs: options.lookEveryMs ?? LOOK_EVERY_MS,
    retryMs: RETRY_MS,
    onFailure(duty, error) {
      metrics.upkeepFailed(duty);
      log.warn({ duty, err: error }, 'could not be put right; trying again');
    },
  });
}
