import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { parseSettings } from '../settings/annotations.ts';
import type { Settings } from '../settings/settings.ts';
import { judgeAuthorities, type NamedAuthority } from './authority.ts';
import { judgeBindAddress } from './bind-address.ts';
import { type Capture, decideCapture, judgeCapture, judgePorts } from './capture.ts';
import type { Facts } from './facts.ts';
import {
  entryAuthorities,
  entrySecrets,
  foreignEntryVolumes,
  hasEntries,
  hasEntriesOnly,
  judgeAbsence,
  judgeEntries,
  judgeGuess,
  judgeUntaken,
  withWayWithoutServer,
} from './judge-entries.ts';
import { meshAround } from './mesh-around.ts';
import { INJECT_KEY } from './names.ts';
import { foreignIssues, servedPorts } from './ours.ts';
import { type Chosen, choosePorts, declaredPorts, servingContainers } from './port.ts';
import { type Captured, judgeProbes } from './probes.ts';
import { type Path, valueAt } from './raw.ts';
import { judgeStaticPod } from './static-pod.ts';
import { judgeSharing, judgeSurroundings } from './surroundings.ts';
import { unfit } from './unfit.ts';

export interface JudgedPod {
  readonly issues: readonly Issue[];
  readonly cautions: readonly Issue[];
  /** Absent in a pod of remote entries only, and where an issue says why. */
  readonly server?: {
    readonly ports: Chosen;
    readonly capture: Capture;
    /** What its probes are judged by. */
    readonly captured: Captured;
  };
}

/** Everything about the pod itself that injection depends on, also where some of its settings are wrong. */
export function judgePod(root: unknown, at: Path, effective: Readonly<Record<string, string>>, facts: Facts): JudgedPod {
  const spec = valueAt(root, [...at, 'spec']);
  const inPod = (issue: Issue): Issue => ({ ...issue, path: [...at, ...issue.path] });
  const issues: Issue[] = [...unfit(spec), ...foreignIssues(spec, facts), ...foreignEntryVolumes(spec, effective)].map(inPod);
  issues.push(...judgeEntries(effective));
  const named = authoritiesOf(effective);
  const authorities = judgeAuthorities(named, facts);
  issues.push(...authorities.issues);
  const cautions: Issue[] = [...authorities.cautions];
  if (facts.isStaticPod && at.length === 0)
    issues.push(...judgeStaticPod(effective, { redisSecret: redisOf(effective)?.secret, authorities: named }));

  const declared = declaredPorts(spec);
  cautions.push(...judgeSharing(spec, secretsOf(effective)).map(inPod));
  if (hasEntriesOnly(spec, effective)) {
    const untaken = judgeUntaken(spec, effective);
    issues.push(...judgePorts({ capture: undefined, servers: 0 }, hasEntries(effective), declared));
    return { issues, cautions: [...cautions, ...(untaken.length > 0 ? untaken : judgeAbsence(effective))] };
  }
  const mesh = meshAround(root, at, facts.namespace);
  const capture = decideCapture(sound(effective, ['capture'])?.capture ?? 'auto', mesh, facts.namespace.labels);
  const possible = judgeCapture(capture, mesh, facts);
  const portSettings = sound(effective, ['port']);
  const servers = 1 + (portSettings?.furtherPorts?.length ?? 0);
  issues.push(...possible.issues, ...judgePorts({ capture, servers }, hasEntries(effective), declared));
  cautions.push(...possible.cautions);

  if (!portSettings) return { issues, cautions };
  const ports = choosePorts(spec, portSettings, servedPorts(spec));
  if (!isChosen(ports)) return { issues: [...issues, ...ports.map((issue) => withWayWithoutServer(issue, effective))], cautions };
  const captured = { ports: ports.map(({ number }) => number), needsToken: tokenNeeds(effective) };
  cautions.push(...judgeGuess(effective, ports[0]), ...judgeProbes(spec, captured).map(inPod));
  cautions.push(...judgeSurroundings(root, at, captured.ports));
  for (const container of capture === 'takeover' ? servingContainers(ports) : [])
    cautions.push(...judgeBindAddress(valueAt(spec, container.at), [...at, 'spec', ...container.at]));
  return { issues, cautions, server: { capture, ports, captured } };
}

const isChosen = (ports: Chosen | readonly Issue[]): ports is Chosen => ports.every((each) => !('code' in each));

/** The CA bundles that sound settings name, and where they name them. */
export function authoritiesOf(effective: Readonly<Record<string, string>>): NamedAuthority[] {
  const redis = redisOf(effective)?.ca;
  const issuer = sound(effective, ['identity'])?.identity?.jwt?.ca;
  return [
    ...(redis ? [{ ca: redis, path: ['redis-ca'] }] : []),
    ...(issuer ? [{ ca: issuer, path: ['identity', 'jwt', 'ca'] }] : []),
    ...entryAuthorities(effective),
  ];
}

/** At which paths the sidecar asks for a token; those that only look like one of them are asked as well, and refused. */
function tokenNeeds(effective: Readonly<Record<string, string>>): Captured['needsToken'] {
  if (!sound(effective, ['identity'])?.identity?.jwt?.isRequired) return () => false;
  const paths = sound(effective, ['paths'])?.paths ?? [];
  return (path) => paths.length === 0 || paths.some((prefix) => path.split(/[?#]/)[0] === prefix || path.startsWith(`${prefix}/`));
}

/** What the sidecar alone is given to know, as words for a message. */
function secretsOf(effective: Readonly<Record<string, string>>): string[] {
  return [...(redisOf(effective)?.secret === undefined ? [] : ['the Redis password']), ...entrySecrets(effective)];
}

function redisOf(effective: Readonly<Record<string, string>>): Settings['redis'] {
  return sound(effective, ['redis', 'redis-secret', 'redis-ca', 'on-redis-failure'])?.redis;
}

/**
 * The settings of these keys alone: a mistake in one key must not hide what another one gets wrong, so that every error
 * of the object stands in one message.
 */
function sound(effective: Readonly<Record<string, string>>, keys: readonly string[]): Settings | undefined {
  const picked = keys.map((key) => PREFIX + key).filter((key) => Object.hasOwn(effective, key));
  return parseSettings({ [INJECT_KEY]: 'true', ...Object.fromEntries(picked.map((key) => [key, effective[key] ?? ''])) }).settings;
}
