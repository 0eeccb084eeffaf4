import type { Settings } from '../settings/settings.ts';
import type { Edit } from './edit.ts';
import { entryVolumes, mountedEntryVolumes } from './entry-volumes.ts';
import { type Mounted, READABLE } from './mounted.ts';
import { MOUNT, VOLUME } from './names.ts';
import { listAt, type Path, textAt, valueAt } from './raw.ts';

/** The sidecar's volumes and where it mounts them; Secret and ConfigMaps are optional: it waits for them, not the kubelet. */
export function volumesFor({ redis, identity, remoteEntries }: Pick<Settings, 'redis' | 'identity' | 'remoteEntries'>): Mounted[] {
  const annotations = { path: 'annotations', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.annotations' } };
  const all: Mounted[] = [
    {
      volume: { name: VOLUME.pod, downwardAPI: { defaultMode: READABLE, items: [annotations] } },
      mount: { name: VOLUME.pod, mountPath: MOUNT.pod, readOnly: true },
    },
    { volume: { name: VOLUME.state, emptyDir: { sizeLimit: '16Mi' } }, mount: { name: VOLUME.state, mountPath: MOUNT.state } },
  ];
  if (redis?.secret) {
    all.push({
      volume: { name: VOLUME.redisSecret, secret: { secretName: redis.secret, defaultMode: READABLE, optional: true } },
      mount: { name: VOLUME.redisSecret, mountPath: MOUNT.redisSecret, readOnly: true },
    });
  }
  if (redis?.ca) all.push(authority(redis.ca, 'redisCa'));
  if (identity?.jwt?.ca) all.push(authority(identity.jwt.ca, 'identityCa'));
  return [...all, ...entryVolumes(remoteEntries)];
}

function authority({ configMap, key }: { readonly configMap: string; readonly key: string }, place: 'redisCa' | 'identityCa'): Mounted {
  const items = [{ key, path: key }];
  return {
    volume: { name: VOLUME[place], configMap: { name: configMap, defaultMode: READABLE, items, optional: true } },
    mount: { name: VOLUME[place], mountPath: MOUNT[place], readOnly: true },
  };
}

/** Brings the pod's volumes of our names to what is wanted; the others are not touched, and ours keep their places. */
export function placeVolumes(edit: Edit, spec: Path, wanted: readonly Mounted[]): void {
  const path = [...spec, 'volumes'];
  const place = (name: string) => listAt(edit.root, ...path).findIndex((volume) => textAt(volume, 'name') === name);
  const names = [
    ...Object.values(VOLUME),
    ...mountedEntryVolumes(valueAt(edit.root, spec)),
    ...wanted.map(({ volume }) => textAt(volume, 'name')),
  ];
  for (const name of new Set(names)) {
    const index = place(name);
    const volume = wanted.find((each) => textAt(each.volume, 'name') === name)?.volume;
    if (volume && index === -1) edit.insert(path, Number.POSITIVE_INFINITY, volume);
    else if (volume) edit.set([...path, index], volume);
    else if (index !== -1) edit.remove([...path, index]);
  }
}
