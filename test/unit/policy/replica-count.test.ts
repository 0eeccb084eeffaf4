import { describe, expect, it } from 'vitest';
import { ReplicaCount } from '../../../src/policy/replica-count.ts';

const told = (...counts: readonly [count: number, atMs: number, isAfterAbsence?: boolean][]): number => {
  const replicas = new ReplicaCount();
  for (const [count, atMs, isAfterAbsence = false] of counts) replicas.tell(count, atMs, { isAfterAbsence });
  return replicas.live;
};

describe('ReplicaCount', () => {
  it('[limiter:replicas-assumed] assumes to be the only one before Redis was seen', () => {
    expect(told()).toBe(1);
  });

  it('[limiter:replicas-counted] believes more at once, and fewer once they were told for the life of a silent replica', () => {
    expect(told([1, 0, true], [3, 3000])).toBe(3);
    expect(told([3, 0, true], [2, 3000], [2, 6000])).toBe(3);
    expect(told([3, 0, true], [2, 3000], [2, 11_000])).toBe(2);
  });

  it('[limiter:replicas-kept] keeps the last count while Redis is away, and when it is back empty until all have been heard', () => {
    expect(told([3, 0, true], [1, 3_600_000, true])).toBe(3);
    expect(told([3, 0, true], [1, 3_600_000, true], [3, 3_603_000], [3, 3_620_000])).toBe(3);
    expect(told([3, 0, true], [1, 3_600_000, true], [1, 3_611_000])).toBe(1);
  });
});
