import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { parseSettings } from '../settings/annotations.ts';
import type { Settings } from '../settings/settings.ts';
import { type Authority, judgeAuthority } from './authority.ts';
import { judgeBindAddress } from './bind-address.ts';
import { type Capture, decideCapture, judgeCapture, judgePorts } from './capture.ts';
import type { Facts } from './facts.ts';
import { meshAround } from './mesh-around.ts';
import { INJECT_KEY } from './names.ts';
import { foreignIssues, servedPort } from './ours.ts';
import { choosePort, type Declared, declaredPorts } from './port.ts';
import { type Captured, judgeProbes } from './probes.ts';
import { type Path, valueAt } from './raw.ts';
import { judgeSurroundings } from './surroundings.ts';
import { unfit } from './unfit.ts';

export interface JudgedPod {
  readonly issues: readonly Issue[];
  readonly cautions: readonly Issue[];
  /** Absent where an issue says why. */
  readonly port?: Declared;
  readonly capture: Capture;
  /** What its probes are judged by; absent without a port. */
  readonly captured?: Captured;
}

/** Everything about the pod itself that injection depends on, also where some of its settings are wrong. */
export function judgePod(root: unknown, at: Path, effective: Readonly<Record<string, string>>, facts: Facts): JudgedPod {
  const spec = valueAt(root, [...at, 'spec']);
  const inPod = (issue: Issue): Issue => ({ ...issue, path: [...at, ...issue.path] });
  const issues: Issue[] = [...unfit(spec), ...foreignIssues(spec, facts)].map(inPod);
  const cautions: Issue[] = [];

  const mesh = meshAround(root, at, facts.namespace);
  const capture = decideCapture(sound(effective, ['capture'])?.capture ?? 'auto', mesh, facts.namespace.labels);
  const captureFindings = judgeCapture(capture, mesh, facts);
  issues.push(...captureFindings.issues, ...judgePorts(capture, declaredPorts(spec)));
  cautions.push(...captureFindings.cautions);

  for (const { ca, path } of authoritiesOf(effective)) {
    const findings = judgeAuthority(ca, path, facts);
    issues.push(...findings.issues);
    cautions.push(...findings.cautions);
  }

  const portSettings = sound(effective, ['port']);
  const chosen = portSettings && choosePort(spec, portSettings.port, servedPort(spec));
  if (!chosen) return { issues, cautions, capture };
  if ('code' in chosen) return { issues: [...issues, chosen], cautions, capture };
  const captured = { port: chosen.number, needsToken: tokenNeeds(effective) };
  cautions.push(...judgeProbes(spec, captured).map(inPod));
  const redisSecret = redisOf(effective)?.secret !== undefined;
  cautions.push(...judgeSurroundings(root, at, chosen, { redisSecret }));
  if (capture === 'takeover') cautions.push(...judgeBindAddress(valueAt(spec, chosen.at), [...at, 'spec', ...chosen.at]));
  return { issues, cautions, capture, port: chosen, captured };
}

/** The CA bundles that sound settings name, and where they name them. */
export function authoritiesOf(effective: Readonly<Record<string, string>>): { readonly ca: Authority; readonly path: string[] }[] {
  const redis = redisOf(effective)?.ca;
  const issuer = sound(effective, ['identity'])?.identity?.jwt?.ca;
  return [...(redis ? [{ ca: redis, path: ['redis-ca'] }] : []), ...(issuer ? [{ ca: issuer, path: ['identity', 'jwt', 'ca'] }] : [])];
}

/** At which paths the sidecar asks for a token; those that only look like one of them are asked as well, and refused. */
function tokenNeeds(effective: Readonly<Record<string, string>>): Captured['needsToken'] {
  if (!sound(effective, ['identity'])?.identity?.jwt?.isRequired) return () => false;
  const paths = sound(effective, ['paths'])?.paths ?? [];
  return (path) => paths.length === 0 || paths.some((prefix) => path.split(/[?#]/)[0] === prefix || path.startsWith(`${prefix}/`));
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
