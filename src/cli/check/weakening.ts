import { textAt } from '../../inject/raw.ts';
import type { Difference } from './differences.ts';

export type Registered = 'webhook' | 'policy' | 'binding';

/** What leads objects past us whatever version is installed: no version of ours has ever said it. */
const EDITS: Readonly<Record<Registered, RegExp>> = {
  webhook: /^(objectSelector|clientConfig)/,
  policy: /^failurePolicy/,
  binding: /^(matchResources|validationActions|paramRef|policyName)/,
};
/** What decides which objects are looked at, and how. */
const DECISIVE: Readonly<Record<Registered, RegExp>> = {
  webhook: /^(rules|namespaceSelector|objectSelector|matchConditions|clientConfig|matchPolicy)/,
  policy: /^(failurePolicy|matchConstraints|matchConditions|variables|validations|paramKind)/,
  binding: /./,
};
/** What is said of a refusal decides nothing. */
const WORDS = /\.(message|messageExpression|reason|auditAnnotations)$/;

/**
 * Whether something may go past us by a difference. Of another version than this program's only what no version of ours
 * says: its rules and conditions may well be others.
 */
export function weakens(of: Registered, { field, change }: Difference, isSameVersion: boolean): boolean {
  if (WORDS.test(field) || !(isSameVersion ? DECISIVE : EDITS)[of].test(field)) return false;
  // A condition less lets more come to us, and a validation more refuses more.
  if (/^matchConditions(\[[^\]]*\])?$/.test(field)) return change !== 'removed';
  return !(change === 'added' && /^validations\[/.test(field));
}

/** True where a difference only adds to what is done about a refusal. */
export function isHarmless(of: Registered, { field, found }: Difference): boolean {
  return of === 'binding' && field === 'validationActions' && Array.isArray(found) && found.includes('Deny');
}

/**
 * What a person can do about the differences of one object. `kubectl apply` takes back nothing that it does not know of:
 * what was added has to be removed by name.
 */
export function remedyOf(object: unknown, differences: readonly Difference[], version: string): string {
  const [kind, name] = [textAt(object, 'kind'), textAt(object, 'metadata', 'name')];
  // Validations are replaced as one list, by an apply too.
  const added = differences.filter(({ change, field }) => change === 'added' && !field.startsWith('validations'));
  // From the last on, so that no removal moves what a later one names.
  const removals = added.map(({ pointer }) => ({ op: 'remove', path: pointer })).toReversed();
  const removal = `kubectl patch ${kind.toLowerCase()} ${name} --type=json -p '${JSON.stringify(removals)}'`;
  const rest = differences.length > added.length ? [`apply the manifests of ${version} again`] : [];
  return [...(added.length > 0 ? [removal] : []), ...rest].join('; then ');
}
