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
import { shownValue } from '../shown-value.ts';
import { asksWebhook, type Step, type Subject, type Webhook } from './admission.ts';
import { waysPast } from './bypass.ts';
import { type Decided, decided, type Effective, effectiveSettings, hasSidecar } from './effective.ts';
import { type EntryInForce, entriesInForce } from './entries.ts';
import { levelOf, violations } from './pod-security.ts';
import { type Binding, judgeBound, type Policy, type PolicyWord } from './policies.ts';

/** What an apiserver has of us: in a cluster what it says, else what our manifests say. */
export interface Installation {
  readonly webhooks: readonly { readonly webhooks?: readonly Webhook[] }[];
  readonly policies: readonly Policy[];
  /** A policy without one judges nothing. */
  readonly bindings: readonly Binding[];
  /** The ConfigMap that the policies look up; `missing`, or absent where it is not to be seen. */
  readonly parameter?: object | 'missing';
}

export type Verdict = 'injected' | 'denied' | 'not asked for' | 'not asked about' | 'refused' | 'unknown';

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
  // What cannot be told is judged as if the webhook were asked, and the verdict says so.
  const isAsked = asked.length > 0 && asked.every(({ holds }) => holds !== false);
  const results = resultsOf(kind, object, facts, isAsked && admitted.allowed);
  const pod = results.at(-1)?.result;
  const spec = valueAt(pod, ['spec']);
  const effective = effectiveSettings({ kind, object, at, facts, ...(owner && { owner }) });
  const policies = results.flatMap(({ of, raw, result }) => wordsOf(of, raw, result, facts, installation));
  const level = levelOf(facts.namespace.labels['pod-security.kubernetes.io/enforce']);
  const offences = violations(spec, level);
  const choice = decided(spec);
  const given = effective.filter(({ from }) => from !== 'default').map(({ key, value }) => [PREFIX + key, value] as const);
  const { settings } = parseSettings(Object.fromEntries(given));
  const isInjected = admitted.allowed && wantsSidecar(pod, []) && hasSidecar(spec);
  const judged = judge({ isAsked, asked, isAllowed: admitted.allowed, isInjected, at, object, policies, offences, level });
  const inForce = judged.verdict === 'injected' || judged.verdict === 'unknown' ? settings : undefined;
  return {
    ...judged,
    asked,
    policies,
    podSecurity: { level, violations: offences },
    decided: choice,
    effective: effective.map((each) => ({ ...each, value: shownValue(each.key, each.value) })),
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
  const doubt = asked.find(({ holds }) => holds === 'unknown');
  const failing = asked.find(({ holds }) => holds === 'refuses');
  if (isAsked && failing !== undefined) return { verdict: 'refused', why: `by the webhook's ${failing.what}: ${failing.detail ?? ''}` };
  if (isAsked && !isAllowed) return { verdict: 'denied', why: 'its settings have mistakes' };
  if (refusal !== undefined) return { verdict: 'refused', why: `by the policy ${refusal.policy}: ${refusal.detail ?? ''}` };
  if (isInjected && offences.length > 0) return { verdict: 'refused', why: `by Pod Security, ${level}: ${offences.join('; ')}` };
  const open = policies.find(({ word }) => word === 'unknown');
  if (isAsked && doubt !== undefined)
    return { verdict: 'unknown', why: `whether the webhook is asked: ${doubt.what} ${doubt.detail ?? ''}` };
  if (open !== undefined) return { verdict: 'unknown', why: `what the policy ${open.policy} says: ${open.detail ?? ''}` };
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

function wordsOf(of: string, raw: unknown, result: unknown, facts: Facts, installation: Installation): PolicyWord[] {
  const { policies, bindings, parameter } = installation;
  return policies.flatMap((policy) =>
    bindings
      .filter(({ spec }) => spec.policyName === policy.metadata.name)
      .flatMap((binding) => {
        const [judged, away] = [result, raw].map((object) => judgeBound(policy, binding, subjectOf(of, object, facts, parameter)));
        if (judged === undefined || away === undefined) return [];
        const told = judged.word === 'passes' || (judged.word === 'does not judge' && away.word !== 'passes') ? away : judged;
        const isTold = told.detail !== undefined && (told.word !== 'does not judge' || judged.word === away.word);
        const words = { policy: policy.metadata.name, of, word: judged.word, withoutWebhook: away.word };
        return [{ ...words, ...(isTold && { detail: told.detail }) }];
      }),
  );
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

function subjectOf(kind: string, object: unknown, facts: Facts, parameter?: Installation['parameter']): Subject {
  const { namespace, image, allowedImages } = facts;
  const [group, resource] = RESOURCES[kind] ?? ['', ''];
  const [current = image, previous = '', ...rolling] = allowedImages;
  const params = parameter === 'missing' ? undefined : (parameter ?? { data: { current, previous, rolling: rolling.join(' ') } });
  return { kind, group, resource, operation: 'CREATE', object, namespace, params };
}

/** True where an annotation of ours stands on the object or its template. */
export function concernsUs(kind: string, object: unknown): boolean {
  const places: Path[] = [[], TEMPLATES.get(kind) ?? []];
  return places.some((at) => Object.keys(configured(textsAt(object, ...at, 'metadata', 'annotations'))).length > 0);
}
