import { describe, expect, it } from 'vitest';
import { HeldBytes } from '../../../sidecar/held-bytes.ts';

describe('bytes as they come', () => {
  it('[sidecar:small-pieces] are what was added, in one piece', () => {
    const held = new HeldBytes();
    expect(held.bytes).toHaveLength(0);
    const pieces = ['', 'a', 'bc', '', 'd'.repeat(1000), 'e', 'f'.repeat(10_000), 'g'];
    for (const piece of pieces) held.add(Buffer.from(piece));
    expect(held.bytes.toString()).toBe(pieces.join(''));
    expect(held.length).toBe(11_005);
  });

  it('[sidecar:small-pieces] are not copied where they came in one piece', () => {
    const held = new HeldBytes();
    const piece = Buffer.from('{}');
    held.add(piece);
    expect(held.bytes.buffer).toBe(piece.buffer);
  });

  it('[sidecar:small-pieces] take no more than three times their room', () => {
    const held = new HeldBytes();
    for (let at = 0; at < 100_000; at++) held.add(Buffer.from([at % 256]));
    expect(held.bytes.buffer.byteLength).toBeLessThan(300_000);
  });
});
