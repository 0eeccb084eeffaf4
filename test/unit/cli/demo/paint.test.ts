import { describe, expect, it } from 'vitest';
import { createPaint } from '../../../../src/cli/demo/paint.ts';

const isColoured = (isTTY: boolean, env: Record<string, string>): boolean => createPaint({ isTTY, env }).good('x') !== 'x';

describe('the colours of the demo', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('a terminal: %s, environment %o: %s', (isTTY, env, expected) => {
    expect(isColoured(isTTY, env as Record<string, string>)).toBe(expected);
  });

  it('colours each line by itself', () => {
    expect(createPaint({ isTTY: true, env: {} }).bad('a\nb')).toBe('\u001b[31ma\u001b[0m\n\u001b[31mb\u001b[0m');
  });
});
