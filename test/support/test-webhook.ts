import { type Agent, type RequestOptions, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { type Logger, pino } from 'pino';
import { type KubeObject, kubePaths } from '../../webhook/kube-api.ts';
import { WEBHOOK_LABELS } from '../../webhook/names.ts';
import { startInCluster, type Timing, type Webhook } from '../../webhook/start.ts';
import { createFakeKube, type FakeKube } from './fake-kube.ts';

export const SYSTEM = 'mcp-sluice-system';
export const SERVER_NAME = 'mcp-sluice-webhook.mcp-sluice-system.svc';
export const IMAGE = 'registry.test/mcp-sluice:1';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}
export interface TestWebhook {
  readonly kube: FakeKube;
  readonly webhook: Webhook;
  readonly port: number;
  /** Lines of the log, parsed. */
  readonly lines: Record<string, unknown>[];
  /** What the apiserver would verify with. */
  ca(): string;
}
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly agent?: Agent;
}

/** An apiserver's objects as an installation makes them, without the caBundle. */
export function createCluster(): FakeKube {
  const kube = createFakeKube();
  const clientConfig = { service: { name: 'mcp-sluice-webhook', namespace: SYSTEM } };
  kube.put(kubePaths.webhookConfiguration('mcp-sluice'), {
    metadata: { name: 'mcp-sluice' },
    webhooks: [{ name: 'inject', clientConfig }],
  });
  kube.put(kubePaths.namespace('shop'), { metadata: { name: 'shop' } });
  for (const name of ['a', 'b']) kube.put(kubePaths.pod(SYSTEM, name), podOf(name));
  return kube;
}

/** A pod of the webhook's Deployment, at a port of loopback where it is known. */
export function podOf(name: string, port?: number, image = IMAGE): KubeObject {
  const ports = [{ name: 'https', containerPort: port }];
  return {
    metadata: { name, namespace: SYSTEM, labels: WEBHOOK_LABELS },
    spec: { containers: [{ name: 'webhook', image, ...(port !== undefined && { ports }) }] },
    status: { phase: 'Running', podIP: '127.0.0.1' },
  };
}

export function caBundle(kube: FakeKube): string {
  const configuration = kube.objects.get(kubePaths.webhookConfiguration('mcp-sluice'));
  const [first] = (configuration?.['webhooks'] ?? []) as { clientConfig: { caBundle?: string } }[];
  return Buffer.from(first?.clientConfig.caBundle ?? '', 'base64').toString();
}

export interface TestOptions extends Timing {
  readonly clock?: () => number;
  readonly tlsDirectory?: string;
}

/** A replica on a port of its own, with the timing of a test unless told otherwise. */
export async function startTestWebhook(
  kube = createCluster(),
  podName = 'a',
  { clock = Date.now, tlsDirectory, ...timing }: TestOptions = {},
): Promise<TestWebhook> {
  const lines: Record<string, unknown>[] = [];
  const log: Logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const options = {
    standalone: false,
    listen: { host: '127.0.0.1', port: 0 },
    defaults: {},
    logLevel: 'debug',
    podName,
    podNamespace: SYSTEM,
    ...(tlsDirectory !== undefined && { tlsDirectory }),
  } as const;
  const webhook = await startInCluster(options, kube, { log, clock }, { leaveAfterMs: 0, lookEveryMs: 50, settleMs: 0, ...timing });
  // As the kubelet and the scheduler would say it.
  kube.put(kubePaths.pod(SYSTEM, podName), podOf(podName, webhook.address.port));
  return { kube, webhook, port: webhook.address.port, lines, ca: () => caBundle(kube) };
}

/** Waits until the webhook says that it is ready, whoever vouches for it. */
export async function untilReady({ port }: TestWebhook): Promise<void> {
  while ((await ask({ port }, '/readyz', { insecure: true })).status !== 200) await sleep(20);
}

/** One request, as an apiserver makes it: by the Service's name, verified with the CA. */
export function ask(
  { port, ca }: { port: number; ca?: () => string },
  path: string,
  { body, insecure, ...options }: Ask & Pick<RequestOptions, 'minVersion' | 'maxVersion' | 'ciphers'> & { insecure?: true } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({
      ...{ host: '127.0.0.1', port, path, servername: SERVER_NAME },
      ...(insecure ? { rejectUnauthorized: false } : { ca: ca?.() ?? '' }),
      ...{ method: body === undefined ? 'GET' : 'POST', ...options, headers: { 'Content-Type': 'application/json', ...options.headers } },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    asked.end(body);
  });
}

/** A review of a pod that asks for the sidecar, with these fields changed. */
export function reviewOf(changes: object = {}): string {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'cart', namespace: 'shop', annotations: { 'mcp-sluice.dev/inject': 'true' } },
    spec: { containers: [{ name: 'app', image: 'app:1', ports: [{ containerPort: 8080 }] }] },
  };
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const request = {
    uid: 'u-1',
    kind,
    operation: 'CREATE',
    namespace: 'shop',
    name: 'cart',
    object,
    oldObject: null,
    dryRun: false,
    ...changes,
  };
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
}

/** Fingerprint of what a new connection is greeted with. */
export function servedCertificate(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: SERVER_NAME, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.end();
    });
    socket.on('error', reject);
  });
}
