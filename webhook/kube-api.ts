/** A Kubernetes object as the API sends it: raw JSON, as typed models drop what they do not know. */
export interface KubeObject {
  readonly metadata?: KubeMetadata;
  readonly [field: string]: unknown;
}
export interface KubeMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}
export interface OwnerReference {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

/** Somebody else was faster: the object exists already, or has changed or gone since it was read. */
export const CONFLICT = Symbol('conflict');
export type Written = KubeObject | typeof CONFLICT;

/** One page of a list; `next` names the one after it. */
export interface Page {
  readonly items: readonly KubeObject[];
  readonly next?: string;
}
export interface PageQuery {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly from?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Metadata alone (PartialObjectMetadata): a twentieth of a pod. */
  readonly isMetadataOnly?: boolean;
}

/**
 * All that we ask of an apiserver. Each call has its own short deadline.
 *
 * @throws KubeError for every answer that is not named in a result type, and for none at all.
 */
export interface KubeApi {
  /** Undefined: there is none (404). */
  read(path: string): Promise<KubeObject | undefined>;
  list(path: string, query: PageQuery): Promise<Page>;
  create(collectionPath: string, object: KubeObject): Promise<Written>;
  /** Only over the version that `object.metadata.resourceVersion` names. */
  replace(path: string, object: KubeObject): Promise<Written>;
  /** Server-side apply: takes the fields of `object` and no others, from whoever has them. */
  apply(path: string, object: KubeObject): Promise<Written>;
  /** False: there was none. */
  remove(path: string): Promise<boolean>;
  /** The apiserver's clock minus ours in milliseconds, to the second, by its last answer; 0 before the first. */
  skewMs(): number;
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
  pod: (namespace: string, name?: string) => inNamespace(namespace, 'pods', name),
  pods: '/api/v1/pods',
  job: (namespace: string, name: string) => `/apis/batch/v1/namespaces/${segment(namespace)}/jobs/${segment(name)}`,
  replicaSet: (namespace: string, name: string) => `/apis/apps/v1/namespaces/${segment(namespace)}/replicasets/${segment(name)}`,
  events: (namespace: string) => `/apis/events.k8s.io/v1/namespaces/${segment(namespace)}/events`,
  webhookConfiguration: (name: string) => `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${segment(name)}`,
} as const;
