import { describe, expect, it } from 'vitest';
import { createSharedReads } from '../../../webhook/shared-reads.ts';

function setup() {
  const asked: string[] = [];
  const waiting: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const time = { nowMs: 0 };
  const read = createSharedReads<number>(
    (key) => {
      asked.push(key);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    { maxAgeMs: 1000, clock: () => time.nowMs },
  );
  return { asked, waiting, time, read };
}

describe('shared reads', () => {
  it('[webhook:shared-reads] asks once for all who ask while it is under way and for a second after', async () => {
    const { asked, waiting, time, read } = setup();
    const both = [read('a'), read('a')];
    waiting[0]?.resolve(7);
    expect(await Promise.all(both)).toEqual([7, 7]);
    time.nowMs = 999;
    expect(await read('a')).toBe(7);
    expect(asked).toEqual(['a']);
  });

  it('[webhook:shared-reads] asks again after a second', async () => {
    const { asked, waiting, time, read } = setup();
    void read('a');
    waiting[0]?.resolve(7);
    time.nowMs = 1000;
    const again = read('a');
    waiting[1]?.resolve(8);
    expect(await again).toBe(8);
    expect(asked).toEqual(['a', 'a']);
  });

  it('keeps no failure', async () => {
    const { waiting, read } = setup();
    const failing = read('a');
    waiting[0]?.reject(new Error('away'));
    await expect(failing).rejects.toThrow('away');
    const again = read('a');
    waiting[1]?.resolve(1);
    expect(await again).toBe(1);
  });

  it('keeps keys apart', async () => {
    const { asked, read } = setup();
    void read('a');
    void read('b');
    expect(asked).toEqual(['a', 'b']);
  });

  it('asks again when the clock was set back', () => {
    const { asked, time, read } = setup();
    time.nowMs = 5000;
    void read('a');
    time.nowMs = 0;
    void read('a');
    expect(asked).toEqual(['a', 'a']);
  });
});
