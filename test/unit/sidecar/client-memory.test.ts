import { describe, expect, it } from 'vitest';
import { ClientMemory } from '../../../sidecar/client-memory.ts';
import type { Message } from '../../../src/mcp/message.ts';
import { fragileClients } from '../../../src/policy/clients.ts';

const initialize = (name: string): Message => ({ kind: 'request', era: 'legacy', method: 'initialize', id: '1', clientInfo: { name } });
const call: Message = { kind: 'request', era: 'legacy', method: 'tools/call', id: '2', tool: 'a' };
const session = (id: string) => ['Mcp-Session-Id', id];
const old = initialize('x (via mcp-remote 0.1.38)');
const row = fragileClients['mcp-remote-0.1'];

describe('ClientMemory', () => {
  it('[rejection:memory] knows a session by what its initialize said', () => {
    const memory = new ClientMemory();
    memory.learn(old, 200, session('s1'));
    expect(memory.recall(call, session('s1'))).toEqual([row]);
    expect(memory.recall(call, [...session('s1'), 'User-Agent', 'node'])).toEqual([fragileClients['typescript-sdk-1'], row]);
    expect(memory.recall(call, session('s2'))).toEqual([]);
    expect(memory.recall(call, [])).toEqual([]);
  });

  it('[rejection:memory] knows a modern request by its own words', () => {
    const modern: Message = {
      kind: 'request',
      era: 'modern',
      method: 'tools/call',
      id: '2',
      clientInfo: { name: 'x (via mcp-remote 0.1.1)' },
    };
    expect(new ClientMemory().recall(modern, [])).toEqual([row]);
  });

  it('[rejection:memory] learns from nothing but an initialize that opened a session, of a client in the table', () => {
    const memory = new ClientMemory();
    memory.learn(old, 400, session('s'));
    memory.learn(old, 200, []);
    memory.learn(old, 200, session('s'.repeat(513)));
    memory.learn(initialize('python-httpx/0.28.1'), 200, session('s'));
    memory.learn({ ...old, method: 'tools/call' } as Message, 200, session('s'));
    expect(memory.size).toBe(0);
  });

  it('[rejection:memory] is bounded, and forgets the session not asked about for longest', () => {
    const memory = new ClientMemory();
    for (let id = 0; id < 10_000; id++) memory.learn(old, 200, session(`s${id}`));
    memory.recall(call, session('s0'));
    memory.learn(old, 200, session('one more'));
    expect(memory.size).toBe(10_000);
    expect(memory.recall(call, session('s0'))).toEqual([row]);
    expect(memory.recall(call, session('s1'))).toEqual([]);
  });
});
