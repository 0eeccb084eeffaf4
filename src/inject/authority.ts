import { day, readCaBundle } from '../lib/ca-bundle.ts';
import type { Issue } from '../lib/issue.ts';
import type { Facts, Findings } from './facts.ts';

const SOON_MS = 30 * 24 * 3_600_000;

/** A key of a ConfigMap in the object's namespace. */
export interface Authority {
  readonly configMap: string;
  readonly key: string;
  /** What is so while the ConfigMap does not exist, where that is not that the pod does not become ready. */
  readonly without?: string;
}

/**
 * The ConfigMap of a CA bundle: a missing one may still come (a warning, the sidecar waits for it), one that is there
 * and cannot work is denied (contract §4).
 */
export function judgeAuthority(ca: Authority, path: Issue['path'], facts: Facts): Findings {
  const data = facts.configMap(ca.configMap);
  if (data === 'unknown') return { issues: [], cautions: [] };
  const where = `ConfigMap ${facts.namespace.name}/${ca.configMap}`;
  const finding = (code: string, message: string): Issue => ({ code, path, message });
  if (data === 'unreadable') {
    const message = `${where} could not be checked, as the webhook has no right to get ConfigMaps: the sidecar tells on /readyz if it is wrong`;
    return { issues: [], cautions: [finding('CA_UNREADABLE', message)] };
  }
  if (data === 'missing') {
    const message = `${where} does not exist yet: ${ca.without ?? 'the pod does not become ready before it does'}`;
    return { issues: [], cautions: [finding('CA_MISSING', message)] };
  }
  const text = Object.hasOwn(data, ca.key) ? data[ca.key] : undefined;
  if (text === undefined) {
    const keys = Object.keys(data).slice(0, 10).join(', ') || 'none';
    return { issues: [finding('CA_KEY_MISSING', `${where} has no key ${ca.key}; it has: ${keys}`)], cautions: [] };
  }
  return judgeBundle(text, `key ${ca.key} of ${where}`, facts.nowMs, finding);
}

function judgeBundle(text: string, where: string, nowMs: number, finding: (code: string, message: string) => Issue): Findings {
  const bundle = readCaBundle(text, nowMs);
  const denied = (code: string, message: string): Findings => ({ issues: [finding(code, message)], cautions: [] });
  if (!('problem' in bundle)) {
    const { earliestEndMs } = bundle;
    if (earliestEndMs - nowMs >= SOON_MS) return { issues: [], cautions: [] };
    const message = `${where} has a certificate that ${earliestEndMs <= nowMs ? 'expired' : 'ends'} on ${day(earliestEndMs)}`;
    return { issues: [], cautions: [finding('CA_ENDS_SOON', message)] };
  }
  switch (bundle.code) {
    case 'private-key':
      return denied(
        'CA_PRIVATE_KEY',
        `${where} holds a private key, which belongs in no ConfigMap: keep the certificates only, and replace the key`,
      );
    case 'not-pem':
      return denied('CA_NOT_PEM', `${where} ${bundle.problem}`);
    case 'expired':
      return denied('CA_EXPIRED', `${where} expired on ${day(bundle.lastEndMs ?? nowMs)}`);
  }
}
