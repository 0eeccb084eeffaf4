import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/policy/limiter.ts';
import { limiterUnavailable, limitHeaders, overLimit } from '../../../src/policy/over-limit.ts';
import { charge, request } from './limits.ts';

const call = request('tools/call', 'search');
const refused = (...waitsMs: number[]): Decision => ({
  allowed: false,
  waitMs: Math.max(...waitsMs),
  states: waitsMs.map((waitMs) => ({ remaining: 0, waitMs })),
});
const search = charge('10/1m', { label: 'tool:search' });

describe('overLimit', () => {
  it('[limiter:refusal] says in code, message, data and headers what the contract shows', () => {
    expect(overLimit(call, [search], refused(6001))).toEqual({
      rung: 'rate-limit',
      status: 429,
      code: -32029,
      era: 'legacy',
      id: '"a"',
      message: 'Rate limit exceeded for tool "search": 10 per 1m. Retry in 7 s.',
      data: { retryAfterSeconds: 7, limit: 'tool:search' },
      headers: { 'Retry-After': '7', 'RateLimit-Policy': '"tool:search";q=10;w=60', RateLimit: '"tool:search";r=0;t=7' },
    });
  });

  it('[limiter:modern-code] uses 429 in the modern era, which reserves -32029', () => {
    expect(overLimit({ kind: 'request', era: 'modern', method: 'tools/call', id: '1' }, [search], refused(1)).code).toBe(429);
  });

  it('[limiter:retry-after] waits at least one second and never less than the wait', () => {
    expect(overLimit(call, [search], refused(1)).headers?.['Retry-After']).toBe('1');
    expect(overLimit(call, [search], refused(1001)).headers?.['Retry-After']).toBe('2');
    expect(overLimit(call, [search], refused(2000)).headers?.['Retry-After']).toBe('2');
  });

  it('[limiter:all-violated] lists every violated bucket, leaves out the others, and speaks of the longest wait', () => {
    const charges = [charge('100/1m'), charge('20/1m', { label: 'perClient' }), search];
    const refusal = overLimit(call, charges, refused(500, 0, 6000));
    expect(refusal.headers?.['RateLimit']).toBe('"shared";r=0;t=1, "tool:search";r=0;t=6');
    expect(refusal.headers?.['RateLimit-Policy']).toBe('"shared";q=100;w=60, "tool:search";q=10;w=60');
    expect(refusal.data).toEqual({ retryAfterSeconds: 6, limit: 'tool:search' });
  });

  it('answers a notification without an id', () => {
    expect(overLimit({ kind: 'notification', era: 'legacy', method: 'tools/call' }, [search], refused(1))).not.toHaveProperty('id');
  });

  it.each([
    ['shared', 1, 'all tools together: 10 per 1m.'],
    ['perClient', 1, 'this client: 10 per 1m.'],
    ['tool:delete_*', 2, 'tools that match "delete_*": 10 per 1m, and such a call takes 2.'],
    ['perClient:tool:a:b', 1, 'tool "a:b" and this client: 10 per 1m.'],
    ['method:resources/read', 1, 'method "resources/read": 10 per 1m.'],
    ['tool:say "hi"\n', 1, 'tool "say \\"hi\\"\\n": 10 per 1m.'],
  ])('[limiter:wording] speaks of %j', (label, cost, expected) => {
    const { message } = overLimit(call, [charge('10/1m', { label, cost })], refused(1));
    expect(message).toBe(`Rate limit exceeded for ${expected} Retry in 1 s.`);
  });

  it('[limiter:ascii-names] escapes names in headers and hashes what is not ASCII', () => {
    const policy = (label: string) => overLimit(call, [charge('10/1m', { label })], refused(1)).headers?.['RateLimit-Policy'];
    expect(policy('tool:a"b\\c')).toBe('"tool:a\\"b\\\\c";q=10;w=60');
    expect(policy('perClient:tool:such\u00e9')).toMatch(/^"perClient:tool:#[\w-]{16}";q=10;w=60$/);
    expect(policy('tool:a\r\nX: y')).toMatch(/^"tool:#[\w-]{16}";q=10;w=60$/);
    expect(policy('tool:\u00e9')).not.toBe(policy('tool:\u00e8'));
  });
});

describe('limitHeaders', () => {
  it('[limiter:success-headers] lists all buckets of an admitted call with the time to the next token', () => {
    const decision: Decision = {
      allowed: true,
      waitMs: 0,
      states: [
        { remaining: 99, waitMs: 0, nextMs: 600 },
        { remaining: 10, waitMs: 0 },
      ],
    };
    expect(limitHeaders([charge('100/1m'), search], decision)).toEqual({
      'RateLimit-Policy': '"shared";q=100;w=60, "tool:search";q=10;w=60',
      RateLimit: '"shared";r=99;t=1, "tool:search";r=10',
    });
    expect(limitHeaders([], { allowed: true, waitMs: 0, states: [] })).toEqual({});
  });
});

describe('limiterUnavailable', () => {
  it('[limiter:closed-refusal] answers 503 with Retry-After, the id and the remedy', () => {
    const refusal = limiterUnavailable(call);
    expect(refusal).toMatchObject({ status: 503, id: '"a"', headers: { 'Retry-After': '1' } });
    expect(refusal.message).toContain('mcp-sluice.dev/on-redis-failure');
  });
});
