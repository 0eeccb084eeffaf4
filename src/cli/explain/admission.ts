import { sameJson } from '../../inject/raw.ts';
import { compile, type Variables } from '../cel/compile.ts';
import { CelError } from '../cel/tokens.ts';
import { type LabelSelector, selects } from './selector.ts';

/** As far as we read what an apiserver has in admissionregistration.k8s.io/v1. */
interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly operations?: readonly string[];
}
interface Condition {
  readonly name: string;
  readonly expression: string;
}
interface Selecting {
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
}
export interface Webhook extends Selecting {
  readonly name: string;
  readonly rules?: readonly Rule[];
  readonly matchConditions?: readonly Condition[];
  readonly failurePolicy?: string;
}
export interface Policy {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly matchConstraints?: Selecting & { readonly resourceRules?: readonly Rule[] };
    readonly matchConditions?: readonly Condition[];
    readonly variables?: readonly Condition[];
    readonly validations?: readonly { readonly expression: string; readonly message?: string; readonly messageExpression?: string }[];
    readonly paramKind?: unknown;
  };
}

/** A request as an apiserver would judge it. */
export interface Subject {
  readonly kind: string;
  readonly group: string;
  readonly resource: string;
  readonly operation: 'CREATE';
  readonly object: unknown;
  readonly namespace: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  /** The policies' parameter. */
  readonly params: unknown;
}

/** One question on the way of a request; `unknown` where an expression cannot be evaluated here. */
export interface Step {
  readonly what: string;
  readonly holds: boolean | 'unknown';
  readonly detail?: string;
}

/** Whether an apiserver asks the webhook about the request: rules, selectors, conditions, until one says no. */
export function asksWebhook(webhook: Webhook, subject: Subject): Step[] {
  return untilNo([
    () => ruleStep(webhook.rules ?? [], subject),
    ...selectorSteps(webhook, subject),
    ...(webhook.matchConditions ?? []).map((condition) => () => conditionStep(condition, variablesOf(subject, []))),
  ]);
}

/** Whether a policy judges the request, and what it says: the last step is its judgement. */
export function judgePolicy({ spec }: Policy, subject: Subject): Step[] {
  const { matchConstraints = {}, matchConditions = [], validations = [] } = spec;
  const bare = variablesOf(subject, []);
  const steps = untilNo([
    () => ruleStep(matchConstraints.resourceRules ?? [], subject),
    ...selectorSteps(matchConstraints, subject),
    ...matchConditions.map((condition) => () => conditionStep(condition, bare)),
  ]);
  if (steps.some(({ holds }) => holds === false)) return steps;
  const variables = variablesOf(subject, spec.variables ?? []);
  const refusal = validations.map((validation) => validate(validation, variables)).find(({ holds }) => holds !== true);
  return [...steps, refusal ?? { what: 'validations', holds: true }];
}

function untilNo(questions: readonly (() => Step)[]): Step[] {
  const steps: Step[] = [];
  for (const question of questions) {
    const step = question();
    steps.push(step);
    if (step.holds === false) break;
  }
  return steps;
}

function ruleStep(rules: readonly Rule[], { group, resource, operation, kind }: Subject): Step {
  const has = (list: readonly string[] | undefined, word: string) => list?.some((each) => each === '*' || each === word) === true;
  const holds = rules.some((rule) => has(rule.apiGroups, group) && has(rule.resources, resource) && has(rule.operations, operation));
  return { what: 'rules', holds, ...(!holds && { detail: `nobody is asked about ${operation} of ${kind}` }) };
}

function selectorSteps({ namespaceSelector, objectSelector }: Selecting, { namespace, object }: Subject): (() => Step)[] {
  const labels = { ...namespace.labels, 'kubernetes.io/metadata.name': namespace.name };
  const own = (object as { metadata?: { labels?: Record<string, string> } }).metadata?.labels ?? {};
  return [
    () => selectorStep('namespaceSelector', namespaceSelector, labels),
    ...(objectSelector === undefined ? [] : [() => selectorStep('objectSelector', objectSelector, own)]),
  ];
}

function selectorStep(what: string, selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): Step {
  const refusal = selects(selector ?? {}, labels);
  return { what, holds: refusal === undefined, ...(refusal !== undefined && { detail: refusal }) };
}

function conditionStep({ name, expression }: Condition, variables: Variables): Step {
  const what = `matchCondition ${name}`;
  try {
    return { what, holds: sameJson(compile(expression)(variables), true) };
  } catch (error) {
    return { what, ...unknown(error) };
  }
}

function validate(
  { expression, message, messageExpression }: { expression: string; message?: string; messageExpression?: string },
  variables: Variables,
): Step {
  try {
    if (compile(expression)(variables) === true) return { what: 'validations', holds: true };
    const told = messageExpression === undefined ? message : compile(messageExpression)(variables);
    return { what: 'validations', holds: false, detail: typeof told === 'string' ? told : expression };
  } catch (error) {
    return { what: 'validations', ...unknown(error) };
  }
}

function unknown(error: unknown): { holds: 'unknown'; detail: string } {
  if (!(error instanceof CelError)) throw error;
  return { holds: 'unknown', detail: `cannot be evaluated here: ${error.message}` };
}

function variablesOf({ object, operation, kind, namespace, params }: Subject, composed: readonly Condition[]): Variables {
  const variables = {};
  const all: Variables = {
    ...{ object, oldObject: null, params, variables },
    request: { operation, kind: { kind }, namespace: namespace.name },
    namespaceObject: { metadata: namespace },
  };
  for (const { name, expression } of composed) {
    // Evaluated where it is used, as an apiserver does.
    Object.defineProperty(variables, name, { enumerable: true, get: () => compile(expression)(all) });
  }
  return all;
}
