import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches, matchTool } from '../../../src/policy/match-tool.ts';

const tools = (...patterns: string[]) => patterns.map((pattern) => ({ pattern, cost: 1 }));

describe('matchTool', () => {
  it.each([
    ['search', ['*', 'search', 'sear*'], 'search'],
    ['search_web', ['*', 'search', 'sear*', 's*'], 'sear*'],
    ['delete_all', ['*_all', 'delete_*', '*'], 'delete_*'],
    ['other', ['search', 'delete_*'], undefined],
    ['ab', ['a*', '*b'], '*b'],
    ['ab', ['*b', 'a*'], '*b'],
    ['*', ['*', 'a'], '*'],
  ])('[limiter:longest-pattern] takes for %j of %j the limit %j', (name, patterns, expected) => {
    expect(matchTool(tools(...patterns), name)?.pattern).toBe(expected);
  });
});

describe('matches', () => {
  it('agrees with a regular expression for any pattern and name', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.', '\u00e9', '\n'), maxLength: 12 });
    const names = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\u00e9', '\n'), maxLength: 12 });
    fc.assert(
      fc.property(letters, names, (pattern, name) => {
        const expression = pattern
          .split('*')
          .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('[^]*');
        expect(matches(pattern, name)).toBe(new RegExp(`^${expression}$`).test(name));
      }),
      { numRuns: 3000 },
    );
  });

  it('[limiter:linear-matching] does not backtrack on a hostile name', () => {
    // A backtracking matcher would need 50000^9 steps here and never return.
    expect(matches('*a*a*a*a*a*a*a*a*b', 'a'.repeat(50_000))).toBe(false);
  });
});
