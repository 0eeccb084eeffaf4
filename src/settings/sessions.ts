import * as z from 'zod';
import { quote } from '../lib/quote.ts';
import { parseDuration } from '../lib/units.ts';
import { fields, parsed } from './parsed.ts';

const LONGEST_MS = 31 * 24 * 60 * 60 * 1000;
const MOST = 1_000_000;

/** Zero means the default (ToolHive's reading). */
const count = z.int().min(0).max(MOST);
const duration = parsed(
  (text, refuse) => {
    const durationMs = parseDuration(text);
    if (durationMs === undefined)
      refuse('BAD_PERIOD', `${quote(text)} is no duration; write a number and a unit, such as 30s, 5m, 1h or 7d`);
    else if (durationMs > LONGEST_MS) refuse('OUT_OF_RANGE', `${quote(text)} is above 31d`);
    return durationMs ?? 0;
  },
  // `idleTimeout: 0` needs no unit.
  z.preprocess((input) => (input === 0 ? '0s' : input), z.string()) as unknown as z.ZodType<string, string>,
);

/** The annotation `sessions`, checked though not in effect yet. */
export const sessions = fields({
  max: count.optional().describe('Sessions at once; 100.'),
  maxPerClient: count.optional().describe('Of one client; 10.'),
  idleTimeout: duration.optional().describe('5m.'),
  maxLifetime: duration.optional().describe('24h.'),
  evictIdle: duration.optional().describe('A full house first closes the session longest idle beyond this; off.'),
  maxStreamsPerClient: count.optional().describe('Modern era.'),
  maxInFlightPerClient: count.optional().describe('Modern era.'),
});
