import type { Images } from './judge.ts';
import { CONFLICT, type KubeApi, kubePaths } from './kube-api.ts';
import { IMAGES_CONFIG_MAP, WEBHOOK_CONTAINER } from './names.ts';

const MAX_ATTEMPTS = 5;

type ImageData = Readonly<Record<string, string>>;

/** A replica that starts is the newest; one that looks again may be on its way out. */
export type Moment = 'start' | 'later';

/**
 * The two images that the policies accept, once ours is among them. A replica of the version before finds itself in
 * `previous` and leaves it, so that the replicas of a rollout do not push each other out. One that starts there was
 * rolled back to: the two change places, else the next upgrade would push out the image that is in use.
 */
export function shiftImages(data: ImageData, own: string, moment: Moment = 'later'): ImageData {
  if (data['current'] === own || (data['previous'] === own && moment === 'later')) return data;
  const { current } = data;
  return { ...data, current: own, ...(current !== undefined && current !== '' && { previous: current }) };
}

/** The image of our own container, as its pod names it. @throws when it cannot be read. */
export async function readOwnImage(api: KubeApi, namespace: string, podName: string): Promise<string> {
  const pod = await api.read(kubePaths.pod(namespace, podName));
  const spec = pod?.['spec'] as { containers?: readonly { name: string; image?: string }[] } | undefined;
  const image = spec?.containers?.find(({ name }) => name === WEBHOOK_CONTAINER)?.image;
  if (!image) throw new Error(`pod ${namespace}/${podName} has no container "${WEBHOOK_CONTAINER}" with an image`);
  return image;
}

/**
 * Publishes our image as the policies' parameter (contract §9.5).
 *
 * @throws KubeError, and when five attempts were not enough.
 */
export async function publishImages(api: KubeApi, namespace: string, own: string, moment: Moment = 'later'): Promise<Images> {
  const path = kubePaths.configMap(namespace, IMAGES_CONFIG_MAP);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await api.read(path);
    const data = (found?.['data'] as ImageData | undefined) ?? {};
    const shifted = shiftImages(data, own, moment);
    if (shifted === data) return named(own, data);
    const written =
      found === undefined
        ? await api.create(kubePaths.configMap(namespace), {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: IMAGES_CONFIG_MAP, namespace, labels: { 'app.kubernetes.io/name': 'mcp-sluice' } },
            data: shifted,
          })
        : await api.replace(path, { ...found, data: shifted });
    if (written !== CONFLICT) return named(own, shifted);
  }
  throw new Error(`ConfigMap ${namespace}/${IMAGES_CONFIG_MAP} changed ${MAX_ATTEMPTS} times while we wanted to write it`);
}

function named(own: string, { current, previous }: ImageData): Images {
  return { image: own, allowedImages: [current, previous].filter((image): image is string => image !== undefined && image !== '') };
}
