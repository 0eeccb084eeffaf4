import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import { parseSettings } from '../settings/annotations.ts';
import { RETUNABLE } from '../settings/retune.ts';
import type { AdmitInput, Facts, Findings } from './facts.ts';
import { INJECT_KEY, PROPAGATED_KEY, SIDECAR, STATUS_KEY } from './names.ts';
import { foreignIssues, initIndex, servesEntriesOnly } from './ours.ts';
import { ownerOfPod } from './owner.ts';
import { judgeUninjected, wantsSidecar } from './pod.ts';
import { listAt, sameJson, textAt, textsAt, valueAt } from './raw.ts';
import { configured } from './stamp.ts';

const RESTARTABLE = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** Keys of ours whose value differs between the two, machine's keys included. */
export function changedKeys(before: unknown, after: unknown): string[] {
  const [old, now] = [textsAt(before, 'metadata', 'annotations'), textsAt(after, 'metadata', 'annotations')];
  const keys = new Set([...Object.keys(old), ...Object.keys(now)].filter((key) => key.startsWith(PREFIX)));
  return [...keys].filter((key) => old[key] !== now[key]);
}

/**
 * Judges an update of a running pod: only what changed of ours, for else removing a finalizer would fail (contract
 * §9.3). Nothing is injected, as a pod's spec is immutable. `undefined`: nothing of ours changed.
 */
export function judgePodUpdate(input: AdmitInput, facts: Facts): Findings | undefined {
  const { object, oldObject } = input;
  const changed = changedKeys(oldObject, object).filter((key) => key !== PROPAGATED_KEY);
  const swapped = imagesOf(oldObject).join() === imagesOf(object).join() ? [] : foreignIssues(valueAt(object, ['spec']), facts);
  if (changed.length === 0 && swapped.length === 0) return undefined;
  // One that was made before we were there says so without the sidecar; the word may go, as the policy has it too.
  const hasSidecar = initIndex(valueAt(oldObject, ['spec']), SIDECAR) !== -1;
  const isInjected = wantsSidecar(oldObject, []) && (hasSidecar || wantsSidecar(object, []));
  const fixed = changed.map((key) => judgeChange(key, input, facts, isInjected)).filter((issue) => issue !== undefined);
  if (!isInjected) {
    const findings = judgeUninjected(textsAt(object, 'metadata', 'annotations'));
    return { issues: [...fixed, ...swapped, ...findings.issues], cautions: findings.cautions };
  }
  // Without inheritance: what came from the namespace was written into the pod when it was created.
  const parsed = parseSettings({ ...configured(textsAt(object, 'metadata', 'annotations')), [INJECT_KEY]: 'true' });
  const issues = parsed.issues.map((issue) => withWayOut(issue, object, facts));
  return { issues: [...fixed, ...swapped, ...issues], cautions: parsed.warnings };
}

function judgeChange(fullKey: string, input: AdmitInput, facts: Facts, isInjected: boolean): Issue | undefined {
  const key = fullKey.slice(PREFIX.length);
  const after = textsAt(input.object, 'metadata', 'annotations')[fullKey];
  if (fullKey === INJECT_KEY) {
    if (!isInjected && after !== 'true') return undefined;
    const what = isInjected ? 'a running pod keeps its sidecar' : 'a running pod gets no sidecar';
    return { code: 'NOT_RETUNABLE', path: [key], message: `${what}: ${wayOut(input.object, facts)}` };
  }
  if (!isInjected) return undefined;
  if (fullKey === STATUS_KEY) {
    return { code: 'STATUS_EDITED', path: [key], message: 'written at admission as a record of what runs here; it is not for editing' };
  }
  if (key === 'rate-limit' && after !== undefined && servesEntriesOnly(valueAt(input.oldObject, ['spec']))) {
    const message = `would have no effect: this pod was made with remote entries only and no MCP server; ${wayOut(input.object, facts)}`;
    return { code: 'SERVER_NOT_CAPTURED', path: [key], message };
  }
  if (RETUNABLE.includes(key) || isUnknown(fullKey)) return undefined;
  const message = `cannot change on a running pod (${RETUNABLE.join(', ')} can): ${wayOut(input.object, facts)}`;
  return { code: 'NOT_RETUNABLE', path: [key], message };
}

const NEEDED: Readonly<Record<string, string>> = { LIMIT_WITHOUT_REDIS: 'redis', PER_CLIENT_WITHOUT_IDENTITY: 'identity' };

/** What a limit needs comes when the pod is made: the advice for other objects would be denied here. */
function withWayOut(issue: Issue, pod: unknown, facts: Facts): Issue {
  const key = NEEDED[issue.code];
  if (key === undefined) return issue;
  return {
    ...issue,
    message: `needs ${PREFIX}${key}, which this pod was made without and cannot get while it runs: ${wayOut(pod, facts)}`,
  };
}

function wayOut(pod: unknown, facts: Facts): string {
  const owner = facts.owner ?? ownerOfPod(pod);
  const namespace = facts.namespace.name;
  if (RESTARTABLE.includes(owner.kind)) {
    return `set it on the ${owner.kind}, then kubectl rollout restart ${owner.kind.toLowerCase()}/${owner.name} -n ${namespace}`;
  }
  const what = owner.kind === 'Pod' ? 'the pod' : `the ${owner.kind} ${owner.name}`;
  return `create ${what} anew with it (kubectl rollout restart does so where a Deployment, StatefulSet or DaemonSet owns the pod)`;
}

// Such a key has its own error, and taking it away must be possible.
function isUnknown(key: string): boolean {
  return parseSettings({ [key]: '' }).issues.some((issue) => issue.code === 'UNKNOWN_KEY');
}

function imagesOf(pod: unknown): string[] {
  const all = listAt(pod, 'spec', 'initContainers');
  return initIndex(valueAt(pod, ['spec']), SIDECAR) === -1 ? [] : all.map((each) => `${textAt(each, 'name')}=${textAt(each, 'image')}`);
}

/** True where the template, or one of our keys on the metadata, is another one than before. */
export function changesTemplate(input: AdmitInput, template: readonly (string | number)[]): boolean {
  return (
    changedKeys(input.oldObject, input.object).length > 0 || !sameJson(valueAt(input.oldObject, template), valueAt(input.object, template))
  );
}
