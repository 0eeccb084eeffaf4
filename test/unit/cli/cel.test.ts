import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/cli/cel/compile.ts';
import { CelError, NoSuchKey } from '../../../src/cli/cel/tokens.ts';
import { PartlyKnown } from '../../../src/cli/cel/values.ts';
import installation from '../../../src/cli/explain/installation.json' with { type: 'json' };

const object = { a: { b: 'c', 'x/y': 'z' }, list: [1, 2, 3], named: [{ name: 'n', on: true }, { name: 'm' }], none: null };
const run = (expression: string): unknown =>
  compile(expression)({ object, request: { kind: { kind: 'Pod' } }, oldObject: null, known: new PartlyKnown({ a: 1 }) });

// What cel-go answers to the same, by its specification (github.com/google/cel-spec, doc/langdef.md).
describe('a CEL expression', () => {
  it.each([
    ["object.a.b == 'c' && object.a['x/y'] == \"z\"", true],
    ['!(1 == 1) || 2 < 3 && "a" < "b"', true],
    ['1 + 2 == 3 ? "y" + "es" : "no"', 'yes'],
    ['[1] + [2]', [1, 2]],
    ["object.a.?b.orValue('') + object.a.?q.orValue('-')", 'c-'],
    ["object.?q.r.s.orValue('none')", 'none'],
    ["object.?a.b.orValue('none')", 'c'],
    ["object.?a['x/y'].orValue('none')", 'z'],
    ["object.a[?'x/y'] == object.a[?'x/y'] && object.a[?'q'] != object.a[?'x/y']", true],
    ["object.a[?'q'] == object.?nothing", true],
    ["'x/y' in object.a && !('q' in object.a) && 2 in object.list", true],
    ['object.a.exists(k, k.startsWith("x/"))', true],
    ['object.list.all(i, i > 0) && !object.list.exists(i, i > 3)', true],
    ["object.named.filter(c, c.name == 'n' && c.?on.orValue(false)).map(c, c.name).join(', ')", 'n'],
    ['size(object.list) == 3 && size("häß") == 3', true],
    ['has(object.a.b) && !has(object.a.q)', true],
    // An error of one member does not matter where another decides.
    ['[1, "a"].exists(i, i < 2) && !["a", 1].all(i, i > 1)', true],
    ['has(object.?a.b) && !has(object.?q.b)', true],
    ['request.kind.kind == "Pod" && !(request.kind.kind in ["Job"])', true],
    ['has(object.none) && object.none == null && oldObject == null', true],
    ['oldObject != null && oldObject.a.b == "c"', false],
    // Errors on one side do not matter where the other side decides.
    ['object.q.r == 1 || true', true],
    ['false && object.q.r == 1', false],
    ["object.?q.orValue({}).exists(k, k == 'a')", false],
    ["'it\\'s' + ' \\\\'", "it's \\"],
    ['object.a.b // what it is', 'c'],
  ])('[cli:cel] %s', (expression, expected) => {
    expect(run(expression)).toEqual(expected);
  });

  it.each([
    ['object.q'],
    // `has()` asks about the last step alone.
    ['has(object.q.r)'],
    ['!has(object.q.r)'],
    ['has(object.q.r.s) || false'],
    ['has(object)'],
    ["has(object['a'])"],
    ['has(object.a.b.c)'],
    ['object.list.exists(i, i.frob())'],
    ['object.list.contains(1)'],
    ['known.nobody'],
    ['has(known.nobody)'],
    ["known.?nobody.orValue('') == ''"],
    ["'nobody' in known"],
    ['object.a.b.c'],
    ['object.q.r == 1 || false'],
    ['nobody'],
    ["'a' + 1"],
    ['1 < "a"'],
    ['object.list.exists(i, i)'],
    ['object.a.b.frobnicate()'],
    ['cidr("10.0.0.0/8")'],
    ['object.list['],
    ['a b'],
    ["r'raw'"],
    ["'\\q'"],
    ['object.a.exists(1, true)'],
    ['{1: 2}'],
    ['1u'],
    [''],
    ['constructor'],
    ['object.constructor'],
    ['object.a.b.toString()'],
  ])('[cli:cel] that is an error or not understood is no answer: %s', (expression) => {
    expect(() => run(expression)).toThrow(CelError);
  });

  it('[cli:cel] tells what fails in an apiserver too from what this reader does not know', () => {
    expect(() => run('has(object.q.r)')).toThrow(NoSuchKey);
    expect(() => run('object.q == 1 || object.a.frob()')).not.toThrow(NoSuchKey);
    expect(() => run('object.a.frob() || object.q == 1')).not.toThrow(NoSuchKey);
    expect(() => run('nobody')).not.toThrow(NoSuchKey);
  });

  it('[cli:cel] of our own manifests is understood, every one', () => {
    const written = [...JSON.stringify(installation).matchAll(/"(?:messageE|e)xpression":("(?:[^"\\]|\\.)*")/g)].map(
      ([, text = '""']) => JSON.parse(text) as string,
    );
    expect(written.length).toBeGreaterThan(20);
    for (const expression of written) expect(() => compile(expression)).not.toThrow();
  });
});
