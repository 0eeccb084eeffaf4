import type { Message, Refusal } from '../src/mcp/message.ts';
import { chargesOf } from '../src/policy/charges.ts';
import { matchTool } from '../src/policy/match-tool.ts';
import { limiterUnavailable, limitHeaders, overLimit } from '../src/policy/over-limit.ts';
import type { RateLimit, Settings } from '../src/settings/settings.ts';
import type { Limiter } from './limiter.ts';

export type Limited =
  /** `isUnchecked`: Redis was away, and the answer is that of `on-redis-failure`. */
  | { readonly ok: true; readonly headers?: Readonly<Record<string, string>>; readonly isUnchecked: boolean }
  | { readonly ok: false; readonly refusal: Refusal; readonly waitMs: number; readonly isUnchecked: boolean };

const free: Limited = { ok: true, isUnchecked: false };

export interface Limits {
  readonly settings: Settings;
  readonly limiter: Pick<Limiter, 'decide' | 'clientHash'> | undefined;
  /** As the operator's header names it; undefined: anonymous. */
  readonly client: string | undefined;
}

/** Holds a message against the limits that are in effect, and charges it to all buckets or to none. */
export async function limit(message: Message, { settings, limiter, client }: Limits): Promise<Limited> {
  const { rateLimit, redis } = settings;
  if (limiter === undefined || rateLimit === undefined) return free;
  const charges = chargesOf(message, rateLimit, client === undefined ? undefined : limiter.clientHash(client));
  if (charges.length === 0) return free;
  const outcome = await limiter.decide(charges, redis?.onFailure ?? 'open');
  switch (outcome.kind) {
    case 'failed-open':
      return { ok: true, isUnchecked: true };
    case 'failed-closed':
      return { ok: false, refusal: limiterUnavailable(message), waitMs: 0, isUnchecked: true };
    case 'decided':
    case 'decided-locally': {
      const { decision } = outcome;
      return decision.allowed
        ? { ok: true, headers: limitHeaders(charges, decision), isUnchecked: false }
        : { ok: false, refusal: overLimit(message, charges, decision), waitMs: decision.waitMs, isUnchecked: false };
    }
  }
}

/** How a message is counted: by names out of the configuration only, all others are `other`; undefined where nothing meters it. */
export function countedAs(message: Message, rateLimit: RateLimit | undefined): { tool: string; method: string } | undefined {
  if (message.kind === 'opaque' || message.kind === 'response') return undefined;
  if (message.method === 'tools/call') {
    return { tool: matchTool(rateLimit?.tools ?? [], message.tool ?? '')?.pattern ?? 'other', method: 'tools/call' };
  }
  return rateLimit?.methods.some(({ method }) => method === message.method) ? { tool: '', method: message.method } : undefined;
}
