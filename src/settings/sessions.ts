import * as z from 'zod';
import { quote } from '../lib/quote.ts';
import { parseDuration, renderDuration } from '../lib/units.ts';
import { fields, parsed } from './parsed.ts';
import type { SessionSettings } from './settings.ts';

const SECOND_MS = 1000;
const HOUR_MS = 60 * 60 * SECOND_MS;
const LONGEST_MS = 31 * 24 * HOUR_MS;
/** Replicas tell each other every 3 s how long a session has been idle: less could close one that was just at work. */
const LEAST_EVICT_IDLE_MS = 10 * SECOND_MS;
/** At about 1.5 kB each, within the sidecar's default memory. */
const MOST_SESSIONS = 100_000;
/** What a sidecar answers at once, whatever the settings; at some 30 kB each this leaves room in its default memory. */
export const MOST_IN_FLIGHT = 2_000;

/** Zero means the default (ToolHive's reading). */
const count = (most: number) => z.int().min(0).max(most);

/** `idleTimeout: 0` needs no unit. */
const text = z.preprocess((input) => (input === 0 ? '0s' : input), z.string()) as unknown as z.ZodType<string, string>;

const durationFrom = (leastMs: number, word?: string) =>
  parsed((given, refuse) => {
    if (given === word) return 0;
    const durationMs = parseDuration(given);
    if (durationMs === undefined)
      refuse('BAD_PERIOD', `${quote(given)} is no duration; write a number and a unit, such as 30s, 5m, 1h or 7d`);
    else if (durationMs > LONGEST_MS) refuse('OUT_OF_RANGE', `${quote(given)} is above 31d`);
    else if (durationMs > 0 && durationMs < leastMs)
      refuse('OUT_OF_RANGE', `${quote(given)} is below ${renderDuration(leastMs)}, the least that is allowed`);
    return durationMs ?? 0;
  }, text);

/** The annotation `sessions`, as it was written. */
export const sessions = fields({
  max: count(MOST_SESSIONS).optional().describe('Sessions at once, over all replicas; 100.'),
  maxPerClient: count(MOST_SESSIONS).optional().describe('Of one client; 10.'),
  idleTimeout: durationFrom(SECOND_MS).optional().describe('From the end of its last request; 5m.'),
  maxLifetime: durationFrom(SECOND_MS).optional().describe('From its opening; 24h.'),
  evictIdle: durationFrom(LEAST_EVICT_IDLE_MS, 'off')
    .optional()
    .describe('A full house first closes the session longest idle beyond this, at least 10s; off.'),
  maxStreams: count(MOST_IN_FLIGHT).optional().describe('Modern era, of one pod: streams at once; 1000.'),
  maxStreamsPerClient: count(MOST_IN_FLIGHT).optional().describe('Of one client; 20.'),
  maxInFlight: count(MOST_IN_FLIGHT).optional().describe('Modern era, of one pod: other requests at once; 2000.'),
  maxInFlightPerClient: count(MOST_IN_FLIGHT).optional().describe('Of one client; 100.'),
});

type Written = z.output<typeof sessions>;

/** What holds where nothing is written (contract §3). */
export const DEFAULT_SESSIONS = {
  max: 100,
  maxPerClient: 10,
  idleTimeoutMs: 5 * 60 * SECOND_MS,
  maxLifetimeMs: 24 * HOUR_MS,
  maxStreams: 1_000,
  maxStreamsPerClient: 20,
  maxInFlight: MOST_IN_FLIGHT,
  maxInFlightPerClient: 100,
} as const satisfies SessionSettings;

/** The limits in effect. A session never idles for longer than it lives. */
export function sessionSettings(written: Written = {}): SessionSettings {
  const maxLifetimeMs = written.maxLifetime || DEFAULT_SESSIONS.maxLifetimeMs;
  return {
    max: written.max || DEFAULT_SESSIONS.max,
    maxPerClient: written.maxPerClient || DEFAULT_SESSIONS.maxPerClient,
    idleTimeoutMs: Math.min(written.idleTimeout || DEFAULT_SESSIONS.idleTimeoutMs, maxLifetimeMs),
    maxLifetimeMs,
    ...(written.evictIdle ? { evictIdleMs: written.evictIdle } : {}),
    maxStreams: written.maxStreams || DEFAULT_SESSIONS.maxStreams,
    maxStreamsPerClient: written.maxStreamsPerClient || DEFAULT_SESSIONS.maxStreamsPerClient,
    maxInFlight: written.maxInFlight || DEFAULT_SESSIONS.maxInFlight,
    maxInFlightPerClient: written.maxInFlightPerClient || DEFAULT_SESSIONS.maxInFlightPerClient,
  };
}

export interface SessionDoubt {
  readonly code: string;
  readonly field: keyof Written;
  readonly message: string;
}

/** What of it takes no effect as it is written. */
export function doubtSessions(written: Written, { hasIdentity }: { readonly hasIdentity: boolean }): readonly SessionDoubt[] {
  const { maxLifetimeMs, idleTimeoutMs } = sessionSettings(written);
  const doubts: SessionDoubt[] = [];
  if ((written.idleTimeout ?? 0) > maxLifetimeMs) {
    const told = `${renderDuration(written.idleTimeout ?? 0)} is longer than maxLifetime`;
    doubts.push({ code: 'IDLE_CLAMPED', field: 'idleTimeout', message: `${told}; ${renderDuration(maxLifetimeMs)} is taken` });
  }
  if ((written.evictIdle ?? 0) >= idleTimeoutMs) {
    const message = `${renderDuration(written.evictIdle ?? 0)} is not below idleTimeout (${renderDuration(idleTimeoutMs)}), so that nothing is left to evict`;
    doubts.push({ code: 'EVICT_WITHOUT_EFFECT', field: 'evictIdle', message });
  }
  const perClient = (['maxPerClient', 'maxStreamsPerClient', 'maxInFlightPerClient'] as const).find((field) => (written[field] ?? 0) > 0);
  if (perClient !== undefined && !hasIdentity) {
    const message = 'has no effect without identity: anonymous callers are exempt from it';
    doubts.push({ code: 'PER_CLIENT_WITHOUT_IDENTITY', field: perClient, message });
  }
  return doubts;
}
