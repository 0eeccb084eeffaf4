import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration, parseQuantity, renderDuration } from '../../../src/lib/units.ts';

describe('durations', () => {
  it.each([
    ['30s', 30_000],
    ['1m0s', 60_000],
    ['1h30m', 5_400_000],
    ['0.1h', 360_000],
    ['1.5s', 1500],
    ['7d', 604_800_000],
    ['250ms', 250],
    ['1s1h', 3_601_000],
  ])('reads %s', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs);
  });

  it.each(['', ' ', '1', 's', '-1s', '+1s', '1 s', '1s ', '1.s', '.5s', '1y', '1M', '1e3s', '0.0001s', '1us', '١s', `${'1s'.repeat(33)}`])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('reads back what it renders', () => {
    fc.assert(
      fc.property(fc.nat(40 * 86_400_000), (durationMs) => {
        expect(parseDuration(renderDuration(durationMs))).toBe(durationMs);
      }),
    );
  });

  it('renders one form for all that are equal', () => {
    fc.assert(
      fc.property(fc.nat(10), fc.nat(100), fc.nat(100), (hours, minutes, seconds) => {
        const durationMs = parseDuration(`${hours}h${minutes}m${seconds}s`) ?? -1;
        expect(renderDuration(durationMs)).toBe(renderDuration(parseDuration(`${durationMs}ms`) ?? -2));
      }),
    );
  });
});

describe('quantities', () => {
  it.each([
    ['50m', 0.05],
    ['96Mi', 100_663_296],
    ['1e3', 1000],
    ['0.5', 0.5],
    ['1k', 1000],
    ['0', 0],
  ])('reads %s', (text, size) => {
    expect(parseQuantity(text)).toBe(size);
  });

  it.each(['', '64MB', '1 Gi', '-1', 'Mi', '1ki', '0x10'])('refuses %j', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });
});
