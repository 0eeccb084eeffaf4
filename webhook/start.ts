import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { admit, configMapsOf } from '../src/inject/admit.ts';
import { createApp } from './app.ts';
import { createAuthorities } from './authorities.ts';
import { issueLeaf, type KeyPair } from './certificate.ts';
import type { CertificateKeeper, Served } from './certificate-keeper.ts';
import { createClusterFacts, type FactsSource } from './facts.ts';
import { createJudge, type Images } from './judge.ts';
import type { KubeApi } from './kube-api.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { keepMountedCertificate } from './mounted-certificate.ts';
import { SYSTEM_NAMESPACE, serviceNames } from './names.ts';
import type { ClusterOptions, Options, StandaloneOptions } from './options.ts';
import { keepOwnCertificate, longestIntervalMs } from './own-certificate.ts';
import { expiryMs } from './pem.ts';
import { startReporter } from './reporter.ts';
import { dialable } from './served-chain.ts';
import { startServer, type WebhookServer } from './server.ts';
import { createFileFacts, createLocalCertificate } from './standalone.ts';
import { LOOK_EVERY_MS, startStewardship } from './stewardship.ts';

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
  /** How long a new CA is published before it may sign. */
  readonly settleMs?: number;
  readonly reportEveryMs?: number;
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
  { leaveAfterMs = LEAVE_AFTER_MS, settleMs, reportEveryMs, ...timing }: Timing = {},
): Promise<Webhook> {
  const { log } = effects;
  const namespace = options.podNamespace;
  const { leafLifetimeMs } = options;
  const lookEveryMs = timing.lookEveryMs ?? Math.min(LOOK_EVERY_MS, longestIntervalMs(leafLifetimeMs));
  const names = serviceNames(namespace);
  // Certificates are for apiservers to verify, by their clock, whatever this node's says.
  const clock = () => effects.clock() + api.skewMs();
  let certificate: KeyPair = await issueLeaf((await createAuthorities(clock())).signer, names, clock());
  let images: Images | undefined;
  // Both exist once the server listens, and nothing asks before.
  let unmet = (): readonly string[] => ['starting'];
  let keeper: CertificateKeeper | undefined;
  const metrics = createMetrics({
    leafExpiryMs: () => expiryMs(certificate.certificate),
    authorityExpiryMs: () => keeper?.authorityExpiryMs(),
    isTrusted: () => keeper !== undefined && unmet().every((each) => !each.startsWith('served-certificate')),
    clock,
  });
  const source = createClusterFacts(api, effects.clock);
  const server = await serve({ options, effects, metrics, source, certificate, images: () => images, unready: () => unmet() });
  const served: Served = {
    serve(renewed) {
      server.serve(renewed);
      certificate = renewed;
    },
    address: () => dialable(server.address),
  };
  const keeping = { api, namespace, names, clock, log, served };
  keeper =
    options.tlsDirectory === undefined
      ? keepOwnCertificate({
          ...keeping,
          ...(settleMs !== undefined && { settleMs }),
          ...(leafLifetimeMs !== undefined && { leafLifetimeMs }),
        })
      : keepMountedCertificate({ ...keeping, directory: options.tlsDirectory });
  const stewardship = startStewardship({
    ...{ api, keeper, metrics, log, namespace, podName: options.podName, lookEveryMs },
    ...(options.image !== undefined && { image: options.image }),
    useImages(found) {
      images = found;
    },
  });
  const reporter = startReporter({
    ...{ api, namespace, source, clock, log, metrics, podName: options.podName, images: () => images },
    defaults: options.defaults,
    ...(reportEveryMs !== undefined && { everyMs: reportEveryMs }),
  });
  unmet = () => [...stewardship.unmet(), ...((expiryMs(certificate.certificate) ?? 0) > clock() ? [] : ['the certificate has ended'])];
  return {
    address: server.address,
    async stop() {
      unmet = () => ['stopping'];
      server.startDraining();
      await new Promise((resolve) => setTimeout(resolve, leaveAfterMs));
      stewardship.stop();
      reporter.stop();
      await server.close(FINISH_WITHIN_MS);
    },
  };
}

/** Without a cluster: for the demo, and to try things out. */
export async function startStandalone(options: StandaloneOptions, effects: Effects): Promise<Webhook> {
  const names = serviceNames(SYSTEM_NAMESPACE);
  const source = createFileFacts(options.namespacesFile);
  const leaf = await createLocalCertificate(options.tlsDirectory, [...names, 'localhost'], effects.clock());
  const metrics = createMetrics({
    ...{ leafExpiryMs: () => expiryMs(leaf.certificate), authorityExpiryMs: () => undefined },
    ...{ isTrusted: () => true, clock: effects.clock },
  });
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
  const judge = createJudge({
    admit,
    configMapsOf,
    source,
    images,
    defaults: options.defaults,
    imagePullSecrets: options.imagePullSecrets ?? [],
    clock,
  });
  const handler = createApp({ judge, metrics, log, unready });
  return startServer({ ...options.listen, certificate, handler });
}
