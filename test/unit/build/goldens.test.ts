import { describe, expect, it } from 'vitest';
import { isUpdatingGoldens } from '../../support/update-goldens.ts';

describe('UPDATE_GOLDENS', () => {
  it('[tooling:goldens] writes expectations anew where a person asks, and nowhere else', () => {
    expect(isUpdatingGoldens({})).toBe(false);
    expect(isUpdatingGoldens({ CI: 'true' })).toBe(false);
    expect(isUpdatingGoldens({ UPDATE_GOLDENS: '1' })).toBe(true);
    expect(isUpdatingGoldens({ UPDATE_GOLDENS: '1', CI: '' })).toBe(true);
  });

  it.each(['true', '1', 'false'])('[tooling:goldens] is refused in CI, whatever is written there: %s', (CI) => {
    expect(() => isUpdatingGoldens({ UPDATE_GOLDENS: '1', CI })).toThrow('UPDATE_GOLDENS=1 in CI');
  });
});
