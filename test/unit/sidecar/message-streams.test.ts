import { describe, expect, it } from 'vitest';
import type { MessageStream } from '../../../sidecar/event-stream.ts';
import { MessageStreams } from '../../../sidecar/message-streams.ts';
import { readEndpoint } from '../../../src/mcp/message-address.ts';

const stream = (): MessageStream => ({ deliver: () => true });

function open(streams: MessageStreams, reference: string, one = stream()): () => void {
  const address = readEndpoint(reference, '/sse');
  if (address === undefined) throw new Error(reference);
  return streams.open(address, one);
}

describe('the streams open on this pod', () => {
  it('[sse:session] are found by the session id of a message POST, whatever stands around it', () => {
    const streams = new MessageStreams();
    const one = stream();
    open(streams, '/messages/?session_id=0123abc', one);
    for (const target of ['/messages/?session_id=0123abc', '/prefix/messages/?session_id=0123abc', '/m?a=b&sessionId=0123abc']) {
      expect(streams.find(target)).toBe(one);
    }
    for (const target of ['/messages/?session_id=0123abd', '/messages/', '/messages/?session_id=', '/m?sessionId=0123abc&sessionId=x']) {
      expect(streams.find(target)).toBeUndefined();
    }
  });

  it('[sse:session] are found by the whole target where it has no session id', () => {
    const streams = new MessageStreams();
    const one = stream();
    open(streams, 'messages/0123 abc?x=1', one);
    expect(streams.find('/messages/0123%20abc?x=1')).toBe(one);
    expect(streams.find('/messages/0123%20abc')).toBeUndefined();
  });

  it('[sse:session] are not found where two have the same address, as either could be meant', () => {
    const streams = new MessageStreams();
    const one = stream();
    open(streams, '/message', one);
    const forget = open(streams, '/message');
    expect(streams.find('/message')).toBeUndefined();
    forget();
    expect(streams.find('/message')).toBe(one);
  });

  it('[sse:bounded] are forgotten with their streams, and bounded in number', () => {
    const streams = new MessageStreams();
    const closers = Array.from({ length: 10_100 }, (_, index) => open(streams, `/m${index}?sessionId=${index}`));
    expect(streams.count).toBe(10_000);
    expect(streams.alongside(['/mcp'])).toHaveLength(17);
    for (const close of [...closers, ...closers]) close();
    expect(streams.count).toBe(0);
    open(streams, `/m?sessionId=${'x'.repeat(5_000)}`);
    expect(streams.count).toBe(0);
  });

  it('[sse:learnt] make their message paths speak MCP beside those of the setting', () => {
    const streams = new MessageStreams();
    expect(streams.alongside(['/sse'])).toEqual(['/sse']);
    open(streams, '/messages/?session_id=a');
    open(streams, '/messages/?session_id=b');
    open(streams, '/?session_id=c');
    expect(streams.alongside(['/sse'])).toEqual(['/sse', '/messages/']);
    expect(streams.alongside([])).toEqual([]);
  });
});
