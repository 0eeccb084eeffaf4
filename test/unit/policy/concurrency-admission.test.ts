import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConcurrencyKind, type ConcurrencySlot, createConcurrencyAdmission } from '../../../src/policy/concurrency-admission.ts';

const LIMITS = { maxStreams: 3, maxStreamsPerClient: 2, maxInFlight: 5, maxInFlightPerClient: 4 };

describe('concurrency admission', () => {
  it('[sessions:concurrency] holds each client to its cap and all to the total, streams and requests apart', () => {
    const admission = createConcurrencyAdmission(LIMITS);
    const ask = (kind: ConcurrencyKind, client?: string) => {
      const reserved = admission.reserve(kind, client);
      return reserved.ok ? 'ok' : reserved.refusal;
    };
    expect([ask('stream', 'ann'), ask('stream', 'ann')]).toEqual(['ok', 'ok']);
    expect(ask('stream', 'ann')).toEqual({ reason: 'client-full', waitMs: 1000 });
    expect([ask('stream'), ask('request', 'ann')]).toEqual(['ok', 'ok']);
    expect(ask('stream', 'bob')).toEqual({ reason: 'full', waitMs: 1000 });
    expect([admission.count('stream'), admission.count('request')]).toEqual([3, 1]);
    admission.retune({ ...LIMITS, maxStreams: 4 });
    expect([ask('stream', 'bob'), ask('stream', 'bob')]).toEqual(['ok', { reason: 'full', waitMs: 1000 }]);
  });

  it('[sessions:concurrency] counts exactly what is held, however often a slot is released, and nothing at the end', () => {
    const event = fc.record({
      kind: fc.constantFrom<ConcurrencyKind>('stream', 'request'),
      client: fc.nat(3),
      release: fc.option(fc.nat()),
    });
    fc.assert(
      fc.property(fc.array(event, { size: 'max', maxLength: 100 }), (events) => {
        const admission = createConcurrencyAdmission(LIMITS);
        const slots: { slot: ConcurrencySlot; kind: ConcurrencyKind; client: string | undefined; isHeld: boolean }[] = [];
        const held = (kind: ConcurrencyKind) => slots.filter((each) => each.isHeld && each.kind === kind);
        for (const { kind, client: number, release } of events) {
          const client = number === 0 ? undefined : `client-${number}`;
          const target = release === null ? undefined : slots[release % Math.max(1, slots.length)];
          if (target !== undefined) {
            target.slot.release();
            target.isHeld = false;
          } else {
            const [total, perClient] = kind === 'stream' ? [3, 2] : [5, 4];
            const own = held(kind).filter((each) => each.client === client).length;
            const isFree = held(kind).length < total && (client === undefined || own < perClient);
            const reserved = admission.reserve(kind, client);
            expect(reserved.ok).toBe(isFree);
            if (reserved.ok) slots.push({ slot: reserved.slot, kind, client, isHeld: true });
          }
          expect([admission.count('stream'), admission.count('request')]).toEqual([held('stream').length, held('request').length]);
        }
        for (const { slot } of slots) slot.release();
        expect([admission.count('stream'), admission.count('request')]).toEqual([0, 0]);
      }),
    );
  });
});
