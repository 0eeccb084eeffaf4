import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { admit, configMapsOf } from '../src/inject/admit.ts';
import { createApp } from './app.ts';
import type { KeyPair } from './certificate.ts';
import { createMaterial, expiryMs } from './certificate-material.ts';
import { createClusterFacts, type FactsSource } from './facts.ts';
import { createJudge, type Images } from './judge.ts';
import type { KubeApi } from './kube-api.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { SYSTEM_NAMESPACE, serviceNames } from './names.ts';
import type { ClusterOptions, Options, StandaloneOptions } from './options.ts';
import { startServer, type WebhookServer } from './server.ts';
import { createFileFacts, createLocalCertificate } from './standalone.ts';
import { startStewardship } from './stewardship.ts';

/** Until the endpoints of the Service and every apiserver's connections have forgotten us. */
const LEAVE_AFTER_MS = 5000;
/** With `LEAVE_AFTER_MS` well within the pod's terminationGracePeriodSeconds of 30. */
const FINISH_WITHIN_MS = 5000;

export interface Effects {
  readonly log: Logger;
  readonly clock: () => number;
}

export interface Timing {
  readonly leaveAfterMs?: number;
  readonly lookEveryMs?: number;
}

export interface Webhook {
  readonly address: AddressInfo;
  /** Not ready from now on; serves on for a moment, finishes what is under way, then is gone. */
  stop(): Promise<void>;
}

/** In a cluster: serves at once, with a certificate that nobody trusts until the agreed one is there, so that probes get answers. */
export async function startInCluster(
  options: ClusterOptions,
  api: KubeApi,
  effects: Effects,
  { leaveAfterMs = LEAVE_AFTER_MS, lookEveryMs }: Timing = {},
): Promise<Webhook> {
  const { clock, log } = effects;
  const names = serviceNames(options.podNamespace);
  let served: KeyPair = (await createMaterial(names, clock())).leaf;
  let images: Images | undefined;
  const metrics = createMetrics(() => expiryMs(served.certificate), clock);
  // Both exist once the server listens, and nothing asks before.
  let unmet = (): readonly string[] => ['starting'];
  const source = createClusterFacts(api, clock);
  const server = await serve({ options, effects, metrics, source, certificate: served, images: () => images, unready: () => unmet() });
  const stewardship = startStewardship({
    ...{ api, names, clock, metrics, log, namespace: options.podNamespace, podName: options.podName },
    ...(options.image !== undefined && { image: options.image }),
    ...(lookEveryMs !== undefined && { lookEveryMs }),
    serve(certificate) {
      if (certificate.certificate === served.certificate) return;
      server.serve(certificate);
      served = certificate;
    },
    isServing: () => stillValid(served, clock()),
    useImages(found) {
      images = found;
    },
  });
  unmet = () => [...stewardship.unmet(), ...(stillValid(served, clock()) ? [] : ['the certificate has ended'])];
  return {
    address: server.address,
    async stop() {
      unmet = () => ['stopping'];
      server.startDraining();
      await new Promise((resolve) => setTimeout(resolve, leaveAfterMs));
      stewardship.stop();
      await server.close(FINISH_WITHIN_MS);
    },
  };
}

/** Without a cluster: for the demo, and to try things out. */
export async function startStandalone(options: StandaloneOptions, effects: Effects): Promise<Webhook> {
  const names = serviceNames(SYSTEM_NAMESPACE);
  const source = createFileFacts(options.namespacesFile);
  const { leaf } = await createLocalCertificate(options.tlsDirectory, [...names, 'localhost'], effects.clock());
  const metrics = createMetrics(() => expiryMs(leaf.certificate), effects.clock);
  const images = { image: options.image, allowedImages: [options.image] };
  const server = await serve({ options, effects, metrics, source, certificate: leaf, images: () => images, unready: () => [] });
  return { address: server.address, stop: () => server.close(FINISH_WITHIN_MS) };
}

interface ServeOptions {
  readonly options: Options;
  readonly effects: Effects;
  readonly metrics: Metrics;
  readonly source: FactsSource;
  readonly certificate: KeyPair;
  readonly images: () => Images | undefined;
  readonly unready: () => readonly string[];
}

function serve({ options, effects: { log, clock }, metrics, source, certificate, images, unready }: ServeOptions): Promise<WebhookServer> {
  const judge = createJudge({ admit, configMapsOf, source, images, defaults: options.defaults, clock });
  const handler = createApp({ judge, metrics, log, unready, clock });
  return startServer({ ...options.listen, certificate, handler });
}

function stillValid({ certificate }: KeyPair, nowMs: number): boolean {
  return (expiryMs(certificate) ?? 0) > nowMs;
}
