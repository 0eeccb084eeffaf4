import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPatch, type PatchOp, pointer, steps } from '../../../src/inject/apply-patch.ts';
import { createEdit } from '../../../src/inject/edit.ts';

describe('applyPatch', () => {
  // RFC 6902 appendix A, of the three operations that we write.
  it.each<[string, unknown, PatchOp, unknown]>([
    ['adds an object member', { foo: 'bar' }, { op: 'add', path: '/baz', value: 'qux' }, { foo: 'bar', baz: 'qux' }],
    ['adds a list element', { foo: ['bar', 'baz'] }, { op: 'add', path: '/foo/1', value: 'qux' }, { foo: ['bar', 'qux', 'baz'] }],
    ['removes an object member', { baz: 'qux', foo: 'bar' }, { op: 'remove', path: '/baz' }, { foo: 'bar' }],
    ['removes a list element', { foo: ['bar', 'qux', 'baz'] }, { op: 'remove', path: '/foo/1' }, { foo: ['bar', 'baz'] }],
    ['replaces a value', { baz: 'qux', foo: 'bar' }, { op: 'replace', path: '/baz', value: 'boo' }, { baz: 'boo', foo: 'bar' }],
    ['adds a nested member', { foo: 'bar' }, { op: 'add', path: '/child', value: { a: {} } }, { foo: 'bar', child: { a: {} } }],
    ['appends a list to a list', { foo: ['bar'] }, { op: 'add', path: '/foo/-', value: ['abc'] }, { foo: ['bar', ['abc']] }],
    ['replaces on add what is there', { foo: null }, { op: 'add', path: '/foo', value: 1 }, { foo: 1 }],
    ['reads ~01 as ~1', { '~1': 10 }, { op: 'replace', path: '/~01', value: 11 }, { '~1': 11 }],
    ['replaces the whole document', { foo: 1 }, { op: 'replace', path: '', value: 2 }, 2],
  ])('%s', (_, before, op, after) => {
    expect(applyPatch(before, [op])).toEqual(after);
  });

  it.each<[string, PatchOp]>([
    ['a parent that is not there', { op: 'add', path: '/baz/bat', value: 1 }],
    ['a member to replace that is not there', { op: 'replace', path: '/baz', value: 1 }],
    ['a member to remove that is not there', { op: 'remove', path: '/baz' }],
    ['an index beyond the end', { op: 'add', path: '/list/3', value: 1 }],
    ['an index with a leading zero', { op: 'remove', path: '/list/01' }],
    ['an index that is none', { op: 'remove', path: '/list/-' }],
    ['a path without its slash', { op: 'remove', path: 'list' }],
    ['a scalar as parent', { op: 'add', path: '/text/x', value: 1 }],
  ])('refuses %s', (_, op) => {
    expect(() => applyPatch({ list: [1, 2], text: 'x' }, [op])).toThrow();
  });

  it('leaves the original and the values of the patch alone', () => {
    const [before, value] = [{ a: [] as unknown[] }, { x: 1 }];
    const after = applyPatch(before, [
      { op: 'add', path: '/a/-', value },
      { op: 'replace', path: '/a/0/x', value: 2 },
    ]);
    expect([before, value, after]).toEqual([{ a: [] }, { x: 1 }, { a: [{ x: 2 }] }]);
  });

  it('writes a member of any name as one, __proto__ included', () => {
    const after = applyPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }]) as object;
    expect(Object.keys(after)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype);
    const hostile = JSON.parse('{"a": [{"__proto__": {"polluted": true}}]}');
    const copied = applyPatch(hostile, []) as typeof hostile;
    expect(Object.keys(copied.a[0])).toEqual(['__proto__']);
    expect(copied.a[0].polluted).toBeUndefined();
    expect(copied.a).not.toBe(hostile.a);
  });

  it('reads back any pointer that it writes', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (path) => {
        expect(steps(pointer(path))).toEqual(path);
      }),
    );
  });

  it('escapes slash and tilde', () => {
    expect(pointer(['a', 'mcp-sluice.dev/redis', '~', 0])).toBe('/a/mcp-sluice.dev~1redis/~0/0');
  });
});

describe('createEdit', () => {
  it('makes a patch that does to the original what was done to the copy', () => {
    const original = { a: null, list: [1], gone: true, same: { x: [1] } };
    const edit = createEdit(original);
    edit.set(['a', 'b', 'c/d'], 1);
    edit.set(['same', 'x'], [1]);
    edit.insert(['list'], 0, 0);
    edit.insert(['list'], 9, 2);
    edit.insert(['fresh', 'list'], 0, 'x');
    edit.remove(['gone']);
    edit.remove(['never']);
    expect(edit.root).toEqual({ a: { b: { 'c/d': 1 } }, list: [0, 1, 2], same: { x: [1] }, fresh: { list: ['x'] } });
    expect(applyPatch(original, edit.patch)).toEqual(edit.root);
    expect(edit.patch.map(({ op, path }) => `${op} ${path}`)).toEqual([
      'add /a',
      'add /list/0',
      'add /list/-',
      'add /fresh',
      'remove /gone',
    ]);
  });
});
