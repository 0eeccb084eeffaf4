/** A Kubernetes object as the API sends it: raw JSON, as typed models drop what they do not know. */
export interface KubeObject {
  readonly metadata?: KubeMetadata;
  readonly [field: string]: unknown;
}
export interface KubeMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[];
}

/** RFC 6902, as far as we write it. */
export type PatchOperation = { readonly op: 'add' | 'test'; readonly path: string; readonly value: unknown };

/** Somebody else was faster: the object exists already, or has changed or gone since it was read. */
export const CONFLICT = Symbol('conflict');
export type Written = KubeObject | typeof CONFLICT;

/**
 * All that we ask of an apiserver. Each call has its own short deadline.
 *
 * @throws KubeError for every answer that is not named in a result type, and for none at all.
 */
export interface KubeApi {
  /** Undefined: there is none (404). */
  read(path: string): Promise<KubeObject | undefined>;
  create(collectionPath: string, object: KubeObject): Promise<Written>;
  /** Only over the version that `object.metadata.resourceVersion` names. */
  replace(path: string, object: KubeObject): Promise<Written>;
  patch(path: string, operations: readonly PatchOperation[]): Promise<Written>;
}

export class KubeError extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'KubeError';
    this.status = status;
  }
}

const segment = encodeURIComponent;
const inNamespace = (namespace: string, resource: string, name?: string) =>
  `/api/v1/namespaces/${segment(namespace)}/${resource}${name === undefined ? '' : `/${segment(name)}`}`;

export const kubePaths = {
  namespace: (name: string) => `/api/v1/namespaces/${segment(name)}`,
  configMap: (namespace: string, name?: string) => inNamespace(namespace, 'configmaps', name),
  secret: (namespace: string, name?: string) => inNamespace(namespace, 'secrets', name),
  pod: (namespace: string, name: string) => inNamespace(namespace, 'pods', name),
  job: (namespace: string, name: string) => `/apis/batch/v1/namespaces/${segment(namespace)}/jobs/${segment(name)}`,
  webhookConfiguration: (name: string) => `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${segment(name)}`,
} as const;
