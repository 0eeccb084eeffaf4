import { decide } from './logic.ts';
import { callFunction, callMethod, type Expression } from './methods.ts';
import { CelError, type Token, tokenize } from './tokens.ts';
import { compare, contains, hasField, plus, same, select, truth } from './values.ts';

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
    while (accept('||') !== undefined) left = logic([left, both()], true);
    return left;
  }

  function both(): Expression {
    let left = relation();
    while (accept('&&') !== undefined) left = logic([left, relation()], false);
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
      if (link === '.?') of = selection(of, () => text, true);
      else of = isNext('(') ? callMethod(text, of, ...callArguments()) : field(of, text);
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
    const [[selected]] = callArguments();
    if (selected === undefined || !isField(selected)) throw new CelError('has() wants a field, as in has(a.b)');
    return selected.isThere;
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

/** `a.b`, which `has()` asks about in another way than it is read: that `a` is there is a matter of its own. */
interface Field extends Expression {
  readonly isThere: Expression;
}

function field(of: Expression, key: string): Field {
  const read: Expression = (variables) => select(of(variables), key, false);
  return Object.assign(read, { isThere: ((variables) => hasField(of(variables), key)) satisfies Expression });
}

function isField(expression: Expression): expression is Field {
  return 'isThere' in expression;
}

function logic(sides: readonly Expression[], decisive: boolean): Expression {
  return (variables) => decide(sides, decisive, (side) => side(variables));
}
