import type { Message } from '../../../src/mcp/message.ts';
import type { Charge } from '../../../src/policy/limiter.ts';
import type { Bucket, RateLimit } from '../../../src/settings/settings.ts';

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `bucket('10/1m')`. */
export function bucket(text: string): Bucket {
  const [tokens = '', period = ''] = text.split('/');
  const unit = period.at(-1) as keyof typeof UNIT_MS;
  return { maxTokens: Number(tokens), refillPeriod: period, refillPeriodMs: Number(period.slice(0, -1)) * UNIT_MS[unit] };
}

export const limits = (given: Partial<RateLimit>): RateLimit => ({ tools: [], methods: [], ...given });

export const request = (method: string, tool?: string): Message => ({
  kind: 'request',
  era: 'legacy',
  method,
  id: '"a"',
  ...(tool !== undefined && { tool }),
});

export const charge = (text: string, given: Partial<Charge> = {}): Charge => ({
  name: 's',
  label: 'shared',
  bucket: bucket(text),
  cost: 1,
  ...given,
});
