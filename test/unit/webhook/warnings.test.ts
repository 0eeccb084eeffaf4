import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitWarnings } from '../../../webhook/warnings.ts';

describe('warnings', () => {
  it('[webhook:warnings] passes short ones on and says whose they are', () => {
    expect(fitWarnings(['mcp-sluice.dev/port: odd', 'spec.containers[0]: odd'])).toEqual([
      'mcp-sluice.dev/port: odd',
      'mcp-sluice: spec.containers[0]: odd',
    ]);
  });

  it('[webhook:warnings] continues a long one in the next, without losing a word', () => {
    const words = Array.from({ length: 120 }, (_, index) => `word${index}`).join(' ');
    const fitted = fitWarnings([words]);
    expect(fitted.length).toBeGreaterThan(1);
    expect(fitted.map((each) => each.replace(/^mcp-sluice: (… )?/, '')).join(' ')).toBe(words);
  });

  it('[webhook:warnings] says in the last that there are more than a client gets', () => {
    const fitted = fitWarnings(Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(200)}`));
    expect(fitted.at(-1)).toMatch(/more warnings.*lint/);
    expect(fitted.length).toBeLessThan(25);
  });

  it('keeps every bound, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2000, unit: 'grapheme' }), { maxLength: 40 }), (warnings) => {
        const fitted = fitWarnings(warnings);
        expect(fitted.every((each) => each.length <= 256 && each.isWellFormed() && !/[\r\n\0]/.test(each))).toBe(true);
        expect(fitted.join('').length).toBeLessThanOrEqual(4096);
      }),
      { numRuns: 200 },
    );
  });
});
