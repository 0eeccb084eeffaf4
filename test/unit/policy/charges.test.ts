import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/mcp/message.ts';
import { chargesOf } from '../../../src/policy/charges.ts';
import { bucket, limits, request } from './limits.ts';

const everything = limits({
  shared: bucket('100/1m'),
  perClient: bucket('20/1m'),
  tools: [
    { pattern: 'search', shared: bucket('10/1m'), cost: 1 },
    { pattern: 'export', shared: bucket('5/1h'), perClient: bucket('1/1h'), cost: 1 },
    { pattern: 'delete_*', shared: bucket('3/1m'), cost: 2 },
  ],
  methods: [
    { method: 'resources/read', shared: bucket('200/1m'), cost: 1 },
    { method: 'notifications/cancelled', shared: bucket('1/1m'), cost: 1 },
    { method: 'tasks/get', shared: bucket('1/1m'), cost: 1 },
    { method: 'initialize', shared: bucket('1/1m'), cost: 1 },
    { method: 'server/discover', shared: bucket('1/1m'), cost: 1 },
    { method: 'tools/list', shared: bucket('1/1m'), perClient: bucket('1/1m'), cost: 3 },
  ],
});
const labels = (message: Message, client?: string) => chargesOf(message, everything, client).map(({ label }) => label);
const names = (message: Message, client?: string) => chargesOf(message, everything, client).map(({ name }) => name);

describe('chargesOf', () => {
  it('[limiter:charges] charges a tools/call to shared, perClient and both buckets of its tool', () => {
    expect(labels(request('tools/call', 'export'))).toEqual(['shared', 'perClient', 'tool:export', 'perClient:tool:export']);
    expect(labels(request('tools/call', 'unknown'))).toEqual(['shared', 'perClient']);
  });

  it('[limiter:pattern-bucket] keeps one bucket for all names that a pattern matches', () => {
    expect(names(request('tools/call', 'delete_a'), 'x')).toEqual(names(request('tools/call', 'delete_b'), 'x'));
    expect(labels(request('tools/call', 'delete_a'))).toContain('tool:delete_*');
  });

  it('[limiter:cost] counts the cost in every bucket of the call', () => {
    expect(chargesOf(request('tools/call', 'delete_a'), everything, undefined).map(({ cost }) => cost)).toEqual([2, 2, 2]);
  });

  it.each(['initialize', 'server/discover', 'ping', 'notifications/initialized', 'notifications/cancelled', 'prompts/list'])(
    '[limiter:never-charged] does not charge %s',
    (method) => {
      expect(labels(request(method))).toEqual([]);
    },
  );

  it('[limiter:never-charged] does not charge notifications, even where a user names them', () => {
    for (const method of ['notifications/cancelled', 'tasks/get']) {
      expect(labels({ kind: 'notification', era: 'legacy', method })).toEqual([]);
    }
    expect(labels(request('tasks/get'))).toEqual(['method:tasks/get']);
  });

  it('[limiter:never-charged] does not charge responses and what is no JSON-RPC', () => {
    expect(labels({ kind: 'response', era: 'legacy' })).toEqual([]);
    expect(labels({ kind: 'opaque' })).toEqual([]);
    expect(chargesOf(request('tools/call', 'search'), undefined, undefined)).toEqual([]);
  });

  it('[limiter:methods] charges a method that is named, and not to the buckets of tools', () => {
    expect(labels(request('resources/read'))).toEqual(['method:resources/read']);
    expect(labels(request('tools/list'))).toEqual(['method:tools/list', 'perClient:method:tools/list']);
  });

  it('[limiter:notified-call] charges a tools/call without an id too, as a lax server would run it', () => {
    expect(labels({ kind: 'notification', era: 'legacy', method: 'tools/call', tool: 'search' })).toContain('tool:search');
  });

  it('[limiter:anonymous] lets all callers without a name share one per-client bucket, apart from every client', () => {
    const call = request('tools/call', 'export');
    expect(names(call)).toEqual(names(call));
    expect(names(call)[1]).not.toBe(names(call, 'AAAAAAAAAAAAAAAAAAAAAA')[1]);
    expect(names(call, 'a')[1]).not.toBe(names(call, 'b')[1]);
  });

  it('[limiter:no-collision] never gives two scopes one bucket, whatever tools, methods and clients are called', () => {
    const name = fc.oneof(fc.string({ unit: fc.constantFrom('a', ':', 's', 't', 'c', '_') }), fc.string());
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 6 }), (words) => {
        const one = bucket('1/1m');
        const given = limits({
          shared: one,
          perClient: one,
          tools: words.map((word) => ({ pattern: word.replaceAll('*', ''), shared: one, perClient: one, cost: 1 })),
          methods: words.map((method) => ({ method, shared: one, perClient: one, cost: 1 })),
        });
        const scopes = new Map<string, string>();
        for (const word of words) {
          for (const message of [request('tools/call', word), request(word)]) {
            for (const client of ['anonymou', 'AAAAAAAAAAAAAAAAAAAAAA', undefined]) {
              for (const { name: key, label } of chargesOf(message, given, client)) {
                const scope = JSON.stringify([label, label.startsWith('perClient') ? (client ?? null) : '']);
                expect(scopes.get(key) ?? scope).toBe(scope);
                scopes.set(key, scope);
              }
            }
          }
        }
      }),
    );
  });
});
