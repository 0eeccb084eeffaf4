interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** LabelSelector of meta/v1. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

/** Undefined where the labels are selected, else the first requirement that they do not meet. */
export function selects(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): string | undefined {
  const wanted = Object.entries(matchLabels).map(([key, value]): Requirement => ({ key, operator: 'In', values: [value] }));
  const unmet = [...wanted, ...matchExpressions].find((requirement) => !meets(requirement, labels));
  if (unmet === undefined) return undefined;
  const found = Object.hasOwn(labels, unmet.key) ? `is "${labels[unmet.key]}"` : 'is not there';
  return `label ${unmet.key} ${found}, wanted: ${unmet.operator} ${(unmet.values ?? []).join(', ')}`.trimEnd();
}

function meets({ key, operator, values = [] }: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  if (operator === 'In') return value !== undefined && values.includes(value);
  return value === undefined || !values.includes(value);
}
