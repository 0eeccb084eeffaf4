import { describe, expect, it, vi } from 'vitest';
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
    time.nowMs = 499;
    expect(await read('a')).toBe(7);
    expect(asked).toEqual(['a']);
    time.nowMs = 999;
    expect(await read('a')).toBe(7);
  });

  it('[webhook:nobody-waits] asks anew in the second half of the second, once, and answers with what it has meanwhile', async () => {
    const { asked, waiting, time, read } = setup();
    const first = read('a');
    waiting[0]?.resolve(7);
    await first;
    time.nowMs = 600;
    expect(await Promise.all([read('a'), read('a')])).toEqual([7, 7]);
    expect(asked).toEqual(['a', 'a']);
    waiting[1]?.resolve(8);
    await vi.waitFor(async () => expect(await read('a')).toBe(8));
    // As old as what was asked for at 600.
    time.nowMs = 1599;
    expect(await read('a')).toBe(8);
    time.nowMs = 1600;
    const joined = read('a');
    waiting[2]?.resolve(9);
    expect(await joined).toBe(9);
    expect(asked).toHaveLength(3);
  });

  it('[webhook:nobody-waits] nobody hears of a failure ahead of time, and what is too old is used for nobody', async () => {
    const { asked, waiting, time, read } = setup();
    const first = read('a');
    waiting[0]?.resolve(7);
    await first;
    time.nowMs = 600;
    await read('a');
    waiting[1]?.reject(new Error('away'));
    time.nowMs = 999;
    expect(await read('a')).toBe(7);
    await vi.waitFor(async () => {
      await read('a');
      expect(asked).toHaveLength(3);
    });
    waiting[2]?.reject(new Error('away'));
    await Promise.resolve();
    time.nowMs = 1000;
    const late = read('a');
    waiting.at(-1)?.reject(new Error('away'));
    await expect(late).rejects.toThrow('away');
  });

  it('begins no second read beside one that nobody has answered yet', () => {
    const { asked, time, read } = setup();
    void read('a');
    time.nowMs = 900;
    void read('a');
    expect(asked).toEqual(['a']);
  });

  it('takes no late answer for a new one', async () => {
    const { waiting, time, read } = setup();
    const first = read('a');
    waiting[0]?.resolve(1);
    await first;
    time.nowMs = 600;
    await read('a');
    time.nowMs = 1600;
    const third = read('a');
    waiting[2]?.resolve(3);
    expect(await third).toBe(3);
    waiting[1]?.resolve(2);
    await Promise.resolve();
    expect(await read('a')).toBe(3);
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
