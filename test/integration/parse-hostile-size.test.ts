import { describe, expect, it } from 'vitest';
import { bytesOf, post, postElsewhere, verdict } from '../unit/mcp/support.ts';

const SIZE = 8 * 1024 * 1024;
const fill = (piece: string, room = SIZE) => piece.repeat(Math.floor(room / Buffer.byteLength(piece)));
const list = (write: (index: number) => string, count: number) => Array.from({ length: count }, (_, index) => write(index)).join();
const inArguments = (text: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":${text}}}`;

/** Finishing within the runner's time limit is the assertion: quadratic work on any of these takes minutes. */
describe('hostile bodies of 8 MiB', () => {
  it.each([
    ['100,000 keys in one object', () => `{${list((n) => `"key${n}":${n}`, 100_000)}}`],
    ['keys that are array indices', () => `{${list((n) => `"${n * 131_072}":0`, 450_000)}}`],
    ['equally long keys that differ at the end', () => `{${list((n) => `"${'x'.repeat(17_000)}${n + 10_000}":0`, 480)}}`],
    ['one long escaped key', () => `{"${fill('\\u0041')}":0}`],
    ['one long key of letters to fold', () => `{"${fill('Aſ')}":0}`],
    ['one key of NULs that are not trailing', () => `{"${fill('\\u0000')}x":0}`],
    ['a million objects', () => `[${fill('{"a":0},')}0]`],
    ['one string of escapes', () => `"${fill('\\"')}"`],
  ])('[parse:linear] accepts %s', (_, write) => {
    expect(verdict(post(inArguments(write())))).toBe('ok');
  });

  it.each([
    ['brackets', () => fill('['), 'nesting 400 -32700'],
    ['blanks', () => fill(' '), 'syntax 400 -32700'],
    ['digits', () => fill('1'), 'not-object 400 -32600'],
    ['an open string', () => `"${fill('\\\\')}`, 'syntax 400 -32700'],
    ['a batch', () => `[${fill('{"jsonrpc":"2.0","method":"a"},')}{}]`, 'batch 400 -32600'],
  ])('[parse:linear] refuses %s', (_, write, expected) => {
    expect(verdict(post(write()))).toBe(expected);
  });

  it.each([
    ['blanks', () => fill(' ')],
    ['non-ASCII blanks', () => fill('\u2003')],
    ['escapes behind a brace', () => `{${fill('\\u006')}`],
    ['NULs', () => new Uint8Array(SIZE)],
  ])('[parse:linear] lets %s pass outside the MCP paths', (_, write) => {
    expect(verdict(postElsewhere(bytesOf(write())))).toBe('ok');
  });
});
