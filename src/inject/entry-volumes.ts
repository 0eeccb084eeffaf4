import { createHash } from 'node:crypto';
import type { RemoteEntry } from '../settings/settings.ts';
import { type Mounted, READABLE } from './mounted.ts';
import { MOUNT, SIDECAR } from './names.ts';
import { initIndex } from './ours.ts';
import { listAt, objectAt, type Raw, textAt, valueAt } from './raw.ts';

/** No fixed volume of ours begins so. */
const PREFIX = 'mcp-sluice-entry-';
/** RFC 1123, as Kubernetes asks of a volume's name. */
const LONGEST_NAME = 63;
const HASH_DIGITS = 20;

/** One volume for each entry's bundle, and one for each Secret that an entry takes headers from. */
export function entryVolumes(entries: readonly RemoteEntry[]): Mounted[] {
  return entries.flatMap((entry) => [...bundleVolume(entry), ...headerVolumes(entry)]);
}

function bundleVolume({ name, caBundle }: RemoteEntry): Mounted[] {
  if (caBundle === undefined || !('configMap' in caBundle)) return [];
  const { configMap, key } = caBundle;
  const source = { name: configMap, defaultMode: READABLE, items: [{ key, path: key }], optional: true };
  return [mounted(bundleVolumeName(name), { configMap: source }, `${MOUNT.caBundles}/${name}`)];
}

function headerVolumes({ name, headers }: RemoteEntry): Mounted[] {
  return [...new Set(headers.map(({ secret }) => secret))].map((secret) => {
    // The keys that are asked for, and no other: the sidecar has no use for the rest of a Secret.
    const keys = new Set(headers.filter((header) => header.secret === secret).map(({ key }) => key));
    const items = [...keys].map((key) => ({ key, path: key }));
    const source = { secretName: secret, defaultMode: READABLE, items, optional: true };
    return mounted(headerVolumeName(name, secret), { secret: source }, `${MOUNT.entryHeaders}/${name}/${secret}`);
  });
}

function mounted(name: string, source: Raw, mountPath: string): Mounted {
  return { volume: { name, ...source }, mount: { name, mountPath, readOnly: true } };
}

/** Cut names have all the 63 characters and others fewer, so that no entry can be called as another one's cut name. */
export function bundleVolumeName(entry: string): string {
  const name = `${PREFIX}ca-${entry}`;
  return name.length < LONGEST_NAME ? name : withHash(name, [entry]);
}

/** Always with a hash: `a-b` and `c` would read as `a` and `b-c`, and a Secret's name may have dots. */
export function headerVolumeName(entry: string, secret: string): string {
  return withHash(`${PREFIX}secret-${entry}-${secret}`.replaceAll('.', '-'), [entry, secret]);
}

function withHash(name: string, parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, HASH_DIGITS);
  return `${name.slice(0, LONGEST_NAME - HASH_DIGITS - 1)}-${hash}`;
}

/**
 * Volumes that an earlier injection made for an entry, told by our container mounting them where it mounts entries'.
 * A user's volume may have such a name too, and one that another container mounts has to stay.
 */
export function mountedEntryVolumes(spec: unknown): string[] {
  const sidecar = listAt(spec, 'initContainers')[initIndex(spec, SIDECAR)];
  const others = ['containers', 'initContainers', 'ephemeralContainers']
    .flatMap((list) => listAt(spec, list))
    .filter((container) => container !== sidecar)
    .flatMap((container) => listAt(container, 'volumeMounts').map((mount) => textAt(mount, 'name')));
  return listAt(sidecar, 'volumeMounts')
    .filter((mount) => isEntryMount(textAt(mount, 'mountPath')))
    .map((mount) => textAt(mount, 'name'))
    .filter((name) => name.startsWith(PREFIX) && !others.includes(name) && isOfOurKind(spec, name));
}

const isEntryMount = (path: string) => [MOUNT.caBundles, MOUNT.entryHeaders].some((folder) => path.startsWith(`${folder}/`));

function isOfOurKind(spec: unknown, name: string): boolean {
  const volume = listAt(spec, 'volumes').find((each) => textAt(each, 'name') === name);
  return ['configMap', 'secret'].some((type) => valueAt(objectAt(volume), [type]) !== undefined);
}
