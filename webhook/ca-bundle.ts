import { CONFLICT, type KubeApi, type KubeObject, kubePaths, type PatchOperation } from './kube-api.ts';
import { SERVICE, WEBHOOK_CONFIGURATION } from './names.ts';

interface WebhookEntry {
  readonly name?: string;
  readonly clientConfig?: { readonly service?: { readonly name?: string; readonly namespace?: string }; readonly caBundle?: string };
}

export type Published = 'unchanged' | 'written';

/**
 * Has the apiserver trust our certificate: `caBundle` of those webhooks of our own configuration that call our Service,
 * and no other field of anything. Somebody who overwrites it (GitOps, managed clouds) is overwritten at the next look.
 *
 * @throws KubeError, and when the configuration is not there or does not call our Service.
 */
export async function publishBundle(api: KubeApi, namespace: string, bundle: string): Promise<Published> {
  const path = kubePaths.webhookConfiguration(WEBHOOK_CONFIGURATION);
  const wanted = Buffer.from(bundle).toString('base64');
  const found = await api.read(path);
  const ours = found === undefined ? [] : callingUs(found, namespace);
  if (ours.length === 0) {
    throw new Error(
      `MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} ${found ? `does not call Service ${namespace}/${SERVICE}` : 'is not there'}`,
    );
  }
  const stale = ours.filter(({ entry }) => entry.clientConfig?.caBundle !== wanted);
  if (stale.length === 0) return 'unchanged';
  // Positions shift when others edit the list: the tests let the patch fail then, and the next look writes it.
  const operations = stale.flatMap(({ entry, index }): PatchOperation[] => [
    { op: 'test', path: `/webhooks/${index}/name`, value: entry.name },
    { op: 'test', path: `/webhooks/${index}/clientConfig/service/name`, value: SERVICE },
    { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: wanted },
  ]);
  const written = await api.patch(path, operations);
  const isPublished = written !== CONFLICT && callingUs(written, namespace).every(({ entry }) => entry.clientConfig?.caBundle === wanted);
  if (!isPublished) throw new Error(`MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} changed while we wrote caBundle`);
  return 'written';
}

function callingUs(configuration: KubeObject, namespace: string) {
  const entries = (configuration['webhooks'] as readonly WebhookEntry[] | undefined) ?? [];
  return entries
    .map((entry, index) => ({ entry, index }))
    .filter(({ entry }) => entry.clientConfig?.service?.name === SERVICE && entry.clientConfig.service.namespace === namespace);
}
