import { type BundleFault, type CaBundle, day, type KnownEnds, readCaBundle } from '../lib/ca-bundle.ts';
import type { Issue } from '../lib/issue.ts';
import type { Facts, Findings } from './facts.ts';

const SOON_MS = 30 * 24 * 3_600_000;
/** Different ones in all bundles of an object: reading them is most of what a review costs, and anybody may ask for one. */
const MOST_TOGETHER = 1000;

/** A key of a ConfigMap in the object's namespace. */
export interface Authority {
  readonly configMap: string;
  readonly key: string;
  /** What is so while the ConfigMap does not exist, where that is not that the pod does not become ready. */
  readonly without?: string;
}

/** An authority, and the setting that names it. */
export interface NamedAuthority {
  readonly ca: Authority;
  readonly path: Issue['path'];
}

type Read = CaBundle | BundleFault | 'too-much-together';

/**
 * The ConfigMaps of CA bundles: a missing one may still come (a warning, the sidecar waits for it), one that is there
 * and cannot work is denied (contract §4). A bundle that several settings name is read once.
 */
export function judgeAuthorities(named: readonly NamedAuthority[], facts: Facts): Findings {
  const known: KnownEnds = new Map();
  const bundles = new Map<string, Read>();
  const read = (text: string): Read => (known.size > MOST_TOGETHER ? 'too-much-together' : readCaBundle(text, facts.nowMs, known));
  const found = named.map(({ ca, path }) =>
    judgeAuthority(ca, path, facts, (text) => {
      // Neither name can have a slash.
      const id = `${ca.configMap}/${ca.key}`;
      const bundle = bundles.get(id) ?? read(text);
      bundles.set(id, bundle);
      return bundle;
    }),
  );
  return { issues: found.flatMap(({ issues }) => issues), cautions: found.flatMap(({ cautions }) => cautions) };
}

function judgeAuthority(ca: Authority, path: Issue['path'], facts: Facts, read: (text: string) => Read): Findings {
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
    // Not the keys that it has: whoever can dial the webhook may ask, and has perhaps no right to read the ConfigMap.
    const message = `${where} has no key ${ca.key}: name one that it has (kubectl -n ${facts.namespace.name} describe configmap ${ca.configMap} lists them), or add it`;
    return { issues: [finding('CA_KEY_MISSING', message)], cautions: [] };
  }
  return judgeBundle(read(text), `key ${ca.key} of ${where}`, facts.nowMs, finding);
}

function judgeBundle(bundle: Read, where: string, nowMs: number, finding: (code: string, message: string) => Issue): Findings {
  const denied = (code: string, message: string): Findings => ({ issues: [finding(code, message)], cautions: [] });
  if (bundle === 'too-much-together') {
    const message = `${where} was not read: the bundles named before it hold more than ${MOST_TOGETHER} different certificates together; let entries share a bundle, or keep the CAs that are needed`;
    return denied('CA_TOO_MUCH_TOGETHER', message);
  }
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
    case 'too-large':
      return denied('CA_TOO_LARGE', `${where} ${bundle.problem}`);
    case 'not-pem':
      return denied('CA_NOT_PEM', `${where} ${bundle.problem}`);
    case 'expired':
      return denied('CA_EXPIRED', `${where} expired on ${day(bundle.lastEndMs ?? nowMs)}`);
  }
}
