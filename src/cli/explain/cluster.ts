import { configMapsOf } from '../../inject/admit.ts';
import type { Facts } from '../../inject/facts.ts';
import { controllerOf } from '../../inject/owner.ts';
import { textAt, textsAt } from '../../inject/raw.ts';
import { VERSION } from '../../inject/stamp.ts';
import type { Today } from '../../inject/standing.ts';
import { defaultsOf, imagesNamed, optionOf } from '../check/webhook-deployment.ts';
import { DEFAULT_IMAGE } from '../flags.ts';
import { InputError } from '../io.ts';
import type { Webhook } from './admission.ts';
import type { Installation } from './explain.ts';
import installed from './installation.json' with { type: 'json' };
import type { Binding, Policy } from './policies.ts';
import { pathOf, type Target } from './target.ts';

/** As much of an apiserver as is asked here; undefined: there is none of that name. */
export interface ClusterReader {
  read(path: string): Promise<object | undefined>;
}

export interface Connection {
  readonly api: ClusterReader;
  /** Of the kubeconfig's context. */
  readonly namespace: string;
}

/** `context` is one of the kubeconfig's; undefined: the current one. @throws where there is no cluster. */
export type Connect = (context: string | undefined) => Promise<Connection>;

export interface Found {
  readonly object: unknown;
  readonly facts: Facts;
  readonly installation: Installation;
  /** The top controller of a pod, as far as it can be read. */
  readonly owner?: { readonly kind: string; readonly object: unknown };
  /** What the pods of the namespace are made with today, as far as that may be read. */
  readonly today: Pick<Today, 'namespace' | 'defaults'>;
  /** What was not to be read, and what was taken instead. */
  readonly notes: readonly string[];
}

const SYSTEM = 'mcp-sluice-system';
const REGISTRATION = '/apis/admissionregistration.k8s.io/v1';
/** What stands in for that which may not be read. */
const ours = installed as unknown as Installation & Pick<typeof installed, 'policies' | 'bindings'>;

/**
 * Reads an object and all that its admission rests on.
 *
 * @throws InputError where the object is not there; what the API throws where it cannot be asked at all.
 */
export async function readFromCluster(api: ClusterReader, target: Target, namespace: string, nowMs: number): Promise<Found> {
  const notes: string[] = [];
  const object = await api.read(pathOf(target, namespace) ?? '').catch((error: unknown) => {
    if (!isForbidden(error)) throw error;
    throw new InputError(`you may not read ${target.kind} ${target.name} in namespace ${namespace}`);
  });
  if (object === undefined) throw new InputError(`there is no ${target.kind} ${target.name} in namespace ${namespace}`);
  const whole = { apiVersion: 'v1', kind: target.kind, ...object };
  const read = createReader(api, notes);
  const [space, webhooks, images, deployment, policies, owner] = await Promise.all([
    read(`/api/v1/namespaces/${encodeURIComponent(namespace)}`, `labels and annotations of namespace ${namespace}`),
    readWebhooks(read, notes),
    read(`/api/v1/namespaces/${SYSTEM}/configmaps/mcp-sluice-images`, 'the images of the installation', `${DEFAULT_IMAGE} is taken`),
    read(`/apis/apps/v1/namespaces/${SYSTEM}/deployments/mcp-sluice-webhook`, "the webhook's defaults"),
    Promise.all(ours.policies.map(({ metadata }) => readPolicy(read, metadata.name, notes))),
    readOwner(read, whole, namespace),
  ]);
  const allowedImages = imagesNamed(images);
  const [current] = allowedImages;
  if (!current && images !== 'forbidden') notes.push(`the installation has named no image yet: ${DEFAULT_IMAGE} is taken`);
  const known: Pick<Facts, 'namespace' | 'defaults'> = {
    namespace: { name: namespace, labels: textsAt(space, 'metadata', 'labels'), annotations: textsAt(space, 'metadata', 'annotations') },
    defaults: defaultsOf(deployment),
  };
  const names = configMapsOf({ kind: target.kind, operation: 'CREATE', object: whole }, known);
  const configMaps = new Map(await Promise.all(names.map(async (name) => [name, await readConfigMap(api, namespace, name)] as const)));
  const facts: Facts = {
    ...known,
    image: current || DEFAULT_IMAGE,
    allowedImages,
    imagePullSecrets: (optionOf(deployment, 'image-pull-secrets') ?? '').split(',').filter((name) => name !== ''),
    configMap: (name) => configMaps.get(name) ?? 'unknown',
    ...(owner && { owner: { kind: owner.kind, name: textAt(owner.object, 'metadata', 'name') } }),
    nowMs,
  };
  const bound = policies.filter((each) => each !== undefined);
  const installation = {
    webhooks,
    policies: bound.map(({ policy }) => policy),
    bindings: bound.map(({ binding }) => binding),
    ...(images !== 'forbidden' && { parameter: images ?? ('missing' as const) }),
  };
  const today = {
    ...(space !== 'forbidden' && { namespace: known.namespace }),
    ...(deployment !== 'forbidden' && { defaults: known.defaults }),
  };
  return { object: whole, facts, installation, today, ...(owner && { owner }), notes };
}

type Read = (path: string, what: string, instead?: string) => Promise<object | 'forbidden' | undefined>;

/** Someone who may read pods need not be one who may read all else. */
function createReader(api: ClusterReader, notes: string[]): Read {
  return async (path, what, instead = 'it is taken for empty') => {
    try {
      return await api.read(path);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      notes.push(`${what}: you may not read that, so ${instead}`);
      return 'forbidden';
    }
  };
}

function isForbidden(error: unknown): boolean {
  return error instanceof Error && 'status' in error && (error.status === 403 || error.status === 401);
}

/** Through ReplicaSet or Job to what made it. */
async function readOwner(read: Read, object: unknown, namespace: string): Promise<Found['owner']> {
  let found: Found['owner'];
  for (let controller = controllerOf(object); controller !== undefined; controller = controllerOf(found?.object)) {
    const path = pathOf(controller, namespace);
    const next = path === undefined ? undefined : await read(path, `the ${controller.kind} ${controller.name}`);
    if (next === undefined || next === 'forbidden' || found?.kind === controller.kind) break;
    found = { kind: controller.kind, object: next };
  }
  return found;
}

async function readConfigMap(api: ClusterReader, namespace: string, name: string): Promise<ReturnType<Facts['configMap']>> {
  try {
    const found = await api.read(`/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`);
    return found === undefined ? 'missing' : textsAt(found, 'data');
  } catch (error) {
    if (isForbidden(error)) return 'unknown';
    throw error;
  }
}

/** What may not be read is no reason to say that it is not there. */
async function readWebhooks(read: Read, notes: string[]): Promise<Installation['webhooks']> {
  const what = 'the webhook configuration';
  const found = await read(`${REGISTRATION}/mutatingwebhookconfigurations/mcp-sluice`, what, `that of version ${VERSION} is taken`);
  if (found === 'forbidden') return ours.webhooks;
  if (found === undefined) notes.push('no webhook of ours is registered in this cluster');
  return found === undefined ? [] : [found as { webhooks?: readonly Webhook[] }];
}

/** A policy that is not bound judges nothing. */
async function readPolicy(read: Read, name: string, notes: string[]): Promise<{ policy: Policy; binding: Binding } | undefined> {
  const instead = `that of version ${VERSION} is taken`;
  const [policy, binding] = await Promise.all([
    read(`${REGISTRATION}/validatingadmissionpolicies/${name}`, `the policy ${name}`, instead),
    read(`${REGISTRATION}/validatingadmissionpolicybindings/${name}`, `the binding of the policy ${name}`, instead),
  ]);
  if (policy === undefined || binding === undefined) {
    notes.push(`the policy ${name} is ${policy === undefined ? 'not there' : 'not bound'}: it refuses nothing`);
    return undefined;
  }
  const isOurs = ({ metadata }: { readonly metadata: { readonly name: string } }) => metadata.name === name;
  return {
    policy: policy === 'forbidden' ? ours.policies.find(isOurs) : policy,
    binding: binding === 'forbidden' ? ours.bindings.find(isOurs) : binding,
  } as { policy: Policy; binding: Binding };
}
