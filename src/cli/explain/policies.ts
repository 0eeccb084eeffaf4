import { listAt, textAt } from '../../inject/raw.ts';
import {
  type Condition,
  conditionSteps,
  evaluate,
  failureOf,
  isRuled,
  type Rule,
  ruleStep,
  type Selecting,
  type Step,
  type Subject,
  selectorSteps,
  untilNo,
  variablesOf,
} from './admission.ts';

interface Matching extends Selecting {
  readonly resourceRules?: readonly Rule[];
  readonly excludeResourceRules?: readonly Rule[];
}
export interface Policy {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly failurePolicy?: string;
    readonly matchConstraints?: Matching;
    readonly matchConditions?: readonly Condition[];
    readonly variables?: readonly Condition[];
    readonly validations?: readonly Validation[];
    readonly paramKind?: unknown;
  };
}
interface Validation {
  readonly expression: string;
  readonly message?: string;
  readonly messageExpression?: string;
}
/** What puts a policy in force, and where. */
export interface Binding {
  readonly spec: {
    readonly policyName: string;
    readonly validationActions?: readonly string[];
    readonly matchResources?: Matching;
    readonly paramRef?: { readonly name?: string; readonly namespace?: string; readonly parameterNotFoundAction?: string };
  };
}

/** `does not deny`: it would refuse, and its binding only warns or writes it down. */
export type Word = 'passes' | 'refuses' | 'does not deny' | 'does not judge' | 'unknown';

/** How a policy judges what comes of an object, with the webhook and while that is away. */
export interface PolicyWord {
  readonly policy: string;
  readonly of: string;
  readonly word: Word;
  readonly withoutWebhook: Word;
  /** Why it refuses, or cannot be evaluated here; with the webhook, or else without it. */
  readonly detail?: string;
}

/** The word of a policy on one object; undefined where it is not about such objects at all. */
export function judgeBound(
  policy: Policy,
  binding: Binding,
  subject: Subject,
): { readonly word: Word; readonly detail?: string } | undefined {
  const { matchConstraints = {}, paramKind } = policy.spec;
  const { matchResources = {}, paramRef, validationActions = [] } = binding.spec;
  const steps = untilNo([
    () => ruleStep(matchConstraints.resourceRules ?? [], subject),
    ...exclusionSteps(matchConstraints, subject, ''),
    ...selectorSteps(matchConstraints, subject, ''),
    ...(matchResources.resourceRules === undefined ? [] : [() => ruleStep(matchResources.resourceRules ?? [], subject)]),
    ...exclusionSteps(matchResources, subject, 'binding '),
    ...selectorSteps(matchResources, subject, 'binding '),
    // Looked up before any condition.
    ...(paramKind === undefined || subject.params !== undefined ? [] : [() => withoutParams(paramRef)]),
    ...conditionSteps(policy.spec, subject),
  ]);
  const [first] = steps;
  if (first?.holds === false) return undefined;
  const last = steps.at(-1);
  if (last?.holds === false)
    return { word: 'does not judge', detail: `${last.what}${last.detail === undefined ? '' : `: ${last.detail}`}` };
  const found =
    steps.find(({ holds }) => holds === 'refuses') ?? steps.find(({ holds }) => holds === 'unknown') ?? validate(policy, subject);
  if (found.holds === true) return { word: 'passes' };
  const detail = found.detail ?? found.what;
  if (found.holds === 'unknown') return { word: 'unknown', detail };
  if (validationActions.includes('Deny')) return { word: 'refuses', detail };
  return { word: 'does not deny', detail: `its binding says ${validationActions.join(', ') || 'nothing'}: ${detail}` };
}

function exclusionSteps({ excludeResourceRules = [] }: Matching, subject: Subject, whose: string): (() => Step)[] {
  if (excludeResourceRules.length === 0) return [];
  const what = `${whose}excludeResourceRules`;
  return [() => ({ what, holds: !excludeResourceRules.some((rule) => isRuled(rule, subject)) })];
}

function withoutParams(paramRef: Binding['spec']['paramRef']): Step {
  const name = `${textAt(paramRef, 'namespace')}/${textAt(paramRef, 'name')}`;
  const isAllowed = paramRef?.parameterNotFoundAction === 'Allow';
  return { what: 'its parameter', holds: isAllowed ? false : 'refuses', detail: `there is no ConfigMap ${name}` };
}

/** The first validation that does not hold, or that nobody here can tell. */
function validate({ spec }: Policy, subject: Subject): Step {
  const what = 'validations';
  const variables = variablesOf(subject, spec.variables ?? []);
  const judged = listAt(spec, 'validations').map((each): Step => {
    const { expression, message, messageExpression } = each as Validation;
    const result = evaluate(expression, variables);
    if ('error' in result) return { what, ...failureOf(result.error, spec.failurePolicy, true) };
    if (result.value === true) return { what, holds: true };
    const told = messageExpression === undefined ? undefined : evaluate(messageExpression, variables);
    const text = told !== undefined && 'value' in told ? told.value : message;
    return { what, holds: 'refuses', detail: typeof text === 'string' ? text : expression };
  });
  return judged.find(({ holds }) => holds === 'refuses') ?? judged.find(({ holds }) => holds === 'unknown') ?? { what, holds: true };
}
