import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { disturbed, type Event, Schedule, undisturbed } from '../../support/session-schedule.ts';

const LIMITS = { max: 4, maxPerClient: 2, idleTimeoutMs: 200_000, maxLifetimeMs: 600_000, evictIdleMs: 10_000 };

beforeEach(() => {
  // Sweeps are made by the schedule; setImmediate stays.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const running = ({ replicas }: Schedule) => replicas.filter(({ isOver }) => !isOver);
const held = (schedule: Schedule) => running(schedule).reduce((sum, { admission }) => sum + admission.count, 0);

const nameOf = (id: string) => createHash('sha256').update(`o\0${id}`).digest().subarray(0, 16).toString('base64url');

/** Performs the event, and sees that it ended nothing that is in flight. */
async function perform(schedule: Schedule, event: Event): Promise<void> {
  const before = schedule.inFlight();
  await schedule.perform(event);
  if (event.kind !== 'end') expect(before.filter(({ isLive, replica }) => !isLive && !replica.isOver)).toEqual([]);
}

describe('session admission over a store that fails', () => {
  it('[sessions:no-drift] counts exactly the live sessions once failures are over, whatever failed, and none after all have ended', async () => {
    await fc.assert(
      fc.asyncProperty(disturbed, async (events) => {
        const schedule = new Schedule(LIMITS);
        const { model } = schedule;
        for (const event of events) {
          await perform(schedule, event);
          for (const replica of running(schedule)) expect(replica.admission.count).toBeGreaterThanOrEqual(schedule.liveOf(replica).length);
        }
        await schedule.calm();
        for (const { slot } of schedule.slots) slot.release();
        await vi.advanceTimersByTimeAsync(1000);
        // Longer than a dead pod is believed, and until all is told anew.
        await schedule.pass(75_000);
        for (const replica of running(schedule)) {
          const stored = [...model.places].filter(([, { pod }]) => pod === replica.pod).map(([name]) => name);
          expect(stored).toHaveLength(replica.admission.count);
          expect(stored).toEqual(expect.arrayContaining(schedule.liveOf(replica).map(nameOf)));
        }
        expect(model.places.size).toBe(held(schedule));
        for (const each of schedule.inFlight()) for (; each.inFlight > 0; each.inFlight--) each.session.finish();
        await schedule.pass(210_000);
        expect([model.places.size, model.evicted.size, held(schedule)]).toEqual([0, 0, 0]);
        for (const { admission } of running(schedule)) await admission.stop();
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('[sessions:cap] has a place for each session and slot and no other at any moment while nothing fails, and evicts nothing in flight', async () => {
    await fc.assert(
      fc.asyncProperty(undisturbed, async (events) => {
        const schedule = new Schedule(LIMITS);
        const { model, slots } = schedule;
        for (const event of events) {
          await perform(schedule, event);
          expect(model.places.size).toBeLessThanOrEqual(LIMITS.max + schedule.unreserved);
          // What another replica evicted is known here with the next beat.
          expect(model.places.size + model.evicted.size).toBe(held(schedule) + slots.filter(({ isOpen }) => isOpen).length);
        }
        for (const { admission } of running(schedule)) await admission.stop();
        expect(model.places.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
