import { describe, expect, it } from 'vitest';
import { EventReader, StreamTail } from '../../../sidecar/event-reader.ts';
import type { ServerEvent } from '../../../src/mcp/server-event.ts';

const bytes = (text: string) => Buffer.from(text);
const result = (id: unknown) => JSON.stringify({ jsonrpc: '2.0', id, result: {} });
const inPieces = (reader: { read(chunk: Uint8Array): void }, text: string, size: number) => {
  const all = bytes(text);
  for (let at = 0; at < all.length; at += size) reader.read(all.subarray(at, at + size));
};

describe('the end of a stream', () => {
  const stream = `id: 1\ndata:\n\n: keep-alive\n\nid: 2\ndata: {"method":"notifications/progress"}\n\n`;

  it.each([1, 3, 1000])('[gate:polled] tells in pieces of %i bytes whether a call was answered, and from where it goes on', (size) => {
    const [open, answered] = [new StreamTail(), new StreamTail()];
    inPieces(open, stream, size);
    inPieces(answered, `${stream}event: message\r\nid: 3\r\ndata: ${result('a')}\r\n\r\n`, size);
    expect(open.judge('"a"')).toEqual({ isAnswered: false, eventIds: ['1', '2'] });
    expect(answered.judge('"a"')).toMatchObject({ isAnswered: true });
    expect(answered.judge('1')).toMatchObject({ isAnswered: false });
  });

  it("[gate:polled] takes neither the server's own request nor half an event for the answer", () => {
    const tail = new StreamTail();
    tail.read(bytes(`data: {"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"result":1}}\n\ndata: ${result(1)}\n`));
    expect(tail.judge('1').isAnswered).toBe(false);
  });

  it('[gate:memory] keeps the last events of a long stream, and takes one that is longer than that for the answer', () => {
    const tail = new StreamTail();
    for (let i = 0; i < 5000; i++) tail.read(bytes(`id: ${i}\ndata: {"method":"x"}\n\n`));
    const { isAnswered, eventIds } = tail.judge('1');
    expect({ isAnswered, last: eventIds.at(-1) }).toEqual({ isAnswered: false, last: '4999' });
    expect(eventIds.length).toBeLessThan(2000);
    tail.read(bytes(`data: {"jsonrpc":"2.0","id":1,"result":"${'x'.repeat(40_000)}"}\n\n`));
    expect(tail.judge('1').isAnswered).toBe(true);
  });
});

describe('a stream that is read event by event', () => {
  it.each([1, 7, 100_000])('[gate:polled] gives each in pieces of %i bytes, and undefined for one too long to hold', (size) => {
    const heard: (ServerEvent | undefined)[] = [];
    const reader = new EventReader((event) => heard.push(event));
    inPieces(reader, `id: 1\ndata: a\ndata: b\n\n\ndata: ${'x'.repeat(20_000)}\n\nid: 2\r\ndata: c\r\n\r\n`, size);
    const told = heard.filter((event) => event === undefined || event.data !== '');
    expect(told).toEqual([{ id: '1', data: 'a\nb' }, undefined, { id: '2', data: 'c' }]);
  });
});
