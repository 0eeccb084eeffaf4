/** What the installation's objects are called; manifests/ says the same (test/unit/webhook/manifests.test.ts). */
export const SYSTEM_NAMESPACE = 'mcp-sluice-system';
export const SERVICE = 'mcp-sluice-webhook';
export const CERTIFICATE_SECRET = 'mcp-sluice-webhook-certificate';
export const IMAGES_CONFIG_MAP = 'mcp-sluice-images';
export const WEBHOOK_CONFIGURATION = 'mcp-sluice';
/** The container of our own pod whose image is the one we inject. */
export const WEBHOOK_CONTAINER = 'webhook';
/** Of the port that reviews come to, in our own pod. */
export const HTTPS_PORT_NAME = 'https';
/** Of our own pods. */
export const WEBHOOK_LABELS = { 'app.kubernetes.io/name': 'mcp-sluice', 'app.kubernetes.io/component': 'webhook' } as const;

/** The names by which an apiserver, or a person with curl, may call the Service. */
export function serviceNames(namespace: string): readonly [string, ...string[]] {
  const name = `${SERVICE}.${namespace}.svc`;
  return [name, `${name}.cluster.local`, `${SERVICE}.${namespace}`, SERVICE];
}
