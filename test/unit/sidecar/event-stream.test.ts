import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStream } from '../../../sidecar/event-stream.ts';
import type { MessageAddress } from '../../../src/mcp/message-address.ts';
import { parseEvents } from '../../support/parse-events.ts';

interface Watched {
  readonly stream: EventStream;
  readonly learnt: MessageAddress[];
  /** What the client has. */
  text(): string;
  send(chunk: string): void;
  isForgotten(): boolean;
}

function watch(options: { readonly target?: string; readonly waitingBytes?: number } = {}): Watched {
  const learnt: MessageAddress[] = [];
  const written: Buffer[] = [];
  let isForgotten = false;
  const stream = new EventStream({
    target: options.target ?? '/sse',
    onEndpoint: (address) => {
      learnt.push(address);
      return () => {
        isForgotten = true;
      };
    },
    write: (bytes) => written.push(Buffer.from(bytes)),
    waitingBytes: () => options.waitingBytes ?? 0,
  });
  return {
    stream,
    learnt,
    text: () => Buffer.concat(written).toString(),
    send: (chunk) => void written.push(Buffer.from(stream.transform(Buffer.from(chunk)))),
    isForgotten: () => isForgotten,
  };
}

const endpoint = 'event: endpoint\ndata: /message?sessionId=a\n\n';
const split = (text: string, cuts: readonly number[]): string[] => {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...at, text.length].map((end, index) => text.slice(at[index - 1] ?? 0, end));
};

describe('a stream that begins with an endpoint event', () => {
  it('[sse:learnt] tells where its messages go, however the event is written and cut', () => {
    for (const text of [
      endpoint,
      endpoint.replaceAll('\n', '\r\n'),
      endpoint.replaceAll('\n', '\r'),
      `\ufeff: hello\n\nretry: 3000\n\n${endpoint}`,
      'data:/message?sessionId=a\nid: 7\nevent:endpoint\n\n',
    ]) {
      for (let cut = 0; cut <= text.length; cut++) {
        const { learnt, send, text: received } = watch();
        for (const chunk of split(text, [cut])) send(chunk);
        expect(learnt).toEqual([{ target: '/message?sessionId=a', path: '/message', reference: '/message?sessionId=a' }]);
        expect(received()).toBe(text);
      }
    }
  });

  it.each([
    ['/message?sessionId=a', '/message?sessionId=a', '/message?sessionId=a'],
    ['messages/?session_id=a', 'messages/?session_id=a', '/app/messages/?session_id=a'],
    ['?sessionId=a', '?sessionId=a', '/app/sse?sessionId=a'],
    ['http://127.0.0.1:3001/message?sessionId=a', '/message?sessionId=a', '/message?sessionId=a'],
    ['HTTP://localhost:3001/message?a=%2F#x', '/message?a=%2F', '/message?a=%2F'],
    ['https://mcp.example.com/message', '/message', '/message'],
    ['//127.0.0.1:3001/message?sessionId=a', '/message?sessionId=a', '/message?sessionId=a'],
    ['http://127.0.0.1:3001//evil.example/m', '/.//evil.example/m', '//evil.example/m'],
  ])('[sse:rewritten] says %s as %s, for the origin that the client used', (written, said, target) => {
    const { learnt, send, text } = watch({ target: '/app/sse' });
    send(`event: endpoint\ndata: ${written}\n\n`);
    expect(text()).toBe(`event: endpoint\ndata: ${said}\n\n`);
    expect(learnt).toMatchObject([{ target }]);
    for (const client of ['https://mcp.example.com/app/sse', 'http://10.0.0.7:8080/app/sse']) {
      expect(new URL(said, client).origin).toBe(new URL(client).origin);
    }
  });

  it.each(['javascript:alert(1)', 'ftp://a/b', 'http://', 'http://[::bad'])('lets an endpoint be that is no HTTP reference: %s', (data) => {
    const { learnt, send, text, stream } = watch();
    send(`event: endpoint\ndata: ${data}\n\n`);
    expect([learnt, text()]).toEqual([[], `event: endpoint\ndata: ${data}\n\n`]);
    expect(stream.deliver('{}')).toBe(false);
  });

  it('[sse:not-split] puts our events between those of the server, however those are written and cut', () => {
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
    const value = fc.string({ unit: fc.constantFrom('a', ':', ' ', 'ü', '{'), maxLength: 5 });
    const event = fc
      .tuple(lineEnd, fc.array(fc.tuple(fc.constantFrom('data', 'event', 'id', ''), value), { minLength: 1, maxLength: 4 }))
      .map(([end, fields]) => `${fields.map(([name, text]) => `${name}: ${text}${end}`).join('')}${end}`);
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.array(fc.nat(12), { maxLength: 6 }),
        (events, cuts, moments) => {
          const upstream = endpoint + events.join('');
          const { send, stream, text } = watch();
          const ours: string[] = [];
          for (const [index, chunk] of split(upstream, cuts).entries()) {
            send(chunk);
            for (const _ of moments.filter((moment) => moment === index)) {
              const json = `{"n":${ours.length}}`;
              if (stream.deliver(json)) ours.push(json);
            }
          }
          const received = parseEvents(text());
          expect(received.filter(({ data }) => data.startsWith('{"n":')).map(({ data }) => data)).toEqual(ours);
          expect(received.filter(({ data }) => !data.startsWith('{"n":'))).toEqual(parseEvents(upstream));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('[sse:not-split] holds an event of ours back until the one under way is whole', () => {
    const { send, stream, text } = watch();
    send(`${endpoint}event: message\ndata: {"half"`);
    expect(stream.deliver('{"ours":1}')).toBe(true);
    expect(text()).not.toContain('ours');
    send(':1}\n\nda');
    expect(text()).toBe(`${endpoint}event: message\ndata: {"half":1}\n\nevent: message\ndata: {"ours":1}\n\nda`);
  });

  it('[sse:bounded] takes no more for a client that does not read, nor behind an event that does not end', () => {
    expect(deliverable(watch({ waitingBytes: 100_000 }))).toBe(0);
    const stuck = watch();
    stuck.send(`${endpoint}data: `);
    expect(deliverableFrom(stuck)).toBeLessThan(100);
  });

  it('is forgotten when it closes, and takes nothing more', () => {
    const { send, stream, isForgotten } = watch();
    send(endpoint);
    stream.close();
    expect([isForgotten(), stream.deliver('{}')]).toEqual([true, false]);
  });
});

function deliverable(watched: Watched): number {
  watched.send(endpoint);
  return deliverableFrom(watched);
}

/** How many events of a kilobyte it takes, of a thousand. */
function deliverableFrom({ stream }: Watched): number {
  return Array.from({ length: 1_000 }, () => stream.deliver(`"${'x'.repeat(1_000)}"`)).filter(Boolean).length;
}

describe('any other stream', () => {
  it.each([
    'event: message\ndata: {}\n\nevent: endpoint\ndata: /x\n\n',
    'id: 1\ndata:\n\n',
    `data: ${'x'.repeat(20_000)}`,
    ': only\n\n: comments\n\n',
  ])('[sse:untouched] passes byte for byte and takes nothing: %.40s', (text) => {
    for (const cuts of [[], [1], [5, 9, 20], [text.length - 1]]) {
      const { send, stream, learnt, text: received } = watch();
      for (const chunk of split(text, cuts)) send(chunk);
      const rest = Buffer.from(stream.end()).toString();
      expect(received() + rest).toBe(text);
      expect([learnt, stream.deliver('{}')]).toEqual([[], false]);
    }
  });

  it('[sse:untouched] gets what was held of it when the server ends it', () => {
    const { send, stream, text } = watch();
    send('event: endp');
    expect([text(), Buffer.from(stream.end()).toString()]).toEqual(['', 'event: endp']);
  });
});
