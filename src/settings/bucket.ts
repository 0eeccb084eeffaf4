import * as z from 'zod';
import { quote } from '../lib/quote.ts';
import { parseDuration, renderDuration } from '../lib/units.ts';
import { customIssue, fields, parsed, SHORTHAND } from './parsed.ts';
import type { Bucket } from './settings.ts';

const SHORTEST_PERIOD_MS = 1000;
const LONGEST_PERIOD_MS = 31 * 24 * 60 * 60 * 1000;
/** Redis counts in millionths of a token, in doubles that are exact up to 2^53 ≈ 9 × 10^15: a thousand million tokens leave room. */
const MOST_TOKENS = 1_000_000_000;
const TOO_MANY_TOKENS = `${MOST_TOKENS}, the most that is allowed: the limiter counts millionths of a token and has to stay exact`;

/** What may stand where a limit is wanted. */
export const WANTED_LIMIT = 'tokens/period, such as 100/1m, or a map of fields';

const period = parsed(
  (text, refuse) => {
    const refillPeriodMs = parseDuration(text);
    if (refillPeriodMs === undefined) {
      const isUnit = parseDuration(`1${text}`) !== undefined;
      refuse(
        'BAD_PERIOD',
        `${quote(text)} is no period; ${isUnit ? `did you mean 1${text}?` : 'write a number and a unit, such as 30s, 5m, 1h, 7d or 1h30m'}`,
      );
    } else if (refillPeriodMs < SHORTEST_PERIOD_MS || refillPeriodMs > LONGEST_PERIOD_MS) {
      refuse('OUT_OF_RANGE', `${quote(text)} is outside ${renderDuration(SHORTEST_PERIOD_MS)} to ${renderDuration(LONGEST_PERIOD_MS)}`);
    }
    return { refillPeriod: text, refillPeriodMs: refillPeriodMs ?? 0 };
  },
  z.string({
    error: ({ input }) =>
      typeof input === 'number' ? `${input} has no unit; a period is written such as 30s, 5m, 1h, 7d or 1h30m` : undefined,
  }),
);

/** `100/1m` in its long form, whose own checks then say what is wrong with either part. */
function longForm(input: unknown, context: z.core.$RefinementCtx): unknown {
  if (typeof input !== 'string') return input;
  const slash = input.indexOf('/');
  const count = input.slice(0, slash);
  const refillPeriod = input.slice(slash + 1);
  if (slash < 1 || refillPeriod === '' || !/^-?\d{1,15}(?:\.\d{1,15})?$/.test(count)) {
    const message = `${quote(input)} is no limit; write tokens/period, such as 100/1m, or {maxTokens: 100, refillPeriod: 1m}`;
    context.addIssue(customIssue('BAD_LIMIT', message));
    return z.NEVER;
  }
  return { maxTokens: Number(count), refillPeriod };
}

const bucketFields = {
  maxTokens: z
    .int()
    .min(1)
    .max(MOST_TOKENS, { error: ({ input }) => `${input} is above ${TOO_MANY_TOKENS}` })
    .describe('Size of the bucket and of a burst.'),
  refillPeriod: period.describe('Time from empty to full, 1s to 31d.'),
};

/** A token bucket, in ToolHive's long form or as `100/1m`. */
export const bucket = z
  .preprocess(
    longForm,
    fields(bucketFields, WANTED_LIMIT).transform(({ maxTokens, refillPeriod }): Bucket => ({ maxTokens, ...refillPeriod })),
  )
  .meta(SHORTHAND);
