import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { applyPatch, type PatchOp } from '../../src/inject/apply-patch.ts';
import { VERSION } from '../../src/inject/stamp.ts';
import { connectToCluster } from '../../webhook/kube.ts';
import { type BurstOptions, type Created, createPods, numbered } from '../e2e/burst.ts';
import { IMAGES } from '../e2e/images.ts';
import { SYSTEM } from '../e2e/install.ts';
import type { KubeObject } from '../e2e/kubectl.ts';
import { annotated } from '../e2e/policy-objects.ts';
import { until } from '../e2e/until.ts';
import { readyWebhookPods } from '../e2e/webhook-pods.ts';
import { PREVIOUS_IMAGE } from './build-previous.ts';
import { PREVIOUS } from './previous-version.ts';

/** For `kubectl apply -k`: an upgrade to this checkout that does not go on by itself. */
export const HALF_WAY = join(import.meta.dirname, 'overlay/half-way');
/** What each version injects. */
export const IMAGE_OF: Readonly<Record<string, string>> = { [PREVIOUS.version]: PREVIOUS_IMAGE, [VERSION]: IMAGES.product };

export interface Made {
  readonly version?: string;
  readonly image?: string;
}

/** By whom a pod was injected, as its stamp and its sidecar say. */
export function makerOf({ metadata, spec }: KubeObject): Made {
  const status = metadata.annotations?.['mcp-sluice.dev/status'];
  const image = (spec.initContainers ?? []).find(({ name }: KubeObject) => name === 'mcp-sluice')?.image;
  return status === undefined ? {} : { version: JSON.parse(status).version, image };
}

/** A ready replica of the webhook that runs an image. */
export async function replicaOf(image: string): Promise<string> {
  const found = (await readyWebhookPods()).find(({ spec }) => spec.containers[0].image === image);
  if (found === undefined) throw new Error(`no replica runs ${image}`);
  return found.metadata.name;
}

/** What one replica, and no other, makes of an object; throws with its words where it refuses. */
export async function reviewedBy(replica: string, object: KubeObject, oldObject?: KubeObject): Promise<KubeObject> {
  const [group = '', version = ''] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
  const request = {
    uid: randomUUID(),
    kind: { group, version, kind: object.kind },
    namespace: object.metadata.namespace,
    operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
    object,
    ...(oldObject !== undefined && { oldObject }),
  };
  const path = `/api/v1/namespaces/${SYSTEM}/pods/https:${replica}:10250/proxy/mutate`;
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
  const { status, body } = await connectToCluster({ timeoutMs: 30_000 }).ask('POST', path, review);
  if (status !== 200) throw new Error(`${replica} answered ${status}: ${body}`);
  const { response } = JSON.parse(body);
  if (response.allowed !== true) throw new Error(`${replica} refused: ${response.status?.message}`);
  const patch = JSON.parse(Buffer.from(response.patch ?? 'W10=', 'base64').toString()) as PatchOp[];
  return applyPatch(object, patch);
}

/** Does something while pods are created all the time, and tells what of them went wrong. */
export async function whileCreating(namespace: string, work: () => Promise<void>): Promise<string[]> {
  let isOver = false;
  const working = work().finally(() => {
    isOver = true;
  });
  // It is awaited below, and a burst may outlast it.
  working.catch(() => undefined);
  const wrong: string[] = [];
  while (!isOver) {
    const objects = mixed(namespace, 8);
    wrong.push(...(await createAll({ objects, concurrency: 4, isDryRun: true })).flatMap(faultOf));
    // What is to be seen is a rollout, not a load.
    await sleep(200);
  }
  await working;
  return wrong;
}

/**
 * Creates pods as a controller does: again where the policies refused for want of an answer. On a machine that has more to
 * do than it can, no replica may answer within the webhook's three seconds; how often that was so is printed.
 */
export async function createAll(options: BurstOptions): Promise<Created[]> {
  const created: Created[] = [];
  let left = options.objects;
  await until('a judgement on each pod', async () => {
    const tried = await createPods({ ...options, objects: left });
    const unanswered = tried.filter(({ status, body }) => status !== 201 && /The webhook did not answer/.test(body.message));
    created.push(...tried.filter((each) => !unanswered.includes(each)));
    const names = unanswered.map(({ name }) => name);
    left = left.filter(({ metadata }) => names.includes(metadata.name));
    const took = unanswered.map(({ durationMs }) => Math.round(durationMs)).join(', ');
    if (left.length > 0) process.stderr.write(`e2e: no replica answered in time for ${left.length} pods, after ${took} ms\n`);
    return left.length === 0;
  });
  return created;
}

/** Annotated and unannotated pods by turns. */
export function mixed(namespace: string, count: number): KubeObject[] {
  const asks = numbered(count / 2, (name) => annotated({ namespace, name }), `asks-${randomUUID().slice(0, 8)}`);
  const plain = numbered(count / 2, (name) => annotated({ namespace, name }, {}), `plain-${randomUUID().slice(0, 8)}`);
  return asks.flatMap((pod, at) => [pod, plain[at]]);
}

/** Refused, naked, injected without asking, or with another image than that of the version that did it. */
export function faultOf({ name, status, body }: Created): string[] {
  if (status !== 201) return [`${name}: ${body.message}`];
  const { version, image } = makerOf(body);
  if (name.startsWith('plain-')) return image === undefined ? [] : [`${name}: injected unasked`];
  if (version === undefined || image === undefined) return [`${name}: naked`];
  return image === IMAGE_OF[version] ? [] : [`${name}: ${image} by version ${version}`];
}
