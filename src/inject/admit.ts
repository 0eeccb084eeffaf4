import type { Issue } from '../lib/issue.ts';
import { renderIssue } from '../lib/issue-text.ts';
import { PREFIX } from '../lib/prefix.ts';
import { inherit } from '../settings/inherit.ts';
import type { PatchOp } from './apply-patch.ts';
import { createEdit } from './edit.ts';
import type { AdmitInput, Admitted, Facts, Findings, Target } from './facts.ts';
import { authoritiesOf } from './judge-pod.ts';
import { SIDECAR } from './names.ts';
import { initIndex, isOurImage } from './ours.ts';
import { ownerOfPod } from './owner.ts';
import { hasOurAnnotations, injectPod, judgeUninjected, wantsSidecar } from './pod.ts';
import { listAt, textAt, textsAt, valueAt } from './raw.ts';
import { malformed } from './shape.ts';
import { isMirrorPod, STATIC_POD_WAY } from './static-pod.ts';
import { judgePodUpdate } from './update.ts';
import { judgeWorkload, TEMPLATES } from './workload.ts';

export type { AdmitInput, Admitted, Facts, Owner } from './facts.ts';

/** The one function behind webhook and CLI: what becomes of an object, and why. Pure; throws only where it has a bug. */
export function admit(input: AdmitInput, facts: Facts, target: Target = 'pods'): Admitted {
  const template = TEMPLATES.get(input.kind);
  if (input.kind !== 'Pod' && template === undefined) return ignored('other_kind');
  if ((input.subResource ?? '') !== '') return ignored('subresource');
  // A finalizer must come off whatever our keys say (contract §9.3).
  if (valueAt(input.object, ['metadata', 'deletionTimestamp'])) return ignored('deleting');
  const unsound = malformed(input.object, template);
  if (unsound.length > 0) return answer({ issues: unsound, cautions: [] }, [], 'unchanged');
  if (template === undefined) return input.operation === 'CREATE' ? admitPod(input, facts) : admitPodUpdate(input, facts);
  const judged = judgeWorkload(input, template, facts, target);
  if (typeof judged === 'string') return ignored(judged);
  return answer(judged, judged.patch, target === 'templates' ? 'injected' : 'propagated');
}

function admitPod({ object }: AdmitInput, facts: Facts): Admitted {
  if (!hasOurAnnotations(object, [])) return ignored('no_annotations');
  if (!wantsSidecar(object, [])) return answer(judgeUninjected(textsAt(object, 'metadata', 'annotations')), [], 'ignored', 'not_asked_for');
  if (isMirrorPod(object)) return admitMirrorPod(object, facts);
  const edit = createEdit(object);
  const findings = injectPod(edit, [], facts.owner ?? ownerOfPod(object), facts);
  return answer(findings, edit.patch, 'injected');
}

function admitPodUpdate(input: AdmitInput, facts: Facts): Admitted {
  const findings = judgePodUpdate(input, facts);
  return findings ? answer(findings, [], 'unchanged') : ignored('our_keys_unchanged');
}

/** The kubelet runs static pods from a file and lets nobody change them: there, the file must have the sidecar already. */
function admitMirrorPod(pod: unknown, facts: Facts): Admitted {
  const sidecar = listAt(pod, 'spec', 'initContainers')[initIndex(valueAt(pod, ['spec']), SIDECAR)];
  if (sidecar !== undefined && isOurImage(textAt(sidecar, 'image'), facts)) return ignored('mirror_pod');
  return answer({ issues: [{ code: 'MIRROR_POD', path: ['inject'], message: STATIC_POD_WAY }], cautions: [] }, [], 'unchanged');
}

function answer(findings: Findings, patch: readonly PatchOp[], done: Admitted['outcome'], reason?: string): Admitted {
  const issues = unique(findings.issues);
  const cautions = unique(findings.cautions);
  const base = { issues, cautions, warnings: cautions.map(renderIssue) };
  if (issues.length > 0)
    return { ...base, allowed: false, patch: [], outcome: 'denied', reasons: [...new Set(issues.map(({ code }) => code))] };
  const outcome = done !== 'ignored' && patch.length === 0 ? 'unchanged' : done;
  return { ...base, allowed: true, patch, outcome, reasons: reason === undefined ? [] : [reason] };
}

function unique(issues: readonly Issue[]): Issue[] {
  return [...new Map(issues.map((issue) => [renderIssue(issue), issue])).values()];
}

function ignored(reason: string): Admitted {
  return { allowed: true, issues: [], warnings: [], cautions: [], patch: [], outcome: 'ignored', reasons: [reason] };
}

/** ConfigMaps in the object's namespace that the caller has to look up first, as `admit` looks up nothing itself. */
export function configMapsOf(input: AdmitInput, facts?: Pick<Facts, 'namespace' | 'defaults'>): string[] {
  const levels = [[], ...(TEMPLATES.has(input.kind) ? [TEMPLATES.get(input.kind) ?? []] : [])];
  const values = levels.map((at) => {
    const own = textsAt(input.object, ...at, 'metadata', 'annotations');
    const effective = facts ? inherit(own, facts.namespace.annotations, facts.defaults).annotations : own;
    return [effective[`${PREFIX}redis-ca`]?.split(':')[0]?.trim() ?? '', ...authoritiesOf(effective).map(({ ca }) => ca.configMap)];
  });
  return [...new Set(values.flat().filter((name) => /^[a-z0-9][-.a-z0-9]{0,252}$/.test(name)))];
}
