import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyAddress, isSameAddress, type Reach } from '../../../src/lib/forbidden-address.ts';
import { judgeHost, readHost } from '../../../src/lib/read-host.ts';

/** Loopback, metadata, private and public, as whoever wants to slip past would write them. */
const spellings: Record<Reach, readonly string[]> = {
  forbidden: [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.1.',
    '１２７.０.０.１',
    '127。0。0。1',
    '①②⑦.0.0.1',
    '%31%32%37.0.0.1',
    '0',
    '0.0.0.0',
    '0x0',
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '169.254.43518',
    '169.16689662',
    '169.254.170.2',
    '169.254.169.254.',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '224.0.0.1',
    '239.255.255.250',
    '255.255.255.255',
    '240.0.0.1',
    '[::]',
    '::',
    '[::1]',
    '0:0:0:0:0:0:0:1',
    '0000:0000:0000:0000:0000:0000:0000:0001',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '::ffff:169.254.169.254',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '[::ffff:0:169.254.169.254]',
    '[::127.0.0.1]',
    '[::a9fe:a9fe]',
    '[64:ff9b::169.254.169.254]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::169.254.169.254]',
    '[64:ff9b:1:a9fe:a9:fe00::]',
    '[2002:a9fe:a9fe::]',
    '[2002:7f00:1::1]',
    '[2001:0:a9fe:a9fe::1]',
    '2001:0:808:808:0:0:5601:5601',
    '[fe80::1]',
    '[febf::1]',
    '[fe80::a9fe:a9fe]',
    '[ff02::1]',
    '[fd00:ec2::254]',
    '[fd00:ec2::23]',
    '[fd20:ce::254]',
    '[4000::1]',
    '[100::1]',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'ｌｏｃａｌｈｏｓｔ',
    'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
    'deep.er.localhost',
    'localhost.localdomain',
    'ip6-localhost',
    'metadata.google.internal',
    'METADATA.google.internal.',
    'metadata.google。internal',
    'metadata',
    'instance-data',
    'instance-data.ec2.internal',
    '',
    '.',
    '1.2.3.4.5',
    '256.1.1.1',
    '0x',
    '[::1',
    '::1]',
    'a b',
    'a/b',
    'user@host',
    'host:80',
    '[::1]:80',
    '\t127.0.0.1',
  ],
  private: [
    '10.0.0.1',
    '012.0.0.1',
    '0xa000001',
    '167772161',
    '10.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '100.127.255.255',
    '198.18.0.1',
    '192.0.2.1',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::10.0.0.1]',
    '[64:ff9b:1::8.8.8.8]',
    '[2002:a00:1::]',
    '[fd12:3456::1]',
    '[fc00::1]',
    '[fec0::1]',
    '[2001:db8::1]',
  ],
  public: [
    '8.8.8.8',
    '134744072',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '169.253.255.255',
    '[2606:4700::1111]',
    '[::ffff:8.8.8.8]',
    '[64:ff9b::8.8.8.8]',
    '[2002:808:808::1]',
  ],
};

describe('a host that is an address, or a name that is known', () => {
  for (const [reach, hosts] of Object.entries(spellings))
    it.each(hosts)(`[egress:spellings] takes %j for ${reach}`, (host) => {
      expect(judgeHost(host)).toMatchObject({ reach });
    });

  it('judges an ordinary name by nothing but its addresses', () => {
    for (const name of ['mcp.example', 'localhost.example', 'metadata.example', 'mcp.prod.svc', 'xn--bcher-kva.example'])
      expect(judgeHost(name), name).toBeUndefined();
  });

  it('reads a name as it will be asked for', () => {
    expect(readHost('BÜCHER.example.')).toEqual({ kind: 'name', name: 'xn--bcher-kva.example' });
    expect(readHost('[0:0::0:8]')).toEqual({ kind: 'address', address: '::8' });
  });

  it('says what a forbidden address is, and what it stands for', () => {
    expect(judgeHost('[64:ff9b::a9fe:a9fe]')?.what).toBe(
      'a link-local address, where clouds serve metadata (it stands for 169.254.169.254)',
    );
  });
});

describe('an address of an answer', () => {
  it('is never reached where it is no address', () => {
    for (const text of ['', 'mcp.example', '127.1', '[::1]']) expect(classifyAddress(text).reach, text).toBe('forbidden');
  });

  it('has no zone', () => {
    expect(classifyAddress('fe80::1%eth0').reach).toBe('forbidden');
    expect(classifyAddress('::ffff:10.0.0.1%1').reach).toBe('private');
  });

  it('[egress:spellings] is judged alike in every IPv6 dress of an IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const { reach } = classifyAddress(address);
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const high = (a * 256 + b).toString(16);
        const low = (c * 256 + d).toString(16);
        for (const dressed of [`::ffff:${address}`, `::ffff:0:${address}`, `64:ff9b::${address}`, `2002:${high}:${low}::`])
          expect(classifyAddress(dressed).reach, dressed).toBe(reach);
      }),
    );
  });

  it('[egress:spellings] is the same however it is written', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
        expect(isSameAddress(address, canonical)).toBe(true);
        expect(classifyAddress(address)).toEqual(classifyAddress(canonical));
      }),
    );
    expect(isSameAddress('::ffff:10.0.0.1', '10.0.0.1')).toBe(true);
    expect(isSameAddress('10.0.0.1', '64:ff9b::10.0.0.1')).toBe(true);
    expect(isSameAddress('10.0.0.2', '10.0.0.1')).toBe(false);
    expect(isSameAddress('10.0.0.2', '64:ff9b::10.0.0.1')).toBe(false);
    expect(isSameAddress('no address', 'no address')).toBe(false);
  });
});
