import { randomUUID } from 'node:crypto';
import { request } from 'node:https';
import { applyPatch, type PatchOp } from '../../inject/apply-patch.ts';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name?: string; readonly namespace?: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

export interface Webhook {
  readonly port: number;
  /** PEM of the CA that the webhook made for itself. */
  readonly ca: string;
}

export interface Reviewed {
  readonly allowed: boolean;
  readonly message?: string;
  readonly warnings: readonly string[];
  readonly patch: readonly PatchOp[];
  /** The object as the apiserver would store it. */
  readonly object: KubernetesObject;
}

interface Response {
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly status?: { readonly message?: string };
    readonly patch?: string;
    readonly warnings?: readonly string[];
  };
}

/** The apiserver calls a webhook by its Service's name, whatever the address, and so do we. */
const SERVER_NAME = 'mcp-sluice-webhook.mcp-sluice-system.svc';

function exchange({ port, ca }: Webhook, path: string, body?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path,
        ca,
        servername: SERVER_NAME,
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'Content-Type': 'application/json', Host: SERVER_NAME },
        timeout: 5000,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.on('timeout', () => asked.destroy(new Error('The webhook did not answer within 5 s.')));
    asked.end(body);
  });
}

/** Whether the webhook answers over TLS that its own CA vouches for. */
export async function isReady(webhook: Webhook): Promise<boolean> {
  return await exchange(webhook, '/readyz').then(
    ({ status }) => status === 200,
    () => false,
  );
}

/**
 * Sends an object as the apiserver does when it is created.
 *
 * @throws when the answer is not an AdmissionReview of this very request.
 */
export async function review(webhook: Webhook, object: KubernetesObject): Promise<Reviewed> {
  const [version = '', group = ''] = object.apiVersion.split('/').reverse();
  const uid = randomUUID();
  const asked = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: { group, version, kind: object.kind },
      resource: { group, version, resource: `${object.kind.toLowerCase()}s` },
      name: object.metadata.name ?? '',
      namespace: object.metadata.namespace ?? 'default',
      operation: 'CREATE',
      userInfo: { username: 'demo' },
      object,
      oldObject: null,
      dryRun: false,
      options: null,
    },
  };
  const { status, text } = await exchange(webhook, '/mutate', JSON.stringify(asked));
  if (status !== 200) throw new Error(`The webhook answered ${status}: ${text}`);
  const { response } = JSON.parse(text) as Response;
  if (response.uid !== uid) throw new Error('The webhook answered another request.');
  const patch = response.patch === undefined ? [] : (JSON.parse(Buffer.from(response.patch, 'base64').toString()) as PatchOp[]);
  return {
    allowed: response.allowed,
    ...(response.status?.message !== undefined && { message: response.status.message }),
    warnings: response.warnings ?? [],
    patch,
    object: applyPatch(object, patch) as KubernetesObject,
  };
}
