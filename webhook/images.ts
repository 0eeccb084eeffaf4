import type { Images } from './judge.ts';
import { CONFLICT, type KubeApi, kubePaths } from './kube-api.ts';
import { IMAGES_CONFIG_MAP, WEBHOOK_CONTAINER } from './names.ts';
import { imagesOfReplicas } from './replicas.ts';

const MAX_ATTEMPTS = 5;
/** Of images that are neither the current nor the previous one: a third version rolled out over two is rare enough. */
const MAX_ROLLING = 8;

type ImageData = Readonly<Record<string, string>>;

/** The images that live replicas inject; unknown where they could not be listed. */
export type Live = readonly string[] | 'unknown';

/**
 * The images that the policies accept, once ours is among them. `current` is that of the newest version and `previous`
 * the one before; `rolling` has, with blanks between, what live replicas inject besides. Whoever looks, in whatever
 * order and however often restarted, leaves what others have; only when all live replicas are of one image does that
 * become the current one (a rollback), and only then does an image go.
 */
export function settleImages(data: ImageData, own: string, live: Live): ImageData {
  const { current = '', previous = '', rolling: _, ...notes } = data;
  const rolling = rollingIn(data);
  const others = live === 'unknown' ? [current, previous, ...rolling] : live;
  const inUse = [...new Set(others)].filter((image) => image !== own && image !== '');
  const isKnown = [current, previous, ...rolling].includes(own);
  const isAlone = live !== 'unknown' && inUse.length === 0;
  // A newcomer is the newest. One that is known may as well be on its way out: it waits until it is alone.
  const isCurrent = current === own || !isKnown || isAlone;
  const before = isCurrent && current !== own ? current : previous;
  const settled = { current: isCurrent ? own : current, previous: before === '' ? (inUse[0] ?? '') : before };
  const more = [...inUse, own].filter((image) => image !== settled.current && image !== settled.previous).slice(0, MAX_ROLLING);
  const wanted = { ...notes, current: settled.current, ...named('previous', settled.previous), ...named('rolling', more.join(' ')) };
  return isSame(wanted, data) ? data : wanted;
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
export async function publishImages(api: KubeApi, namespace: string, own: string): Promise<Images> {
  const path = kubePaths.configMap(namespace, IMAGES_CONFIG_MAP);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await api.read(path);
    const data = (found?.['data'] as ImageData | undefined) ?? {};
    // Nothing that others do could change it, so they need not be looked for.
    const isSettled = data['current'] === own && rollingIn(data).length === 0;
    const settled = isSettled ? data : settleImages(data, own, await imagesOfReplicas(api, namespace).catch(() => 'unknown' as const));
    if (settled === data) return imagesIn(own, data);
    const written =
      found === undefined
        ? await api.create(kubePaths.configMap(namespace), {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: IMAGES_CONFIG_MAP, namespace, labels: { 'app.kubernetes.io/name': 'mcp-sluice' } },
            data: settled,
          })
        : await api.replace(path, { ...found, data: settled });
    if (written !== CONFLICT) return imagesIn(own, settled);
  }
  throw new Error(`ConfigMap ${namespace}/${IMAGES_CONFIG_MAP} changed ${MAX_ATTEMPTS} times while we wanted to write it`);
}

function rollingIn({ rolling = '' }: ImageData): string[] {
  return rolling.split(' ').filter((image) => image !== '');
}

function named(key: string, image: string): ImageData {
  return image === '' ? {} : { [key]: image };
}

function isSame(one: ImageData, other: ImageData): boolean {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((key) => one[key] === other[key]);
}

function imagesIn(own: string, data: ImageData): Images {
  const { current = '', previous = '' } = data;
  return { image: own, allowedImages: [current, previous, ...rollingIn(data)].filter((image) => image !== '') };
}
