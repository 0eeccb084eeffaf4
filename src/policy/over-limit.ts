import { createHash } from 'node:crypto';
import type { Message, Refusal } from '../mcp/message.ts';
import { rateLimitCode } from '../mcp/reply.ts';
import type { Charge, ChargeState, Decision } from './limiter.ts';

/** JSON-RPC 2.0 "Internal error": legal in both eras. */
const INTERNAL_ERROR = -32603;

interface Judged {
  readonly charge: Charge;
  readonly state: ChargeState;
}

/** The answer to a call over its limit: HTTP 429 with the true wait of all violated buckets. */
export function overLimit(message: Message, charges: readonly Charge[], decision: Decision): Refusal {
  const violated = judged(charges, decision).filter(({ state }) => state.waitMs > 0);
  const worst = violated.reduce<Judged | undefined>((a, b) => (a === undefined || b.state.waitMs > a.state.waitMs ? b : a), undefined);
  if (worst === undefined) throw new Error('a refusal without a violated bucket');
  const retryAfterSeconds = seconds(decision.waitMs);
  const { label } = worst.charge;
  return {
    rung: 'rate-limit',
    status: 429,
    code: rateLimitCode(eraOf(message)),
    message: `Rate limit exceeded for ${subject(label)}: ${quota(worst.charge)}. Retry in ${retryAfterSeconds} s.`,
    ...envelope(message),
    data: { retryAfterSeconds, limit: label },
    headers: {
      'Retry-After': String(retryAfterSeconds),
      ...fields(violated.map((one) => ({ ...one, windowMs: one.state.waitMs }))),
    },
  };
}

/** Headers for the answer to an admitted call: all buckets that it was charged to. */
export function limitHeaders(charges: readonly Charge[], decision: Decision): Readonly<Record<string, string>> {
  if (charges.length === 0) return {};
  return fields(judged(charges, decision).map((one) => ({ ...one, windowMs: one.state.nextMs })));
}

/** The answer while Redis is away and `on-redis-failure` is `closed`: HTTP 503. */
export function limiterUnavailable(message: Message): Refusal {
  return {
    rung: 'limiter-unavailable',
    status: 503,
    code: INTERNAL_ERROR,
    message:
      'The rate limit cannot be checked because Redis does not answer, and this server is set to refuse calls until it does ' +
      '(mcp-sluice.dev/on-redis-failure: closed; "open" would let them pass). Retry in 1 s.',
    ...envelope(message),
    data: { retryAfterSeconds: 1 },
    headers: { 'Retry-After': '1' },
  };
}

const eraOf = (message: Message): 'legacy' | 'modern' => (message.kind === 'opaque' ? 'legacy' : message.era);

function envelope(message: Message): Pick<Refusal, 'era' | 'id'> {
  return message.kind === 'request' ? { era: message.era, id: message.id } : { era: eraOf(message) };
}

function judged(charges: readonly Charge[], decision: Decision): readonly Judged[] {
  return charges.flatMap((charge, index) => {
    const state = decision.states[index];
    return state === undefined ? [] : [{ charge, state }];
  });
}

const seconds = (durationMs: number): number => Math.max(1, Math.ceil(durationMs / 1000));

function quota({ bucket, cost }: Charge): string {
  const size = `${bucket.maxTokens} per ${bucket.refillPeriod}`;
  return cost === 1 ? size : `${size}, and such a call takes ${cost}`;
}

function subject(label: string): string {
  if (label === 'shared') return 'all tools together';
  if (label === 'perClient') return 'this client';
  const own = label.startsWith('perClient:');
  const rest = own ? label.slice('perClient:'.length) : label;
  const at = rest.indexOf(':');
  const name = rest.slice(at + 1);
  const noun = rest.slice(0, at) === 'method' ? 'method' : name.includes('*') ? 'tools that match' : 'tool';
  return `${noun} ${JSON.stringify(name)}${own ? ' and this client' : ''}`;
}

/**
 * `RateLimit-Policy` and `RateLimit`, draft-ietf-httpapi-ratelimit-headers-11
 * §3 and §4: lists (RFC 9651) of strings with `q` and `w`, and with `r` and `t`.
 */
function fields(items: readonly (Judged & { readonly windowMs: number | undefined })[]): Readonly<Record<string, string>> {
  const policies: string[] = [];
  const limits: string[] = [];
  for (const { charge, state, windowMs } of items) {
    const name = headerName(charge.label);
    policies.push(`${name};q=${charge.bucket.maxTokens};w=${seconds(charge.bucket.refillPeriodMs)}`);
    limits.push(`${name};r=${state.remaining}${windowMs === undefined ? '' : `;t=${seconds(windowMs)}`}`);
  }
  return { 'RateLimit-Policy': policies.join(', '), RateLimit: limits.join(', ') };
}

/** An RFC 9651 §3.3.3 string, which is ASCII: any other name is hashed (contract §9.9). */
function headerName(label: string): string {
  if (/^[\x20-\x7e]*$/.test(label)) return `"${label.replace(/["\\]/g, '\\$&')}"`;
  const at = label.startsWith('perClient:') ? label.indexOf(':', 'perClient:'.length) : label.indexOf(':');
  const hash = createHash('sha256').update(label).digest('base64url').slice(0, 16);
  return `"${label.slice(0, at + 1)}#${hash}"`;
}
