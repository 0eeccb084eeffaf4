import { describe, expect, it } from 'vitest';
import { MOST_TOMBSTONES, TOMBSTONE_LIFE_MS, Tombstones } from '../../../sidecar/tombstones.ts';

describe('tombstones', () => {
  it('[sessions:tombstones] are kept for their time, from the last word on', () => {
    const tombstones = new Tombstones();
    tombstones.add('one', 0);
    tombstones.add('two', 10);
    tombstones.add('one', 20);
    tombstones.sweep(TOMBSTONE_LIFE_MS + 10);
    expect([tombstones.has('one'), tombstones.has('two')]).toEqual([true, false]);
    tombstones.sweep(TOMBSTONE_LIFE_MS + 20);
    expect(tombstones.has('one')).toBe(false);
  });

  it('[sessions:tombstones] are never more than so many: the oldest goes', () => {
    const tombstones = new Tombstones();
    for (let i = 0; i <= MOST_TOMBSTONES; i++) tombstones.add(`name-${i}`, i);
    expect([tombstones.has('name-0'), tombstones.has('name-1'), tombstones.has(`name-${MOST_TOMBSTONES}`)]).toEqual([false, true, true]);
  });
});
