import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/settings/annotations.ts';
import { codesOf, keyed } from './keyed.ts';

const DEFAULTS = {
  max: 100,
  maxPerClient: 10,
  idleTimeoutMs: 300_000,
  maxLifetimeMs: 86_400_000,
  maxStreams: 1000,
  maxStreamsPerClient: 20,
  maxInFlight: 2000,
  maxInFlightPerClient: 100,
};
const judge = (sessions: string, more: Readonly<Record<string, string>> = {}) =>
  parseSettings(keyed({ inject: 'true', sessions, ...more }));
const identity = '{header: {name: X-User, from: [10.0.0.0/8]}}';

describe('the sessions annotation', () => {
  it('[settings:sessions] holds without being written, and takes a zero and off for the default', () => {
    expect(parseSettings({}).settings?.sessions).toEqual(DEFAULTS);
    const zeros = Object.keys({ ...DEFAULTS, idleTimeout: 0, maxLifetime: 0, evictIdle: 0 }).filter((field) => !field.endsWith('Ms'));
    const { settings, issues, warnings } = judge(`{${zeros.map((field) => `${field}: 0`).join(', ')}}`);
    expect({ settings: settings?.sessions, issues, warnings }).toEqual({ settings: DEFAULTS, issues: [], warnings: [] });
    expect(judge('{evictIdle: off}').settings?.sessions).toEqual(DEFAULTS);
  });

  it('[settings:sessions] takes what is written', () => {
    const { settings } = judge('{max: 7, maxPerClient: 3, idleTimeout: 90s, maxLifetime: 2h, evictIdle: 30s, maxStreams: 5}', { identity });
    expect(settings?.sessions).toEqual({
      ...DEFAULTS,
      max: 7,
      maxPerClient: 3,
      idleTimeoutMs: 90_000,
      maxLifetimeMs: 7_200_000,
      evictIdleMs: 30_000,
      maxStreams: 5,
    });
  });

  it.each([
    ['max: -1', 'OUT_OF_RANGE'],
    ['max: 100001', 'OUT_OF_RANGE'],
    ['maxPerClient: 1.5', 'NOT_INTEGER'],
    ['maxInFlight: 2001', 'OUT_OF_RANGE'],
    ['idleTimeout: 999ms', 'OUT_OF_RANGE'],
    ['idleTimeout: 32d', 'OUT_OF_RANGE'],
    ['idleTimeout: off', 'BAD_PERIOD'],
    ['idleTimeout: 300', 'WRONG_TYPE'],
    ['maxLifetime: soon', 'BAD_PERIOD'],
    ['evictIdle: 9s', 'OUT_OF_RANGE'],
    ['evictIdle: never', 'BAD_PERIOD'],
    ['maxPerUser: 3', 'UNKNOWN_FIELD'],
  ])('[settings:sessions] denies %s', (field, code) => {
    expect(codesOf(judge(field).issues)).toEqual([code]);
  });

  it('[settings:sessions-doubt] clamps an idle timeout to the lifetime, and says so where it was written', () => {
    const clamped = judge('{idleTimeout: 2h, maxLifetime: 1h}');
    expect(clamped.settings?.sessions).toMatchObject({ idleTimeoutMs: 3_600_000, maxLifetimeMs: 3_600_000 });
    expect(clamped.warnings).toMatchObject([{ code: 'IDLE_CLAMPED', path: ['sessions', 'idleTimeout'], line: 1 }]);
    const implied = judge('{maxLifetime: 1m}');
    expect(implied.settings?.sessions).toMatchObject({ idleTimeoutMs: 60_000 });
    expect(implied.warnings).toEqual([]);
  });

  it('[settings:sessions-doubt] warns of an eviction that comes after the idle timeout, and of clients that nobody names', () => {
    expect(codesOf(judge('{evictIdle: 5m}').warnings)).toEqual(['EVICT_WITHOUT_EFFECT']);
    expect(codesOf(judge('{maxPerClient: 3}').warnings)).toEqual(['PER_CLIENT_WITHOUT_IDENTITY']);
    expect(codesOf(judge('{maxPerClient: 3, evictIdle: 30s}', { identity }).warnings)).toEqual(['HEADER_IDENTITY']);
  });
});
