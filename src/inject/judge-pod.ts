import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { parseSettings } from '../settings/annotations.ts';
import type { Settings } from '../settings/settings.ts';
import { type Authority, judgeAuthority } from './authority.ts';
import { judgeBindAddress } from './bind-address.ts';
import { type Capture, decideCapture, judgeCapture, judgePorts } from './capture.ts';
import type { Facts } from './facts.ts';
import {
  entryAuthorities,
  foreignEntryVolumes,
  hasEntries,
  hasEntriesOnly,
  judgeAbsence,
  judgeEntries,
  judgeGuess,
  withWayWithoutServer,
} from './judge-entries.ts';
import { INJECT_KEY } from './names.ts';
import { foreignIssues, servedPort } from './ours.ts';
import { choosePort, type Declared, declaredPorts } from './port.ts';
import { judgeProbes } from './probes.ts';
import { type Path, textAt, valueAt } from './raw.ts';

export interface JudgedPod {
  readonly issues: readonly Issue[];
  readonly cautions: readonly Issue[];
  /** Absent in a pod of remote entries only, and where an issue says why. */
  readonly server?: { readonly port: Declared; readonly capture: Capture };
}

/** Everything about the pod itself that injection depends on, also where some of its settings are wrong. */
export function judgePod(root: unknown, at: Path, effective: Readonly<Record<string, string>>, facts: Facts): JudgedPod {
  const spec = valueAt(root, [...at, 'spec']);
  const inPod = (issue: Issue): Issue => ({ ...issue, path: [...at, ...issue.path] });
  const issues: Issue[] = [...unfit(spec), ...foreignIssues(spec, facts), ...foreignEntryVolumes(spec, effective)].map(inPod);
  issues.push(...judgeEntries(effective));
  const cautions: Issue[] = [];

  for (const { ca, path } of authoritiesOf(effective)) {
    const findings = judgeAuthority(ca, path, facts);
    issues.push(...findings.issues);
    cautions.push(...findings.cautions);
  }

  const declared = declaredPorts(spec);
  if (hasEntriesOnly(spec, effective)) {
    issues.push(...judgePorts(undefined, hasEntries(effective), declared));
    return { issues, cautions: [...cautions, ...judgeAbsence(effective)] };
  }
  const capture = decideCapture(sound(effective, ['capture'])?.capture ?? 'auto', spec, facts.namespace.labels);
  const captured = judgeCapture(capture, spec, facts);
  issues.push(...captured.issues, ...judgePorts(capture, hasEntries(effective), declared));
  cautions.push(...captured.cautions);

  const portSettings = sound(effective, ['port']);
  const port = portSettings && choosePort(spec, portSettings.port, servedPort(spec));
  if (!port) return { issues, cautions };
  if ('code' in port) return { issues: [...issues, withWayWithoutServer(port, effective)], cautions };
  cautions.push(...judgeGuess(effective, port), ...judgeProbes(spec, at, port.number));
  if (capture === 'takeover') cautions.push(...judgeBindAddress(valueAt(spec, port.at), [...at, 'spec', ...port.at]));
  return { issues, cautions, server: { capture, port } };
}

/** The CA bundles that sound settings name, and where they name them. */
export function authoritiesOf(effective: Readonly<Record<string, string>>): { readonly ca: Authority; readonly path: Issue['path'] }[] {
  const redis = sound(effective, ['redis', 'redis-secret', 'redis-ca', 'on-redis-failure'])?.redis?.ca;
  const issuer = sound(effective, ['identity'])?.identity?.jwt?.ca;
  return [
    ...(redis ? [{ ca: redis, path: ['redis-ca'] }] : []),
    ...(issuer ? [{ ca: issuer, path: ['identity', 'jwt', 'ca'] }] : []),
    ...entryAuthorities(effective),
  ];
}

/** Pods that no capture can work in. */
function unfit(spec: unknown): Issue[] {
  const issues: Issue[] = [];
  if (valueAt(spec, ['hostNetwork']) === true) {
    const message =
      "the pod shares the node's network: its ports are the node's, and the sidecar cannot stand before one of them; take hostNetwork away";
    issues.push({ code: 'HOST_NETWORK', path: ['spec', 'hostNetwork'], message });
  }
  const byLabel = textAt(spec, 'nodeSelector', 'kubernetes.io/os') === 'windows';
  if (byLabel || textAt(spec, 'os', 'name') === 'windows') {
    const path = byLabel ? ['spec', 'nodeSelector', 'kubernetes.io/os'] : ['spec', 'os', 'name'];
    issues.push({ code: 'WINDOWS', path, message: 'the sidecar runs on Linux only: it cannot be injected into a Windows pod' });
  }
  return issues;
}

/**
 * The settings of these keys alone: a mistake in one key must not hide what another one gets wrong, so that every error
 * of the object stands in one message.
 */
function sound(effective: Readonly<Record<string, string>>, keys: readonly string[]): Settings | undefined {
  const picked = keys.map((key) => PREFIX + key).filter((key) => Object.hasOwn(effective, key));
  return parseSettings({ [INJECT_KEY]: 'true', ...Object.fromEntries(picked.map((key) => [key, effective[key] ?? ''])) }).settings;
}
