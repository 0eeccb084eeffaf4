import { X509Certificate } from 'node:crypto';
import type { Issue } from '../lib/issue.ts';
import type { Facts, Findings } from './facts.ts';

const SOON_MS = 30 * 24 * 3_600_000;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

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
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    const message = `${where} holds a private key, which belongs in no ConfigMap: keep the certificates only, and replace the key`;
    return { issues: [finding('CA_PRIVATE_KEY', message)], cautions: [] };
  }
  const ends = (text.match(CERTIFICATE) ?? []).map(endOf);
  if (ends.length === 0 || ends.includes(undefined)) {
    const what = ends.length === 0 ? 'no PEM certificate' : 'a PEM block that is no certificate';
    return { issues: [finding('CA_NOT_PEM', `${where} holds ${what}`)], cautions: [] };
  }
  const dates = ends.filter((end) => end !== undefined);
  const day = (endMs: number) => new Date(endMs).toISOString().slice(0, 10);
  // A bundle may carry an old certificate beside its successor; only when none is left can nothing be verified.
  const last = Math.max(...dates);
  if (last <= nowMs) return { issues: [finding('CA_EXPIRED', `${where} expired on ${day(last)}`)], cautions: [] };
  const ending = dates.filter((end) => end - nowMs < SOON_MS).sort((a, b) => a - b);
  const message = (endMs: number) => `${where} has a certificate that ${endMs <= nowMs ? 'expired' : 'ends'} on ${day(endMs)}`;
  return { issues: [], cautions: ending.slice(0, 1).map((endMs) => finding('CA_ENDS_SOON', message(endMs))) };
}

function endOf(pem: string): number | undefined {
  try {
    const endMs = new X509Certificate(pem).validToDate.getTime();
    // OpenSSL takes up a certificate whose date is none.
    return Number.isNaN(endMs) ? undefined : endMs;
  } catch {
    return undefined;
  }
}
