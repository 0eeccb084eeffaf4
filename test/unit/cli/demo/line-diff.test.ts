import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffLines } from '../../../../src/cli/demo/line-diff.ts';

const marks = { same: ' ', added: '+', removed: '-', skipped: '…' };
const render = (before: string[], after: string[], context: number): string[] =>
  diffLines(before.join('\n'), after.join('\n'), context).map(({ kind, text }) => (kind === 'skipped' ? '…' : marks[kind] + text));

describe('the diff of the demo', () => {
  it('shows what was added with its neighbours and skips the rest', () => {
    expect(render(['a', 'b', 'c', 'd', 'e'], ['a', 'b', 'c', 'new', 'd', 'e'], 1)).toEqual([' c', '+new', ' d', '…']);
  });

  it('shows what was removed', () => {
    expect(render(['a', 'b'], ['a'], 1)).toEqual([' a', '-b']);
  });

  it('gives back both texts when they differ and everything is context', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        // Where nothing changed there is nothing to show.
        fc.pre(before.join() !== after.join());
        const lines = diffLines(before.join('\n'), after.join('\n'), 100);
        expect(lines.filter(({ kind }) => kind !== 'added').map(({ text: line }) => line)).toEqual(before);
        expect(lines.filter(({ kind }) => kind !== 'removed').map(({ text: line }) => line)).toEqual(after);
      }),
    );
  });
});
