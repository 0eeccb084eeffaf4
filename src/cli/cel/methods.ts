import { decide } from './logic.ts';
import { CelError } from './tokens.ts';
import { isMap, itemsOf, Optional, sizeOf, truth } from './values.ts';

export type Variables = Readonly<Record<string, unknown>>;
export type Expression = (variables: Variables) => unknown;

/** Macros: their first argument names a variable that the second is evaluated with, for each item. */
const MACROS: Readonly<Record<string, (items: readonly unknown[], judge: (item: unknown) => unknown) => unknown>> = {
  exists: (items, judge) => decide(items, true, judge),
  all: (items, judge) => decide(items, false, judge),
  exists_one: (items, judge) => items.filter((item) => truth(judge(item))).length === 1,
  filter: (items, judge) => items.filter((item) => truth(judge(item))),
  map: (items, judge) => items.map(judge),
};

const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new CelError('not a text');
  return value;
};

const METHODS: Readonly<Record<string, (of: unknown, ...args: unknown[]) => unknown>> = {
  startsWith: (of, start) => text(of).startsWith(text(start)),
  endsWith: (of, end) => text(of).endsWith(text(end)),
  contains: (of, part) => text(of).includes(text(part)),
  size: (of) => sizeOf(of),
  join: (of, between = '') => itemsOf(of).map(text).join(text(between)),
  lowerAscii: (of) => text(of).toLowerCase(),
};

const OPTIONAL_METHODS: Readonly<Record<string, (of: Optional, ...args: unknown[]) => unknown>> = {
  orValue: (of, fallback) => (of.isPresent ? of.value : fallback),
  hasValue: (of) => of.isPresent,
  value: (of) => (of.isPresent ? of.value : fail('no value')),
};

/** `of.name(…)`; a macro's variable is given by its name. */
export function callMethod(name: string, of: Expression, args: readonly Expression[], variable: string | undefined): Expression {
  const macro = Object.hasOwn(MACROS, name) ? MACROS[name] : undefined;
  const [, body] = args;
  if (macro !== undefined && body !== undefined && args.length === 2) {
    if (variable === undefined) throw new CelError(`${name} wants the name of a variable`);
    return (variables) => macro(itemsOf(of(variables)), (item) => body({ ...variables, [variable]: item }));
  }
  return (variables) => {
    const target = of(variables);
    const methods = target instanceof Optional ? OPTIONAL_METHODS : METHODS;
    const method = (Object.hasOwn(methods, name) ? methods[name] : undefined) ?? fail(`.${name}() is not known here`);
    return method(target as Optional, ...args.map((argument) => argument(variables)));
  };
}

const FUNCTIONS: Readonly<Record<string, (value: unknown) => unknown>> = {
  size: sizeOf,
  dyn: (value) => value,
  string: (value) => (isMap(value) || Array.isArray(value) ? fail('string() of a list or map') : String(value)),
};

export function callFunction(name: string, args: readonly Expression[]): Expression {
  const [argument] = args;
  const call = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (call === undefined || argument === undefined || args.length !== 1) throw new CelError(`${name}() is not known here`);
  return (variables) => call(argument(variables));
}

function fail(message: string): never {
  throw new CelError(message);
}
