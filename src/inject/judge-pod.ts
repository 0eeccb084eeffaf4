import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { parseSettings } from '../settings/annotations.ts';
import type { Settings } from '../settings/settings.ts';
import { type Authority, judgeAuthority } from './authority.ts';
import { judgeBindAddress } from './bind-address.ts';
import { type Capture, decideCapture, judgeCapture, judgePorts } from './capture.ts';
import type { Facts } from './facts.ts';
import { INJECT_KEY } from './names.ts';
import { foreignIssues, servedPort } from './ours.ts';
import { choosePort, type Declared, declaredPorts } from './port.ts';
import { judgeProbes } from './probes.ts';
import { type Path, textAt, valueAt } from './raw.ts';

export interface JudgedPod {
  readonly issues: readonly Issue[];
  readonly cautions: readonly Issue[];
  /** Absent where an issue says why. */
  readonly port?: Declared;
  readonly capture: Capture;
}

/** Everything about the pod itself that injection depends on, also where some of its settings are wrong. */
export function judgePod(root: unknown, at: Path, effective: Readonly<Record<string, string>>, facts: Facts): JudgedPod {
  const spec = valueAt(root, [...at, 'spec']);
  const inPod = (issue: Issue): Issue => ({ ...issue, path: [...at, ...issue.path] });
  const issues: Issue[] = [...unfit(spec), ...foreignIssues(spec, facts)].map(inPod);
  const cautions: Issue[] = [];

  const capture = decideCapture(sound(effective, ['capture'])?.capture ?? 'auto', spec, facts.namespace.labels);
  const captureFindings = judgeCapture(capture, spec, facts);
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
  cautions.push(...judgeProbes(spec, at, chosen.number));
  if (capture === 'takeover') cautions.push(...judgeBindAddress(valueAt(spec, chosen.at), [...at, 'spec', ...chosen.at]));
  return { issues, cautions, capture, port: chosen };
}

/** The CA bundles that sound settings name, and where they name them. */
export function authoritiesOf(effective: Readonly<Record<string, string>>): { readonly ca: Authority; readonly path: string[] }[] {
  const redis = sound(effective, ['redis', 'redis-secret', 'redis-ca', 'on-redis-failure'])?.redis?.ca;
  const issuer = sound(effective, ['identity'])?.identity?.jwt?.ca;
  return [...(redis ? [{ ca: redis, path: ['redis-ca'] }] : []), ...(issuer ? [{ ca: issuer, path: ['identity', 'jwt', 'ca'] }] : [])];
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
