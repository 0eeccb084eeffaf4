import type { Logger } from 'pino';
import type { CertificateKeeper } from './certificate-keeper.ts';
import { publishImages, readOwnImage } from './images.ts';
import type { Images } from './judge.ts';
import type { KubeApi } from './kube-api.ts';
import type { Metrics } from './metrics.ts';
import { startUpkeep, type Upkeep } from './upkeep.ts';

/** How soon what somebody else overwrote or deleted is put right. */
export const LOOK_EVERY_MS = 30_000;
const RETRY_MS = 1000;

export interface StewardshipOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly podName: string;
  /** Absent: that of our own pod. */
  readonly image?: string;
  readonly keeper: CertificateKeeper;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly useImages: (images: Images) => void;
  readonly lookEveryMs?: number;
}

/** What an installation keeps true about itself: a certificate that the apiserver takes, and the images of its replicas. */
export function startStewardship(options: StewardshipOptions): Upkeep {
  const { api, namespace, keeper, log, metrics, useImages } = options;
  let own = options.image;

  async function publishOwnImage(): Promise<void> {
    own ??= await readOwnImage(api, namespace, options.podName);
    useImages(await publishImages(api, namespace, own));
  }

  const upkeep = startUpkeep({
    duties: [...keeper.duties, { name: 'images', fulfil: publishOwnImage }],
    intervalMs: options.lookEveryMs ?? LOOK_EVERY_MS,
    retryMs: RETRY_MS,
    onFailure(duty, error) {
      metrics.upkeepFailed(duty);
      log.warn({ duty, err: error }, 'could not be put right; trying again');
    },
  });
  return {
    unmet() {
      const unmet = upkeep.unmet();
      const distrusted = keeper.distrusted();
      // Every review that came here would fail; the other replica may fare better.
      return distrusted === undefined || unmet.some((each) => each.endsWith(distrusted))
        ? unmet
        : [...unmet, `served-certificate: ${distrusted}`];
    },
    stop: () => upkeep.stop(),
  };
}
