import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, createRanges, isLoopback } from '../../../src/identity/cidr.ts';

describe('ranges of addresses', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', 'fd00::1', false],
    ['fd00::/8', 'fd12:3456::1', true],
    ['fd00::/8', 'fe80::1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
  ])('%s and %s: %s', (cidr, address, expected) => {
    expect(createRanges([cidr])(address)).toBe(expected);
  });

  it('[identity:mapped] takes an IPv4 peer of a dual-stack listener for the IPv4 address that it is', () => {
    expect(createRanges(['10.0.0.0/8'])('::ffff:10.1.2.3')).toBe(true);
    expect(createRanges(['10.0.0.0/8'])('::FFFF:11.1.2.3')).toBe(false);
    expect(canonicalAddress('::ffff:127.0.0.1')).toBe('127.0.0.1');
  });

  it.each(['', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'example.org', '10.0.0.0/-1', '::/129', '10.0.0.0/1e1'])(
    'matches nothing with the text %j',
    (cidr) => {
      const inRange = createRanges([cidr]);
      expect([inRange('10.0.0.1'), inRange('::1'), inRange(undefined), inRange('nonsense')]).toEqual([false, false, false, false]);
    },
  );

  it('agrees with arithmetic on every IPv4 prefix', () => {
    const toText = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join('.');
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 32 }), (network, address, bits) => {
        const mask = bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0;
        const expected = (network & mask) >>> 0 === (address & mask) >>> 0;
        expect(createRanges([`${toText(network)}/${bits}`])(toText(address))).toBe(expected);
      }),
    );
  });

  it('knows loopback in all its spellings', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].map(isLoopback)).toEqual([true, true, true, true]);
    expect(['0.0.0.0', '::', '10.0.0.1', '::ffff:10.0.0.1', '127.example.org'].map(isLoopback)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
