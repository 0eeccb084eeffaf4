import { admit } from '../../inject/admit.ts';
import { applyPatch } from '../../inject/apply-patch.ts';
import type { Admitted, Facts } from '../../inject/facts.ts';
import { INJECT_KEY } from '../../inject/names.ts';
import { wantsSidecar } from '../../inject/pod.ts';
import { type Path, textAt, textsAt, valueAt } from '../../inject/raw.ts';
import { configured } from '../../inject/stamp.ts';
import { TEMPLATES } from '../../inject/workload.ts';
import { PREFIX } from '../../lib/prefix.ts';
import { parseSettings } from '../../settings/annotations.ts';
import { asksWebhook, judgePolicy, type Policy, type Step, type Subject, type Webhook } from './admission.ts';
import { waysPast } from './bypass.ts';
import { type Decided, decided, type Effective, effectiveSettings, hasSidecar } from './effective.ts';
import { type EntryInForce, entriesInForce } from './entries.ts';
import { levelOf, violations } from './pod-security.ts';

/** What an apiserver has of us: in a cluster what it says, else what our manifests say. */
export interface Installation {
  readonly webhooks: readonly { readonly webhooks?: readonly Webhook[] }[];
  readonly policies: readonly Policy[];
}

/** How a policy judges what comes of an object, with the webhook and while that is away. */
export interface PolicyWord {
  readonly policy: string;
  readonly of: string;
  readonly word: 'passes' | 'refuses' | 'does not judge' | 'unknown';
  readonly withoutWebhook: 'passes' | 'refuses' | 'does not judge' | 'unknown';
  /** Why it refuses, or cannot be evaluated here; with the webhook, or else without it. */
  readonly detail?: string;
}

export type Verdict = 'injected' | 'denied' | 'not asked for' | 'not asked about' | 'refused';

export interface Explanation {
  readonly verdict: Verdict;
  /** One sentence: why. */
  readonly why: string;
  readonly asked: readonly Step[];
  readonly policies: readonly PolicyWord[];
  readonly podSecurity: { readonly level: string; readonly violations: readonly string[] };
  readonly decided: Decided;
  readonly effective: readonly Effective[];
  /** Remote entries, of what is injected. */
  readonly entries: readonly EntryInForce[];
  readonly bypass: readonly string[];
}

interface Explained {
  readonly kind: string;
  readonly object: unknown;
  readonly facts: Facts;
  readonly installation: Installation;
  /** The judgement that the user is told the errors of. */
  readonly admitted: Pick<Admitted, 'allowed'>;
  readonly owner?: { readonly kind: string; readonly object: unknown };
}

/** What becomes of an object, step by step as an apiserver goes, and why. Pure. */
export function explain({ kind, object, facts, installation, admitted, owner }: Explained): Explanation {
  const at = TEMPLATES.get(kind) ?? [];
  const asked = installation.webhooks.flatMap(({ webhooks = [] }) =>
    webhooks.flatMap((each) => asksWebhook(each, subjectOf(kind, object, facts))),
  );
  const isAsked = asked.length > 0 && asked.every(({ holds }) => holds !== false);
  const results = resultsOf(kind, object, facts, isAsked && admitted.allowed);
  const pod = results.at(-1)?.result;
  const spec = valueAt(pod, ['spec']);
  const effective = effectiveSettings({ kind, object, at, facts, ...(owner && { owner }) });
  const policies = results.flatMap(({ of, raw, result }) => wordsOf(of, raw, result, facts, installation.policies));
  const level = levelOf(facts.namespace.labels['pod-security.kubernetes.io/enforce']);
  const offences = violations(spec, level);
  const choice = decided(spec);
  const given = effective.filter(({ from }) => from !== 'default').map(({ key, value }) => [PREFIX + key, value] as const);
  const { settings } = parseSettings(Object.fromEntries(given));
  const isInjected = admitted.allowed && wantsSidecar(pod, []) && hasSidecar(spec);
  const judged = judge({ isAsked, asked, isAllowed: admitted.allowed, isInjected, at, object, policies, offences, level });
  const inForce = judged.verdict === 'injected' ? settings : undefined;
  return {
    ...judged,
    asked,
    policies,
    podSecurity: { level, violations: offences },
    decided: choice,
    effective,
    entries: entriesInForce(inForce?.remoteEntries ?? []),
    bypass: inForce === undefined ? [] : waysPast(spec, choice.ports ?? (choice.port === undefined ? [] : [choice.port]), inForce),
  };
}

interface Judged {
  readonly isAsked: boolean;
  readonly asked: readonly Step[];
  readonly isAllowed: boolean;
  readonly isInjected: boolean;
  readonly at: Path;
  readonly object: unknown;
  readonly policies: readonly PolicyWord[];
  readonly offences: readonly string[];
  readonly level: string;
}

function judge({
  isAsked,
  asked,
  isAllowed,
  isInjected,
  at,
  object,
  policies,
  offences,
  level,
}: Judged): Pick<Explanation, 'verdict' | 'why'> {
  const refusal = policies.find(({ word }) => word === 'refuses');
  if (isAsked && !isAllowed) return { verdict: 'denied', why: 'its settings have mistakes' };
  if (refusal !== undefined) return { verdict: 'refused', why: `by the policy ${refusal.policy}: ${refusal.detail ?? ''}` };
  if (isInjected && offences.length > 0) return { verdict: 'refused', why: `by Pod Security, ${level}: ${offences.join('; ')}` };
  if (isInjected) return { verdict: 'injected', why: `${INJECT_KEY} is "true", and the webhook is asked` };
  const no = asked.find(({ holds }) => holds === false);
  if (!isAsked) return { verdict: 'not asked about', why: whyNotAsked(no) };
  const levels = [at, []].map((place) => textsAt(object, ...place, 'metadata', 'annotations')[INJECT_KEY]);
  const value = levels.find((each) => each !== undefined);
  return { verdict: 'not asked for', why: value === undefined ? `${INJECT_KEY} is not set` : `${INJECT_KEY} is "${value}"` };
}

function whyNotAsked(no: Step | undefined): string {
  if (no === undefined) return 'no webhook of ours is registered';
  if (no.what === 'matchCondition one-of-our-annotations') return `it has no annotation that begins with ${PREFIX}`;
  return `${no.what} leaves it out${no.detail === undefined ? '' : `: ${no.detail}`}`;
}

interface Result {
  /** The kind that is judged: the object's own, or `Pod` for what comes of its template. */
  readonly of: string;
  /** While the webhook is away. */
  readonly raw: unknown;
  readonly result: unknown;
}

/** The object as it is stored, and the pod that is made of its template. */
function resultsOf(kind: string, object: unknown, facts: Facts, isJudged: boolean): Result[] {
  const admitted = (of: string, raw: unknown) => {
    const { allowed, patch } = admit({ kind: of, operation: 'CREATE', object: raw }, facts);
    return allowed && isJudged ? applyPatch(raw, patch) : raw;
  };
  const stored = { of: kind, raw: object, result: admitted(kind, object) };
  const template = TEMPLATES.get(kind);
  if (template === undefined) return [stored];
  const pod = podOf(stored.result, template);
  return [stored, { of: 'Pod', raw: podOf(object, template), result: admitted('Pod', pod) }];
}

function podOf(workload: unknown, template: Path): unknown {
  const metadata = { ...(valueAt(workload, [...template, 'metadata']) as object), name: textAt(workload, 'metadata', 'name') };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: valueAt(workload, [...template, 'spec']) };
}

function wordsOf(of: string, raw: unknown, result: unknown, facts: Facts, policies: readonly Policy[]): PolicyWord[] {
  return policies.flatMap((policy) => {
    const [steps, away] = [result, raw].map((object) => judgePolicy(policy, subjectOf(of, object, facts)));
    if (steps === undefined || away === undefined || steps[0]?.holds === false) return [];
    const [word, withoutWebhook] = [wordOf(steps), wordOf(away)];
    const told = [word === 'passes' ? away : steps]
      .flat()
      .find(({ what, holds, detail }) => detail !== undefined && (what === 'validations' || holds === 'unknown'));
    return [{ policy: policy.metadata.name, of, word, withoutWebhook, ...(told?.detail !== undefined && { detail: told.detail }) }];
  });
}

function wordOf(steps: readonly Step[]): PolicyWord['word'] {
  const last = steps.at(-1);
  if (last?.holds === false) return last.what === 'validations' ? 'refuses' : 'does not judge';
  return steps.some(({ holds }) => holds === 'unknown') ? 'unknown' : 'passes';
}

const RESOURCES: Readonly<Record<string, readonly [group: string, resource: string]>> = {
  Pod: ['', 'pods'],
  Deployment: ['apps', 'deployments'],
  StatefulSet: ['apps', 'statefulsets'],
  DaemonSet: ['apps', 'daemonsets'],
  ReplicaSet: ['apps', 'replicasets'],
  Job: ['batch', 'jobs'],
  CronJob: ['batch', 'cronjobs'],
};

/** True where an object would not be stored as it is. */
export function isBad({ verdict }: Explanation): boolean {
  return verdict === 'denied' || verdict === 'refused';
}

/** True for the kinds that we have anything to do with. */
export function isExplained(kind: string): boolean {
  return Object.hasOwn(RESOURCES, kind);
}

function subjectOf(kind: string, object: unknown, { namespace, image, allowedImages }: Facts): Subject {
  const [group, resource] = RESOURCES[kind] ?? ['', ''];
  const [current = image, previous = ''] = allowedImages;
  return { kind, group, resource, operation: 'CREATE', object, namespace, params: { data: { current, previous } } };
}

/** True where an annotation of ours stands on the object or its template. */
export function concernsUs(kind: string, object: unknown): boolean {
  const places: Path[] = [[], TEMPLATES.get(kind) ?? []];
  return places.some((at) => Object.keys(configured(textsAt(object, ...at, 'metadata', 'annotations'))).length > 0);
}
