// Proof 3: where an entry may go, with a DNS server that answers as an attacker's would.
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSocket } from '../../sidecar/entry-dial.ts';
import { createResolve, systemResolve } from '../../sidecar/entry-resolve.ts';
import type { EntryUpstream, EntryUpstreamDeps } from '../../sidecar/entry-upstream.ts';
import type { RemoteEntry } from '../../src/settings/settings.ts';
import { ask, entryAt, faultOf, openEntry, PUBLIC_ADDRESS, statusOf } from '../support/ask-entry.ts';
import { type DnsAnswer, type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { until } from '../support/until-true.ts';

let dns: DnsServer;
let remote: FakeUpstream;
let answers: (name: string, type: 'A' | 'AAAA') => DnsAnswer;
/** What was connected to, each with all addresses that it might have been. */
let dialled: (readonly string[])[];
const open: EntryUpstream[] = [];
beforeEach(async () => {
  dialled = [];
  dns = await startDnsServer((name, type) => answers(name, type));
  remote = await startFakeUpstream((_, response) => response.writeHead(200, { connection: 'close' }).end('{}'));
});
afterEach(async () => {
  for (const upstream of open.splice(0)) await upstream.close();
  await Promise.all([dns.close(), remote.close()]);
});

function entry(host = 'docs.test', more: Partial<RemoteEntry> = {}, deps: Partial<EntryUpstreamDeps> = {}): EntryUpstream {
  const resolver = new Resolver({ timeout: 3_000, tries: 1 });
  resolver.setServers([dns.address]);
  const { port } = new URL(remote.url);
  const upstream = openEntry(entryAt(`http://${host}:${port}/mcp`, { allowInsecure: true, ...more }), {
    resolve: createResolve({
      hosts: () => Promise.resolve(''),
      resolvConf: () => Promise.resolve(''),
      query: (name, type) => (type === 'A' ? resolver.resolve4(name) : resolver.resolve6(name)),
    }),
    openSocket: (addresses) => {
      dialled.push([...addresses]);
      return connect(Number(port), '127.0.0.1');
    },
    ...deps,
  });
  open.push(upstream);
  return upstream;
}

describe('the address of an entry', () => {
  it('[egress:rebinding] is resolved and checked for each connection: public first, private second', async () => {
    const turns: DnsAnswer[] = [[PUBLIC_ADDRESS], ['10.0.0.1'], ['169.254.169.254'], ['127.0.0.1']];
    let turn = 0;
    answers = (_, type) => (type === 'A' ? (turns[turn] ?? []) : []);
    const upstream = entry();
    expect(await statusOf(upstream)).toBe(200);
    for (const says of [
      'its host docs.test has the address 10.0.0.1, a private address. If that is where it should be, set allowPrivate: true for this entry.',
      'its host docs.test has the address 169.254.169.254, a link-local address, where clouds serve metadata. No entry may be there; give it another url.',
      'its host docs.test has the address 127.0.0.1, a loopback address. No entry may be there; give it another url.',
    ]) {
      turn += 1;
      const { message, reason, status } = await faultOf(upstream);
      expect([message, reason, status]).toEqual([`Remote entry "docs" is not connected to: ${says}`, 'forbidden-address', 502]);
    }
    expect(dialled).toEqual([[PUBLIC_ADDRESS]]);
    expect(remote.received).toHaveLength(1);
  });

  it('[egress:rebinding] is refused where an answer holds both, in any order and family', async () => {
    for (const both of [
      [PUBLIC_ADDRESS, '10.0.0.1'],
      ['10.0.0.1', PUBLIC_ADDRESS],
      [PUBLIC_ADDRESS, '::ffff:169.254.169.254'],
      [PUBLIC_ADDRESS, 'fd00:ec2::254'],
      ['2606:4700::1111', '127.0.0.1'],
      [PUBLIC_ADDRESS, '64:ff9b::a9fe:a9fe'],
      [PUBLIC_ADDRESS, '::'],
    ]) {
      answers = () => both;
      expect(await faultOf(entry())).toMatchObject({ reason: 'forbidden-address' });
    }
    expect(dialled).toEqual([]);
  });

  it('[egress:checked-address] is the one that is connected to: nobody resolves the name again', async () => {
    let times = 0;
    answers = (_, type) => {
      if (type === 'AAAA') return ['2606:4700::1111'];
      times += 1;
      return times === 1 ? [PUBLIC_ADDRESS] : ['127.0.0.1'];
    };
    expect(await statusOf(entry())).toBe(200);
    expect(dialled).toEqual([[PUBLIC_ADDRESS, '2606:4700::1111']]);
    expect(dns.asked.toSorted()).toEqual(
      ['docs.test a', 'docs.test aaaa'].map((line) => line.replace(/a+$/, (type) => type.toUpperCase())),
    );
  });

  it('[egress:checked-address] is tried after another that does not accept, and no other than those given', async () => {
    // Both are this machine; a listener is at one of them only.
    const { port } = new URL(remote.url);
    const socket = openSocket(['127.0.0.2', '127.0.0.1'] as never, Number(port));
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('[egress:private] may be private where the entry allows it, and never forbidden', async () => {
    for (const address of ['10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', 'fd12::1']) {
      answers = () => [address];
      expect(await faultOf(entry()), address).toMatchObject({ reason: 'forbidden-address' });
      expect(await statusOf(entry('docs.test', { allowPrivate: true })), address).toBe(200);
    }
    for (const address of ['127.0.0.1', '169.254.169.254', '0.0.0.0', '224.0.0.1', '100.100.100.200', '::1', 'fe80::1', 'fd00:ec2::254']) {
      answers = () => [address];
      expect(await faultOf(entry('docs.test', { allowPrivate: true })), address).toMatchObject({ reason: 'forbidden-address' });
    }
  });

  it("[egress:own-address] is never the pod's own, in any spelling", async () => {
    const ownAddresses = ['10.1.2.3', 'fd12::1'];
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '64:ff9b::10.1.2.3', '2002:a01:203::1', 'fd12:0:0::1']) {
      answers = () => [address];
      const { message } = await faultOf(entry('docs.test', { allowPrivate: true }, { ownAddresses }));
      expect(message).toMatch(/has the address .*, which is this pod's own\. No entry may be there/);
    }
    answers = () => ['10.1.2.4'];
    expect(await statusOf(entry('docs.test', { allowPrivate: true }, { ownAddresses }))).toBe(200);
  });

  it('[egress:literal] is checked where the URL holds it, with no DNS asked', async () => {
    answers = () => [PUBLIC_ADDRESS];
    for (const host of [
      '127.0.0.1',
      '127.1',
      '0x7f000001',
      '2130706433',
      '0251.0376.0251.0376',
      '[::1]',
      '[::ffff:a9fe:a9fe]',
      '169.254.169.254.',
    ])
      expect(await faultOf(entry(host, { allowPrivate: true })), host).toMatchObject({ reason: 'forbidden-address' });
    for (const host of ['localhost', 'a.localhost', 'metadata.google.internal', 'metadata.google.internal.', 'LOCALHOST.'])
      expect(await faultOf(entry(host, { allowPrivate: true })), host).toMatchObject({ reason: 'forbidden-address' });
    expect(dns.asked).toEqual([]);
    expect(await statusOf(entry(PUBLIC_ADDRESS))).toBe(200);
    expect(dialled).toEqual([[PUBLIC_ADDRESS]]);
  });

  it("[egress:names] is looked up in this system's own files", async () => {
    expect(await systemResolve()('localhost')).toContain('127.0.0.1');
  });

  it('[egress:dns-faults] that DNS does not give is told from one that is not reached', async () => {
    const says = (code: string): string =>
      `Remote entry "docs" is not reached: DNS gives no address for docs.test (${code}). Check the host of its url, and that the pod's DNS knows it.`;
    for (const [answer, code] of [
      ['unknown', 'ENOTFOUND'],
      ['failing', 'ESERVFAIL'],
      ['silent', 'ETIMEOUT'],
      [[], 'ENODATA'],
    ] as const) {
      answers = () => answer;
      expect(await faultOf(entry())).toMatchObject({ reason: 'dns', status: 502, message: says(code) });
    }
  });

  it('[egress:dns-faults] keeps nobody waiting whose name is known while another is not answered for', async () => {
    answers = (name) => (name === 'docs.test' ? [PUBLIC_ADDRESS] : 'silent');
    const silent = Array.from({ length: 20 }, (_, i) => ask(entry(`silent-${i}.test`)));
    let isAnswered = false;
    for (const { answer } of silent) {
      void answer.then(() => {
        isAnswered = true;
      });
    }
    await until(() => dns.asked.length >= 40);
    expect(await statusOf(entry())).toBe(200);
    expect(isAnswered).toBe(false);
    for (const { flow } of silent) flow.abort();
  });
});
