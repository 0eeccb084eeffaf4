import { beforeEach, describe, expect, it } from 'vitest';
import { EntryBreaker, type Trial } from '../../../sidecar/entry-breaker.ts';

let nowMs: number;
let changes: boolean[];
let breaker: EntryBreaker;
beforeEach(() => {
  [nowMs, changes] = [0, []];
  breaker = new EntryBreaker({ nowMs: () => nowMs, onChange: (isOpen) => changes.push(isOpen) });
});

function admitted(): Trial {
  const trial = breaker.admit();
  if ('waitMs' in trial) throw new Error('not admitted');
  return trial;
}
const waitMs = (): number | undefined => {
  const trial = breaker.admit();
  if ('waitMs' in trial) return trial.waitMs;
  trial.abandon();
  return undefined;
};
const failTimes = (times: number): void => {
  for (let i = 0; i < times; i++) admitted().fail();
};

describe('the breaker of an entry', () => {
  it('[egress:breaker] opens with the fifth failure in a row, and tells it once', () => {
    failTimes(4);
    admitted().succeed();
    failTimes(4);
    expect(waitMs()).toBeUndefined();
    const late = [admitted(), admitted()];
    failTimes(1);
    expect([waitMs(), changes]).toEqual([1_000, [true]]);
    // Those under way when it opened make its pause no longer.
    for (const trial of late) trial.fail();
    expect([waitMs(), changes]).toEqual([1_000, [true]]);
  });

  it('[egress:breaker] lets one try after each pause, which doubles up to half a minute', () => {
    failTimes(5);
    const pauses: (number | undefined)[] = [];
    for (let i = 0; i < 7; i++) {
      nowMs += waitMs() ?? 0;
      const trial = admitted();
      expect(waitMs()).toBe(1_000);
      trial.fail();
      pauses.push(waitMs());
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    nowMs += 30_000;
    admitted().succeed();
    expect([waitMs(), changes]).toEqual([undefined, [true, false]]);
    failTimes(5);
    expect(waitMs()).toBe(1_000);
  });

  it('[egress:breaker] lets the next one try where the client of the first has left', () => {
    failTimes(5);
    nowMs += 1_000;
    admitted().abandon();
    const second = admitted();
    second.abandon();
    second.fail();
    expect(waitMs()).toBeUndefined();
  });

  it('[egress:breaker] is closed by what may have been the cause, and hears no more of what began before', () => {
    failTimes(5);
    nowMs += 1_000;
    const probe = admitted();
    breaker.reset();
    probe.fail();
    expect([waitMs(), changes]).toEqual([undefined, [true, false]]);
    failTimes(4);
    expect(waitMs()).toBeUndefined();
  });

  it('[egress:breaker] does not wait for a clock that was set back', () => {
    nowMs = 1_000_000;
    failTimes(5);
    nowMs = 0;
    expect(waitMs()).toBeUndefined();
  });
});
