import type { Issue } from '../lib/issue.ts';
import { MOST_SERVERS } from '../lib/ports.ts';
import type { Facts } from './facts.ts';
import { CAPTURE, SIDECAR, VOLUME } from './names.ts';
import { listAt, type Path, textAt, valueAt } from './raw.ts';

/** `registry:5000/a/b:tag@sha256:…` → `registry:5000/a/b`. */
export function repository(image: string): string {
  const untagged = image.replace(/@.*$/, '');
  const colon = untagged.lastIndexOf(':');
  return colon > untagged.lastIndexOf('/') ? untagged.slice(0, colon) : untagged;
}

/** True for an image from a repository that this installation injects from (contract §9.6), whatever its tag. */
export function isOurImage(image: string, facts: Pick<Facts, 'image' | 'allowedImages'>): boolean {
  return [facts.image, ...facts.allowedImages].some((allowed) => repository(allowed) === repository(image));
}

/** Where in `initContainers` a container of the name stands, -1 for nowhere. */
export function initIndex(spec: unknown, name: string): number {
  return listAt(spec, 'initContainers').findIndex((container) => textAt(container, 'name') === name);
}

/** The ports that an earlier injection gave our container: a tie-breaker, never believed against what is declared. */
export function servedPorts(spec: unknown): number[] {
  const args = listAt(spec, 'initContainers', initIndex(spec, SIDECAR), 'args');
  const given = args.filter((each): each is string => typeof each === 'string' && /^--port=\d+$/.test(each));
  return given.slice(0, MOST_SERVERS).map((argument) => Number(argument.slice('--port='.length)));
}

/** True where an earlier injection gave the sidecar remote entries and no server. */
export function servesEntriesOnly(spec: unknown): boolean {
  const args = listAt(spec, 'initContainers', initIndex(spec, SIDECAR), 'args');
  return servedPorts(spec).length === 0 && args.some((each) => typeof each === 'string' && each.startsWith('--entries='));
}

/** Containers and volumes that have our names without being ours. */
export function foreignIssues(spec: unknown, facts: Facts): Issue[] {
  return [...foreignContainers(spec, facts), ...foreignVolumes(spec)];
}

function foreignContainers(spec: unknown, facts: Facts): Issue[] {
  const issues: Issue[] = [];
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    const seen = new Set<string>();
    listAt(spec, list).forEach((container, index) => {
      const name = textAt(container, 'name');
      if (name !== SIDECAR && name !== CAPTURE) return;
      const image = textAt(container, 'image');
      const isOurs = list === 'initContainers' && isOurImage(image, facts) && !seen.has(name);
      seen.add(name);
      if (!isOurs) issues.push(foreign(['spec', list, index], `container ${name} (image ${image || 'none'})`));
    });
  }
  return issues;
}

const VOLUME_TYPES: Readonly<Record<(typeof VOLUME)[keyof typeof VOLUME], string>> = {
  [VOLUME.pod]: 'downwardAPI',
  [VOLUME.state]: 'emptyDir',
  [VOLUME.redisSecret]: 'secret',
  [VOLUME.redisCa]: 'configMap',
  [VOLUME.identityCa]: 'configMap',
};

// Without our container, a volume of our name cannot have come from us.
function foreignVolumes(spec: unknown): Issue[] {
  const isInjected = initIndex(spec, SIDECAR) !== -1;
  const seen = new Set<string>();
  return listAt(spec, 'volumes').flatMap((volume, index) => {
    const name = textAt(volume, 'name');
    const type = Object.hasOwn(VOLUME_TYPES, name) ? VOLUME_TYPES[name as keyof typeof VOLUME_TYPES] : undefined;
    if (type === undefined) return [];
    const isOurs = isInjected && valueAt(volume, [type]) !== undefined && !seen.has(name);
    seen.add(name);
    return isOurs ? [] : [foreign(['spec', 'volumes', index], `volume ${name}`)];
  });
}

/** Something that has one of our names. */
export function foreign(path: Path, what: string): Issue {
  return { code: 'FOREIGN_NAME', path, message: `${what} has a name of ours and is not ours: rename it` };
}
