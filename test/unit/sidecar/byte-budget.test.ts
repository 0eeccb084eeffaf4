import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteBudget } from '../../../sidecar/byte-budget.ts';

it('[entry:room] a part of a budget leaves the rest to others, and takes no more than the whole has', () => {
  const whole = new ByteBudget(100);
  const part = new ByteBudget(50, whole);
  expect([part.take(50), part.take(1), whole.take(50), whole.take(1)]).toEqual([true, false, true, false]);
  part.give(20);
  expect([whole.take(10), part.take(11), part.take(10), whole.usedBytes, part.usedBytes]).toEqual([true, false, true, 100, 40]);
});

it('[entry:room] what was taken and given back leaves both as they were, in any order', () => {
  const step = fc.record({ isPart: fc.boolean(), bytes: fc.integer({ min: 0, max: 60 }) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const whole = new ByteBudget(100);
      const part = new ByteBudget(50, whole);
      const taken = steps.filter(({ isPart, bytes }) => (isPart ? part : whole).take(bytes));
      expect(whole.usedBytes).toBe(taken.reduce((sum, { bytes }) => sum + bytes, 0));
      expect(whole.usedBytes <= 100 && part.usedBytes <= 50).toBe(true);
      for (const { isPart, bytes } of taken.toReversed()) (isPart ? part : whole).give(bytes);
      expect([whole.usedBytes, part.usedBytes]).toEqual([0, 0]);
    }),
  );
});
