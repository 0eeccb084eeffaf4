import type { Issue } from '../lib/issue.ts';
import { PREFIX } from '../lib/prefix.ts';
import type { PatchOp } from './apply-patch.ts';
import { createEdit } from './edit.ts';
import type { AdmitInput, Facts, Findings, Target } from './facts.ts';
import { INJECT_KEY, PROPAGATED_KEY } from './names.ts';
import { controllerOf, ownerOfWorkload } from './owner.ts';
import { hasOurAnnotations, injectPod, judgeUninjected, wantsSidecar } from './pod.ts';
import { propagate } from './propagate.ts';
import { type Path, textAt, textsAt } from './raw.ts';
import { judgeShares } from './shares.ts';
import { configured } from './stamp.ts';
import { changedKeys, changesTemplate } from './update.ts';

const TEMPLATE: Path = ['spec', 'template'];

/** Where each kind of workload keeps its pod template. */
export const TEMPLATES: ReadonlyMap<string, Path> = new Map([
  ['Deployment', TEMPLATE],
  ['StatefulSet', TEMPLATE],
  ['DaemonSet', TEMPLATE],
  ['ReplicaSet', TEMPLATE],
  ['Job', TEMPLATE],
  ['CronJob', ['spec', 'jobTemplate', ...TEMPLATE]],
]);

export interface JudgedWorkload extends Findings {
  readonly patch: readonly PatchOp[];
}

/**
 * Judges a workload as its pods will be judged, so that the error stands at `kubectl apply` and not in a ReplicaSet's
 * events; writes its annotations into its template, and for files the sidecar too. A word: why there is nothing to do.
 */
export function judgeWorkload(input: AdmitInput, template: Path, facts: Facts, target: Target): JudgedWorkload | string {
  const { object, oldObject, operation } = input;
  if (operation === 'UPDATE' && !changesTemplate(input, template)) return 'unchanged_template';
  const misplaced = misplacedIssues(input.kind, object);
  const isRecorded = [object, oldObject].some((each) => textAt(each, 'metadata', 'annotations', PROPAGATED_KEY) !== '');
  if (misplaced.length === 0 && !isRecorded && !hasOurAnnotations(object, []) && !hasOurAnnotations(object, template))
    return 'no_annotations';

  // Contract §9.2: a controller copies its own annotations to what it controls, and would fight over the template.
  const isControlled = controllerOf(object) !== undefined;
  const isFixed = input.kind === 'Job' && operation === 'UPDATE';
  const edit = createEdit(object);
  const withdrawn = isControlled ? [] : propagate(edit, template, oldObject);
  const isInjectable = target === 'templates' && !isControlled && !isFixed;
  const trial = isInjectable ? edit : createEdit(edit.root);
  const owner = facts.owner ?? ownerOfWorkload(input.kind, object);
  // Also what a template that says no keeps out of itself.
  const written = isControlled ? {} : textsAt(object, 'metadata', 'annotations');
  const findings = wantsSidecar(trial.root, template)
    ? injectPod(trial, template, owner, facts)
    : judgeUninjected({ ...written, ...textsAt(trial.root, ...template, 'metadata', 'annotations') });
  const cautions = [
    ...findings.cautions,
    ...(findings.issues.length === 0 && wantsSidecar(trial.root, template) ? judgeShares(input.kind, trial.root, template, facts) : []),
    ...(isControlled && !wantsSidecar(trial.root, template) ? keptNaked(object, template) : []),
    ...withdrawals(withdrawn),
    ...(operation === 'UPDATE' ? standstill(input) : []),
  ];
  const overridden = isControlled || !wantsSidecar(trial.root, template) ? [] : overriddenIssues(object, edit.root, template);
  return { issues: [...misplaced, ...findings.issues, ...overridden], cautions, patch: isFixed ? [] : edit.patch };
}

/** Between a CronJob and its pods stands the Job's metadata, which reaches no pod. */
function misplacedIssues(kind: string, object: unknown): Issue[] {
  if (kind !== 'CronJob') return [];
  const path = ['spec', 'jobTemplate', 'metadata', 'annotations'];
  return Object.keys(configured(textsAt(object, ...path))).map((key) => ({
    code: 'MISPLACED',
    path: [...path, key],
    message: "has no effect here: write it on the CronJob's own metadata or on spec.jobTemplate.spec.template",
  }));
}

/** Mistakes on the metadata under keys that the template has for itself: without effect now, and a trap for whoever edits the template. */
function overriddenIssues(object: unknown, edited: unknown, template: Path): Issue[] {
  const inForce = textsAt(edited, ...template, 'metadata', 'annotations');
  const given = Object.entries(configured(textsAt(object, 'metadata', 'annotations')));
  const { issues } = judgeUninjected(Object.fromEntries(given.filter(([key, value]) => inForce[key] !== value)));
  return issues.map(({ path: [key, ...rest], ...issue }) => ({ ...issue, path: ['metadata', 'annotations', `${PREFIX}${key}`, ...rest] }));
}

/** A controlled object is never changed (contract §9.2), so what its own metadata asks for must reach the template otherwise. */
function keptNaked(object: unknown, template: Path): Issue[] {
  const controller = controllerOf(object);
  const isAsked = wantsSidecar(object, []) && textAt(object, ...template, 'metadata', 'annotations', INJECT_KEY) === '';
  if (!isAsked || controller === undefined) return [];
  const who = `${controller.kind} ${controller.name}`;
  const message = `has no effect here: ${who} controls this object, so its template is left alone and its pods get no sidecar; let ${who} write it on the pod template`;
  return [{ code: 'CONTROLLED', path: ['metadata', 'annotations', INJECT_KEY], message }];
}

function withdrawals(keys: readonly string[]): Issue[] {
  if (!keys.includes('inject')) return [];
  const message = `taken away from the template with the rest of what the metadata had given it (${keys.join(', ')}): new pods get no sidecar`;
  return [{ code: 'WITHDRAWN', path: ['inject'], message }];
}

/** An edit of the metadata of something whose pods do not roll: it waits for pods to be created anew. */
function standstill(input: AdmitInput): Issue[] {
  const [changed] = changedKeys(input.oldObject, input.object).filter((key) => key !== PROPAGATED_KEY);
  const why = whyItStands(input);
  if (changed === undefined || why === undefined || controllerOf(input.object)) return [];
  return [{ code: 'DOES_NOT_ROLL', path: ['metadata', 'annotations', changed], message: why }];
}

function whyItStands({ kind, object }: AdmitInput): string | undefined {
  if (kind === 'Job') return "a Job's template is immutable: this has no effect; create the Job anew with it";
  if (kind === 'ReplicaSet') return 'a ReplicaSet does not replace its pods: those that run stay as they are until they are deleted';
  if (textAt(object, 'spec', 'updateStrategy', 'type') !== 'OnDelete') return undefined;
  return `this ${kind} has the update strategy OnDelete: pods that run stay as they are until they are deleted`;
}
