import { CONFLICT, type KubeApi, type KubeObject, kubePaths } from './kube-api.ts';
import { SERVICE, WEBHOOK_CONFIGURATION } from './names.ts';
import { isSameBundle } from './pem.ts';

interface WebhookEntry {
  readonly name?: string;
  readonly clientConfig?: { readonly service?: { readonly name?: string; readonly namespace?: string }; readonly caBundle?: string };
}

export interface Published {
  /** PEM of what the apiserver trusts, as it was read back; nothing where two of our entries differ. */
  readonly bundle: string;
  readonly isWritten: boolean;
}

/**
 * Has the apiserver trust our certificates: `caBundle` of those webhooks of our own configuration that call our Service,
 * by server-side apply, so that the managed fields say that this field is ours and nothing else. Somebody who overwrites
 * it (GitOps, managed clouds) is overwritten at the next look.
 *
 * `wantedFor` is told what is published, by any of the webhooks, and says what is to be. It is asked after the
 * configuration was read: had another replica published a newer one since, our write would be over a version that is
 * gone, and fail. So no replica ever takes back what another published.
 *
 * @throws KubeError, and when the configuration is not there, does not call our Service, or changed while we wrote.
 */
export async function publishBundle(
  api: KubeApi,
  namespace: string,
  wantedFor: (published: string) => Promise<string>,
): Promise<Published> {
  const found = await readConfiguration(api);
  const stale = callingUs(found, namespace);
  const wanted = await wantedFor(stale.map(bundleOf).join('\n'));
  if (stale.every((entry) => isSameBundle(bundleOf(entry), wanted))) return { bundle: publishedIn(found, namespace), isWritten: false };
  const caBundle = Buffer.from(wanted).toString('base64');
  const written = await api.apply(kubePaths.webhookConfiguration(WEBHOOK_CONFIGURATION), {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: WEBHOOK_CONFIGURATION, resourceVersion: found.metadata?.resourceVersion ?? '' },
    webhooks: stale.map(({ name }) => ({ name, clientConfig: { caBundle } })),
  });
  const isPublished = written !== CONFLICT && isSameBundle(publishedIn(written, namespace), wanted);
  if (!isPublished) throw new Error(`MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} changed while we wrote caBundle`);
  return { bundle: publishedIn(written, namespace), isWritten: true };
}

/**
 * What the apiserver trusts, whoever wrote it.
 *
 * @throws KubeError, and when the configuration is not there or does not call our Service.
 */
export async function readBundle(api: KubeApi, namespace: string): Promise<string> {
  return publishedIn(await readConfiguration(api), namespace);
}

async function readConfiguration(api: KubeApi): Promise<KubeObject> {
  const found = await api.read(kubePaths.webhookConfiguration(WEBHOOK_CONFIGURATION));
  if (found === undefined) throw new Error(`MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} is not there`);
  return found;
}

function callingUs(configuration: KubeObject, namespace: string): WebhookEntry[] {
  const entries = (configuration['webhooks'] as readonly WebhookEntry[] | undefined) ?? [];
  const ours = entries.filter(
    ({ clientConfig }) => clientConfig?.service?.name === SERVICE && clientConfig.service.namespace === namespace,
  );
  if (ours.length > 0) return ours;
  throw new Error(`MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} does not call Service ${namespace}/${SERVICE}`);
}

function publishedIn(configuration: KubeObject, namespace: string): string {
  const [first = '', ...others] = callingUs(configuration, namespace).map(bundleOf);
  return others.every((each) => isSameBundle(each, first)) ? first : '';
}

function bundleOf(entry: WebhookEntry): string {
  return Buffer.from(entry.clientConfig?.caBundle ?? '', 'base64').toString('latin1');
}
