import { callFunction, callMethod, type Expression, type Variables } from './methods.ts';
import { CelError, type Token, tokenize } from './tokens.ts';
import { compare, contains, Optional, plus, same, select, truth } from './values.ts';

export type { Expression, Variables } from './methods.ts';

const CONSTANTS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
type Operator = (a: unknown, b: unknown) => unknown;
const RELATIONS: Readonly<Record<string, Operator>> = {
  '==': same,
  '!=': (a, b) => !same(a, b),
  '<': (a, b) => compare(a, b) < 0,
  '<=': (a, b) => compare(a, b) <= 0,
  '>': (a, b) => compare(a, b) > 0,
  '>=': (a, b) => compare(a, b) >= 0,
  in: (a, b) => contains(b, a),
};

/**
 * A CEL expression as Kubernetes' admission configurations have them: selection, optionals, the list macros, logic. What
 * is not among these is an error and not a guess.
 *
 * @throws CelError where it cannot be read; what it returns throws one where it cannot be evaluated.
 */
export function compile(expression: string): Expression {
  const tokens = tokenize(expression);
  let at = 0;

  const peek = (): Token => tokens[at] as Token;
  const isNext = (...texts: string[]): boolean => {
    const { kind, text } = peek();
    return (kind === 'mark' || (kind === 'name' && text === 'in')) && texts.includes(text);
  };
  function take(): Token {
    const token = peek();
    if (token.kind !== 'end') at += 1;
    return token;
  }
  const accept = (...texts: string[]): string | undefined => (isNext(...texts) ? take().text : undefined);
  function expect(text: string): void {
    if (accept(text) === undefined) throw new CelError(`${text} expected before "${peek().text}"`);
  }

  function ternary(): Expression {
    const condition = either();
    if (accept('?') === undefined) return condition;
    const yes = ternary();
    expect(':');
    const no = ternary();
    return (variables) => (truth(condition(variables)) ? yes(variables) : no(variables));
  }

  function either(): Expression {
    let left = both();
    while (accept('||') !== undefined) left = logic(left, both(), true);
    return left;
  }

  function both(): Expression {
    let left = relation();
    while (accept('&&') !== undefined) left = logic(left, relation(), false);
    return left;
  }

  function relation(): Expression {
    let left = sum();
    for (let name = accept(...Object.keys(RELATIONS)); name !== undefined; name = accept(...Object.keys(RELATIONS))) {
      left = binary(left, sum(), RELATIONS[name] as Operator);
    }
    return left;
  }

  function sum(): Expression {
    let left = unary();
    while (accept('+') !== undefined) left = binary(left, unary(), plus);
    return left;
  }

  function unary(): Expression {
    if (accept('!') === undefined) return chain(primary());
    const inner = unary();
    return (variables) => !truth(inner(variables));
  }

  function chain(start: Expression): Expression {
    let of = start;
    for (;;) {
      const link = accept('.', '.?', '[', '[?');
      if (link === undefined) return of;
      if (link.startsWith('[')) {
        of = selection(of, ternary(), link === '[?');
        expect(']');
        continue;
      }
      const name = take();
      if (name.kind !== 'name') throw new CelError(`a name expected before "${name.text}"`);
      const { text } = name;
      of = link === '.' && isNext('(') ? callMethod(text, of, ...callArguments()) : selection(of, () => text, link === '.?');
    }
  }

  function callArguments(): [Expression[], string | undefined] {
    expect('(');
    const first = peek();
    return [list(')'), first.kind === 'name' ? first.text : undefined];
  }

  function list(end: string): Expression[] {
    const items: Expression[] = [];
    while (accept(end) === undefined) {
      items.push(ternary());
      if (!isNext(end)) expect(',');
    }
    return items;
  }

  function primary(): Expression {
    const token = take();
    if (token.kind === 'text') return () => token.text;
    if (token.kind === 'number') return () => token.value;
    if (token.kind === 'name') return name(token.text);
    if (token.text === '(') {
      const inner = ternary();
      expect(')');
      return inner;
    }
    if (token.text === '[') {
      const items = list(']');
      return (variables) => items.map((item) => item(variables));
    }
    if (token.text === '{' && accept('}') !== undefined) return () => ({});
    throw new CelError(token.kind === 'end' ? 'it ends too early' : `"${token.text}" is not understood here`);
  }

  function name(text: string): Expression {
    if (Object.hasOwn(CONSTANTS, text)) return () => CONSTANTS[text];
    if (!isNext('(')) return variable(text);
    if (text !== 'has') return callFunction(text, callArguments()[0]);
    // `has(a.b)`: whether the last selection leads anywhere.
    const [[field]] = callArguments();
    if (field === undefined) throw new CelError('has() wants a field');
    return (variables) => isThere(field, variables);
  }

  const whole = ternary();
  if (peek().kind !== 'end') throw new CelError(`"${peek().text}" is not understood here`);
  return whole;
}

function variable(name: string): Expression {
  return (variables) => {
    if (!Object.hasOwn(variables, name)) throw new CelError(`${name} is not known here`);
    const value = variables[name];
    return typeof value === 'function' ? (value as () => unknown)() : value;
  };
}

function selection(of: Expression, key: Expression, isOptional: boolean): Expression {
  return (variables) => select(of(variables), key(variables), isOptional);
}

function binary(left: Expression, right: Expression, operate: Operator): Expression {
  return (variables) => operate(left(variables), right(variables));
}

/** CEL's `||` and `&&`: an error on one side does not matter where the other side decides. */
function logic(left: Expression, right: Expression, decisive: boolean): Expression {
  return (variables) => {
    let failure: unknown;
    for (const side of [left, right]) {
      try {
        if (truth(side(variables)) === decisive) return decisive;
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return !decisive;
  };
}

function isThere(field: Expression, variables: Variables): boolean {
  try {
    const value = field(variables);
    return !(value instanceof Optional) || value.isPresent;
  } catch (error) {
    if (error instanceof CelError && error.message.startsWith('no such key')) return false;
    throw error;
  }
}
