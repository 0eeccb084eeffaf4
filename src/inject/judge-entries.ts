import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { SERVER_KEYS } from '../settings/check-entries.ts';
import { soundEntries } from '../settings/sound-entries.ts';
import type { NamedAuthority } from './authority.ts';
import { entryVolumes } from './entry-volumes.ts';
import { SIDECAR } from './names.ts';
import { foreign, initIndex, servesEntriesOnly } from './ours.ts';
import { type Declared, declaredPorts } from './port.ts';
import { listAt, textAt, valueAt } from './raw.ts';

type Annotations = Readonly<Record<string, string>>;

/** True where `remote-entries` is set, sound or not. */
export const hasEntries = (effective: Annotations) => Object.hasOwn(effective, `${PREFIX}remote-entries`);
/** Said about an MCP server in the pod, which therefore has one. */
const isAboutServer = (effective: Annotations) =>
  SERVER_KEYS.some((key) => Object.hasOwn(effective, PREFIX + key)) ||
  ['redirect', 'takeover'].includes(effective[`${PREFIX}capture`] ?? '');

/**
 * True for a pod without an MCP server: it says so, or has entries and neither a TCP port nor a setting for one. An earlier
 * injection that saw none is believed: a port that came since is more likely another injector's than a server.
 */
export function hasEntriesOnly(spec: unknown, effective: Annotations): boolean {
  if (effective[`${PREFIX}capture`] === 'none') return true;
  if (!hasEntries(effective) || isAboutServer(effective)) return false;
  const ports = declaredPorts(spec).filter(({ protocol }) => protocol === 'TCP');
  return ports.length === 0 || (servesEntriesOnly(spec) && ports.every(({ name }) => name !== 'mcp'));
}

/** A server need not declare its port: one that is taken for none would run without its limits, and nobody would know. */
export function judgeAbsence(effective: Annotations): Issue[] {
  if (effective[`${PREFIX}capture`] === 'none') return [];
  const message =
    'no container declares a TCP port, so the pod is taken for one without an MCP server, and what comes in is neither metered nor identified: ' +
    `where it has one declare its port, else say so with ${PREFIX}capture: none`;
  return [{ code: 'TAKEN_FOR_NO_SERVER', path: ['capture'], message }];
}

/** An app that has entries may well serve something else: where only the port tells that it is MCP, somebody has to know. */
export function judgeGuess(effective: Annotations, chosen: Declared): Issue[] {
  if (!hasEntries(effective) || isAboutServer(effective) || chosen.name === 'mcp') return [];
  const message =
    `port ${chosen.number} (container ${chosen.container}) is taken for that of an MCP server, and what comes in there has to be MCP: ` +
    `where it is something else set ${PREFIX}capture: none, else ${PREFIX}port`;
  return [{ code: 'TAKEN_FOR_SERVER', path: ['port'], message }];
}

/** A pod that was made with entries only stays so: where a port of it is an MCP server's, somebody has to say. */
export function judgeUntaken(spec: unknown, effective: Annotations): Issue[] {
  if (effective[`${PREFIX}capture`] === 'none') return [];
  const ports = declaredPorts(spec).filter(({ protocol }) => protocol === 'TCP');
  return ports.map(({ number, container }) => ({
    code: 'PORT_UNMETERED',
    path: ['remote-entries'],
    message:
      `port ${number} (container ${container}) is not captured, as the pod was made with remote entries only: ` +
      `where an MCP server is behind it set ${PREFIX}port`,
  }));
}

/** Where the pod may have meant that it has no MCP server, the way to say so. */
export function withWayWithoutServer(issue: Issue, effective: Annotations): Issue {
  if (!hasEntries(effective) || isAboutServer(effective)) return issue;
  return { ...issue, message: `${issue.message}; where the pod has remote entries only, set ${PREFIX}capture: none` };
}

/** What is for a sidecar that is run by hand, and cannot be in a pod. */
export function judgeEntries(effective: Annotations): Issue[] {
  return soundEntries(effective).flatMap(({ index, entry: { caBundle } }) => {
    if (caBundle === undefined || !('caFile' in caBundle)) return [];
    const message = 'is for a sidecar that is run by hand: nothing is mounted there in a pod; name a ConfigMap with configMap and key';
    return [{ code: 'CA_FILE_IN_POD', path: ['remote-entries', index, 'caBundle', 'caFile'], message }];
  });
}

/** Volumes with the names that entries need which cannot have come from us. */
export function foreignEntryVolumes(spec: unknown, effective: Annotations): Issue[] {
  const wanted = new Map(
    entryVolumes(soundEntries(effective).map(({ entry }) => entry)).map(({ volume }) => [textAt(volume, 'name'), volume]),
  );
  const isInjected = initIndex(spec, SIDECAR) !== -1;
  const seen = new Set<string>();
  return listAt(spec, 'volumes').flatMap((volume, index) => {
    const name = textAt(volume, 'name');
    const ours = wanted.get(name);
    if (ours === undefined) return [];
    const type = valueAt(ours, ['secret']) === undefined ? 'configMap' : 'secret';
    const isOurs = isInjected && valueAt(volume, [type]) !== undefined && !seen.has(name);
    seen.add(name);
    return isOurs ? [] : [foreign(['spec', 'volumes', index], `volume ${name}`)];
  });
}

/** What the sidecar knows of sound entries and the app does not, as words for a message. */
export function entrySecrets(effective: Annotations): string[] {
  const names = soundEntries(effective).flatMap(({ entry: { name, headers } }) => (headers.length > 0 ? [name] : []));
  return names.length === 0 ? [] : [`the headers of ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`];
}

/** The bundles of sound entries, and where they name them. */
export function entryAuthorities(effective: Annotations): NamedAuthority[] {
  return soundEntries(effective).flatMap(({ index, entry: { name, caBundle } }) => {
    if (caBundle === undefined || !('configMap' in caBundle)) return [];
    const { configMap, key } = caBundle;
    return [
      { ca: { configMap, key, without: `the entry ${name} answers 503 until it does` }, path: ['remote-entries', index, 'caBundle'] },
    ];
  });
}
