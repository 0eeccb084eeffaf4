import { textAt } from '../../inject/raw.ts';
import { compile, type Variables } from '../cel/compile.ts';
import { CelError, NoSuchKey } from '../cel/tokens.ts';
import { PartlyKnown } from '../cel/values.ts';
import { type LabelSelector, selects } from './selector.ts';

/** As far as we read what an apiserver has in admissionregistration.k8s.io/v1. */
export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly operations?: readonly string[];
  readonly resourceNames?: readonly string[];
}
export interface Condition {
  readonly name: string;
  readonly expression: string;
}
export interface Selecting {
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
}
export interface Webhook extends Selecting {
  readonly name: string;
  readonly rules?: readonly Rule[];
  readonly matchConditions?: readonly Condition[];
  readonly failurePolicy?: string;
}

/** A request as an apiserver would judge it. */
export interface Subject {
  readonly kind: string;
  readonly group: string;
  readonly resource: string;
  readonly operation: 'CREATE';
  readonly object: unknown;
  readonly namespace: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** The policies' parameter; undefined where there is none. */
  readonly params: unknown;
}

/**
 * One question on the way of a request; `unknown` where an expression cannot be evaluated here, `refuses` where it fails
 * in an apiserver too and the failure policy lets nothing pass.
 */
export interface Step {
  readonly what: string;
  readonly holds: boolean | 'unknown' | 'refuses';
  readonly detail?: string;
}

/** Whether an apiserver asks the webhook about the request: rules, selectors, conditions, until one says no. */
export function asksWebhook(webhook: Webhook, subject: Subject): Step[] {
  return untilNo([
    () => ruleStep(webhook.rules ?? [], subject),
    ...selectorSteps(webhook, subject, ''),
    ...conditionSteps(webhook, subject),
  ]);
}

export function untilNo(questions: readonly (() => Step)[]): Step[] {
  const steps: Step[] = [];
  for (const question of questions) {
    const step = question();
    steps.push(step);
    if (step.holds === false) break;
  }
  return steps;
}

export function ruleStep(rules: readonly Rule[], subject: Subject): Step {
  const holds = rules.some((rule) => isRuled(rule, subject));
  return { what: 'rules', holds, ...(!holds && { detail: `nobody is asked about ${subject.operation} of ${subject.kind}` }) };
}

export function isRuled({ apiGroups, resources, operations, resourceNames = [] }: Rule, subject: Subject): boolean {
  const { group, resource, operation, object } = subject;
  const has = (list: readonly string[] | undefined, ...words: string[]) =>
    list?.some((each) => each === '*' || words.includes(each)) === true;
  const isNamed = resourceNames.length === 0 || resourceNames.includes(textAt(object, 'metadata', 'name'));
  return isNamed && has(apiGroups, group) && has(resources, resource, '*/*') && has(operations, operation);
}

/** `whose`: `''` or `binding `, for the names of the steps. */
export function selectorSteps(
  { namespaceSelector, objectSelector }: Selecting,
  { namespace, object }: Subject,
  whose: string,
): (() => Step)[] {
  const labels = { ...namespace.labels, 'kubernetes.io/metadata.name': namespace.name };
  const own = (object as { metadata?: { labels?: Record<string, string> } }).metadata?.labels ?? {};
  const isGiven = (selector: LabelSelector | undefined) => selector !== undefined && Object.keys(selector).length > 0;
  return [
    ...(whose === '' || isGiven(namespaceSelector) ? [() => selectorStep(`${whose}namespaceSelector`, namespaceSelector, labels)] : []),
    ...(isGiven(objectSelector) ? [() => selectorStep(`${whose}objectSelector`, objectSelector, own)] : []),
  ];
}

function selectorStep(what: string, selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): Step {
  const refusal = selects(selector ?? {}, labels);
  return { what, holds: refusal === undefined, ...(refusal !== undefined && { detail: refusal }) };
}

interface Conditional {
  readonly matchConditions?: readonly Condition[];
  readonly failurePolicy?: string;
}

/** One that is false decides, whatever fails beside it. */
export function conditionSteps({ matchConditions = [], failurePolicy }: Conditional, subject: Subject): (() => Step)[] {
  return matchConditions.map(({ name, expression }) => () => {
    const what = `matchCondition ${name}`;
    const value = evaluate(expression, variablesOf(subject, []));
    if ('value' in value) return { what, ...truthOf(value.value) };
    return { what, ...failureOf(value.error, failurePolicy, false) };
  });
}

function truthOf(value: unknown): Pick<Step, 'holds' | 'detail'> {
  return typeof value === 'boolean' ? { holds: value } : { holds: 'unknown', detail: 'cannot be evaluated here: not a truth value' };
}

/** What comes of an expression that fails; `ignored` is the answer where the failure policy is Ignore. */
export function failureOf(error: CelError, failurePolicy: string | undefined, ignored: boolean): Pick<Step, 'holds' | 'detail'> {
  if (!(error instanceof NoSuchKey)) return { holds: 'unknown', detail: `cannot be evaluated here: ${error.message}` };
  const detail = `it fails (${error.message}), and failurePolicy is ${failurePolicy ?? 'Fail'}`;
  return { holds: failurePolicy === 'Ignore' ? ignored : 'refuses', detail };
}

/** The value of an expression, or why it has none. */
export function evaluate(expression: string, variables: Variables): { readonly value: unknown } | { readonly error: CelError } {
  try {
    return { value: compile(expression)(variables) };
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return { error };
  }
}

/** What an expression can speak of. An apiserver knows more of the request than we do: who asks, for one. */
export function variablesOf(
  { object, operation, kind, group, resource, namespace, params }: Subject,
  composed: readonly Condition[],
): Variables {
  const variables = {};
  const all: Variables = {
    ...{ object, oldObject: null, params, variables: new PartlyKnown(variables) },
    request: new PartlyKnown({
      ...{ operation, namespace: namespace.name, subResource: '' },
      kind: { group, version: 'v1', kind },
      resource: { group, version: 'v1', resource },
    }),
    namespaceObject: new PartlyKnown({ metadata: new PartlyKnown(namespace) }),
  };
  for (const { name, expression } of composed) {
    // Evaluated where it is used, as an apiserver does.
    Object.defineProperty(variables, name, { enumerable: true, get: () => compile(expression)(all) });
  }
  return all;
}
