import { beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../../sidecar/caller.ts';
import type { Exchange } from '../../../sidecar/exchange.ts';
import { SessionBook, SessionRecord } from '../../../sidecar/session-book.ts';
import { SessionStay } from '../../../sidecar/session-stay.ts';
import { SharedTexts } from '../../../sidecar/shared-texts.ts';
import { readHeaders } from '../../../src/mcp/headers.ts';
import type { Message } from '../../../src/mcp/message.ts';

let inFlight: number;
let begun: number;
let begin: () => true | Promise<boolean>;
let record: SessionRecord;
let book: SessionBook;
beforeEach(() => {
  inFlight = 0;
  begun = 0;
  begin = () => {
    inFlight += 1;
    begun += 1;
    return true;
  };
  const held = { begin: () => begin(), finish: () => void inFlight--, end: () => undefined };
  record = new SessionRecord({ id: 's', client: undefined, held, target: '/mcp' });
  book = new SessionBook();
  book.add(record);
});

const accepted = { isAccepted: true };
const request = (method: string, id = '1'): Message => ({ kind: 'request', era: 'legacy', method, id });
function stay(message: Message, options: { method?: string; headers?: readonly string[]; body?: string } = {}): SessionStay {
  const { method = 'POST', headers: rawHeaders = [], body } = options;
  const caller: Caller = {
    ...{ method, target: '/mcp', rawHeaders, headers: readHeaders(rawHeaders), isMcpPath: true, message, client: undefined },
    ...{ isShadow: false, exchange: {} as Exchange, body: body === undefined ? undefined : Buffer.from(body) },
  };
  return new SessionStay(record, caller, book);
}
const get = (lastEventId?: string) =>
  stay({ kind: 'opaque' }, { method: 'GET', headers: lastEventId === undefined ? [] : ['Last-Event-ID', lastEventId] });

describe("a session's clock", () => {
  it.each([
    ['a request', request('tools/call')],
    ['a notification', { kind: 'notification', era: 'legacy', method: 'notifications/roots/list_changed' } as Message],
  ])('[gate:clock] stands still during %s, to its end', (_, message) => {
    const here = stay(message);
    expect(here.begin()).toBe(true);
    expect(inFlight).toBe(1);
    here.close(accepted);
    expect(inFlight).toBe(0);
  });

  it.each([
    ['a ping', request('ping')],
    ["the client's answer", { kind: 'response', era: 'legacy' } as Message],
    ['a body that is no message', { kind: 'opaque' } as Message],
  ])('[gate:clock] is not touched by %s', (_, message) => {
    const here = stay(message);
    expect(here.begin()).toBe(true);
    here.close(accepted);
    expect([begun, inFlight]).toEqual([0, 0]);
  });

  it('[gate:clock] is not touched by a stream that the client listens to, with or without an event to go on from', () => {
    for (const here of [get(), get('e1')]) {
      expect(here.begin()).toBe(true);
      here.close(accepted);
    }
    expect(begun).toBe(0);
  });

  it('[gate:clock] gives its stop back where the client left while the store was asked', async () => {
    let answer: (isAlive: boolean) => void = () => undefined;
    begin = () =>
      new Promise<boolean>((resolve) => {
        answer = resolve;
      }).then((isAlive) => {
        if (isAlive) inFlight += 1;
        return isAlive;
      });
    const here = stay(request('tools/call'));
    const begins = here.begin();
    here.close({ isAccepted: false });
    answer(true);
    await begins;
    expect(inFlight).toBe(0);
  });
});

describe('what a session is closed by', () => {
  const say = (version: string, authorization?: string) =>
    void stay(request('ping'), {
      headers: ['MCP-Protocol-Version', version, ...(authorization === undefined ? [] : ['Authorization', authorization])],
    }).begin();

  it('[gate:reaped] is what its last request said', () => {
    say('2025-06-18', 'Bearer a');
    say('2025-11-25', 'Bearer b');
    expect(record.closing).toEqual({ id: 's', target: '/mcp', protocolVersion: '2025-11-25', authorization: 'Bearer b' });
    say('2025-11-25');
    expect(record.closing.authorization).toBeUndefined();
  });

  it('[gate:memory] is forgotten with it; a request that comes later finds it ended', () => {
    say('2025-06-18', 'Bearer a');
    book.delete(record);
    expect(record.closing).toMatchObject({ protocolVersion: undefined, authorization: undefined });
    expect(stay(request('tools/call')).begin()).toBe(false);
    expect(begun).toBe(0);
  });

  it('[gate:memory] is one text for all that say the same', () => {
    const texts = new SharedTexts();
    expect([texts.take('a'), texts.take('a'), texts.take('b')]).toEqual(['a', 'a', 'b']);
    texts.give('a');
    texts.give('b');
    expect(texts.size).toBe(1);
    texts.give('a');
    texts.give('a');
    expect(texts.size).toBe(0);
  });
});

describe('a call that is polled', () => {
  const result = `id: e3\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n`;

  function closedEarly(): void {
    const call = stay(request('tools/call'));
    void call.begin();
    call.openReader()?.read(Buffer.from('id: e1\ndata:\n\n'));
    call.close(accepted);
  }

  it('[gate:polled] stands still while its rest is awaited by GET, until the answer', () => {
    closedEarly();
    expect([inFlight, record.calls.count]).toEqual([0, 1]);
    const poll = get('e1');
    void poll.begin();
    const reader = poll.openReader();
    expect(inFlight).toBe(1);
    reader?.read(Buffer.from('id: e2\ndata: {"method":"notifications/progress"}\n\n'));
    poll.close(accepted);
    expect(inFlight).toBe(0);
    const again = get('e2');
    void again.begin();
    expect(inFlight).toBe(1);
    again.openReader()?.read(Buffer.from(result));
    // Its stream stays open, and is one like others now.
    expect([inFlight, record.calls.count]).toEqual([0, 0]);
    again.close(accepted);
    expect(inFlight).toBe(0);
    expect(get('e2').begin() && begun).toBe(3);
  });

  it('[gate:polled] is none where the answer was on its own stream, or no event can be gone on from', () => {
    for (const events of [result, ': keep-alive\n\n']) {
      const call = stay(request('tools/call'));
      void call.begin();
      call.openReader()?.read(Buffer.from(events));
      call.close(accepted);
    }
    expect(record.calls.count).toBe(0);
  });

  it('[gate:memory] is forgotten where too many are, the oldest first', () => {
    for (let i = 0; i < 40; i++) record.calls.add(String(i), [`e${i}`, 'x'.repeat(1000)]);
    expect([record.calls.count, record.calls.find('e0'), record.calls.find('e39')?.id]).toEqual([16, undefined, '39']);
  });
});

describe('a call over HTTP+SSE', () => {
  beforeEach(() => {
    record.isStream = true;
  });
  const post = (message: Message, body?: string) => {
    const here = stay(message, body === undefined ? {} : { body });
    void here.begin();
    here.close(accepted);
  };
  const heard = (data: string) => record.hear({ id: undefined, data });

  it('[gate:stream-clock] is in flight after its POST, until its answer is on the stream', () => {
    post(request('tools/call', '7'));
    post(request('tools/call', '"7"'));
    heard('{"jsonrpc":"2.0","id":7,"method":"roots/list"}');
    heard('{"jsonrpc":"2.0","id":8,"result":{}}');
    expect(inFlight).toBe(2);
    heard('{"jsonrpc":"2.0","id":7,"result":{}}');
    heard('{"jsonrpc":"2.0","id":7,"result":{}}');
    expect(inFlight).toBe(1);
    heard('{"jsonrpc":"2.0","id":"7","error":{"code":1,"message":""}}');
    expect(inFlight).toBe(0);
  });

  it('[gate:stream-clock] is over where it is cancelled, or was not accepted', () => {
    post(request('tools/call', '1'));
    const cancelled: Message = { kind: 'notification', era: 'legacy', method: 'notifications/cancelled' };
    post(cancelled, '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
    expect(inFlight).toBe(0);
    const refused = stay(request('tools/call', '2'));
    void refused.begin();
    refused.close({ isAccepted: false });
    expect(inFlight).toBe(0);
  });

  it('[gate:memory] is in flight for its POST alone beyond 256 at once; one too long to be read answers the oldest', () => {
    for (let i = 0; i < 300; i++) post(request('tools/call', String(i)));
    expect(inFlight).toBe(256);
    record.hear(undefined);
    expect([inFlight, record.awaited.has('0'), record.awaited.has('1')]).toEqual([255, false, true]);
  });
});
