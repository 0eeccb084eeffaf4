import { configMapsOf } from '../../inject/admit.ts';
import type { Facts } from '../../inject/facts.ts';
import { controllerOf } from '../../inject/owner.ts';
import { listAt, objectAt, textAt, textsAt } from '../../inject/raw.ts';
import { PREFIX } from '../../lib/prefix.ts';
import { keysWith } from '../../settings/table.ts';
import { DEFAULT_IMAGE } from '../flags.ts';
import { InputError } from '../io.ts';
import type { Policy, Webhook } from './admission.ts';
import type { Installation } from './explain.ts';
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
  /** What was not to be read, and what was taken instead. */
  readonly notes: readonly string[];
}

const SYSTEM = 'mcp-sluice-system';
const REGISTRATION = '/apis/admissionregistration.k8s.io/v1';
const POLICIES = ['mcp-sluice-pods', 'mcp-sluice-images', 'mcp-sluice-workloads'];

/**
 * Reads an object and all that its admission rests on.
 *
 * @throws InputError where the object is not there; what the API throws where it cannot be asked at all.
 */
export async function readFromCluster(api: ClusterReader, target: Target, namespace: string, nowMs: number): Promise<Found> {
  const notes: string[] = [];
  const object = await api.read(pathOf(target, namespace) ?? '');
  if (object === undefined) throw new InputError(`there is no ${target.kind} ${target.name} in namespace ${namespace}`);
  const whole = { apiVersion: 'v1', kind: target.kind, ...object };
  const read = createReader(api, notes);
  const [space, registered, images, webhook, policies, owner] = await Promise.all([
    read(`/api/v1/namespaces/${encodeURIComponent(namespace)}`, `labels and annotations of namespace ${namespace}`),
    read(`${REGISTRATION}/mutatingwebhookconfigurations/mcp-sluice`, 'the webhook configuration'),
    read(`/api/v1/namespaces/${SYSTEM}/configmaps/mcp-sluice-images`, 'the images of the installation'),
    read(`/apis/apps/v1/namespaces/${SYSTEM}/deployments/mcp-sluice-webhook`, "the webhook's defaults"),
    Promise.all(POLICIES.map((name) => readPolicy(read, name, notes))),
    readOwner(read, whole, namespace),
  ]);
  if (registered === undefined) notes.push('no webhook of ours is registered in this cluster');
  const [current, previous] = ['current', 'previous'].map((each) => textAt(images, 'data', each));
  if (!current) notes.push(`the installation has named no image yet: ${DEFAULT_IMAGE} is taken`);
  const known: Pick<Facts, 'namespace' | 'defaults'> = {
    namespace: { name: namespace, labels: textsAt(space, 'metadata', 'labels'), annotations: textsAt(space, 'metadata', 'annotations') },
    defaults: defaultsOf(webhook),
  };
  const names = configMapsOf({ kind: target.kind, operation: 'CREATE', object: whole }, known);
  const configMaps = new Map(await Promise.all(names.map(async (name) => [name, await readConfigMap(api, namespace, name)] as const)));
  const facts: Facts = {
    ...known,
    image: current || DEFAULT_IMAGE,
    allowedImages: [current, previous].filter((image): image is string => Boolean(image)),
    imagePullSecrets: (argumentOf(webhook, 'image-pull-secrets') ?? '').split(',').filter((name) => name !== ''),
    configMap: (name) => configMaps.get(name) ?? 'unknown',
    ...(owner && { owner: { kind: owner.kind, name: textAt(owner.object, 'metadata', 'name') } }),
    nowMs,
  };
  const installation = {
    webhooks: registered === undefined ? [] : [registered as { webhooks?: readonly Webhook[] }],
    policies: policies.filter((policy) => policy !== undefined) as unknown as Policy[],
  };
  return { object: whole, facts, installation, ...(owner && { owner }), notes };
}

type Read = (path: string, what: string) => Promise<object | undefined>;

/** Someone who may read pods need not be one who may read all else. */
function createReader(api: ClusterReader, notes: string[]): Read {
  return async (path, what) => {
    try {
      return await api.read(path);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      notes.push(`${what}: you may not read that, so it is taken for empty`);
      return undefined;
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
    if (next === undefined || found?.kind === controller.kind) break;
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

/** A policy that is not bound judges nothing. */
async function readPolicy(read: Read, name: string, notes: string[]): Promise<object | undefined> {
  const [policy, binding] = await Promise.all([
    read(`${REGISTRATION}/validatingadmissionpolicies/${name}`, `the policy ${name}`),
    read(`${REGISTRATION}/validatingadmissionpolicybindings/${name}`, `the binding of the policy ${name}`),
  ]);
  if (policy === undefined || binding === undefined)
    notes.push(`the policy ${name} is ${policy === undefined ? 'not there' : 'not bound'}: it refuses nothing`);
  return binding === undefined ? undefined : policy;
}

/** What the webhook is told by its command line. */
function argumentOf(deployment: unknown, name: string): string | undefined {
  const args = listAt(deployment, 'spec', 'template', 'spec', 'containers').flatMap((container) => listAt(objectAt(container), 'args'));
  const flag = `--${name}=`;
  return args.find((each): each is string => typeof each === 'string' && each.startsWith(flag))?.slice(flag.length);
}

function defaultsOf(deployment: unknown): Record<string, string> {
  const given = keysWith('fromCluster').map((key) => [PREFIX + key, argumentOf(deployment, `default-${key}`)] as const);
  return Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
