// Proof 1: what an entry trusts, against real TLS servers with every fault that a certificate may have.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EntryCause } from '../../sidecar/entry-fault.ts';
import type { EntryUpstream } from '../../sidecar/entry-upstream.ts';
import type { RemoteEntry } from '../../src/settings/settings.ts';
import { entryAt, faultOf, openEntry, PUBLIC_ADDRESS, statusOf } from '../support/ask-entry.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { type CertificateRequest, type Certified, makeCertificate } from '../support/make-certificate.ts';
import { startTlsRemote, type TlsRemote } from '../support/tls-remote.ts';

const HOST = 'docs.test';
const ca = makeCertificate({ name: 'corp CA', isAuthority: true });
const intermediate = makeCertificate({ name: 'corp issuing CA', isAuthority: true, issuer: ca });
const leaf = (request: Partial<CertificateRequest> = {}): Certified =>
  makeCertificate({ name: HOST, hosts: [HOST], issuer: ca, ...request });
const served = (shown: Certified, ...chain: readonly Certified[]): ServerOptions => ({
  key: shown.key,
  cert: [shown, ...chain].map(({ certificate }) => certificate).join(''),
});

let folder: string;
const open: { close(): unknown }[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function serve(options: ServerOptions): Promise<TlsRemote> {
  const remote = await startTlsRemote(options, (_, response) => response.end('{}'));
  open.push(remote);
  return remote;
}
async function trusting(bundle: string | undefined, at: { port: number; host?: string; exclusive?: boolean }): Promise<EntryUpstream> {
  const caFile = join(folder, 'ca.crt');
  await writeFile(caFile, bundle ?? '');
  const more: Partial<RemoteEntry> =
    bundle === undefined ? {} : { caBundle: { configMap: 'corp-ca', key: 'ca.crt', exclusive: at.exclusive ?? false } };
  const upstream = openEntry(entryAt(`https://${at.host ?? HOST}:${at.port}/mcp`, more), { caFile });
  open.push(upstream);
  await upstream.start();
  return upstream;
}

describe('an entry with a bundle', () => {
  it('[egress:tls] reaches a server of its CA, over TLS 1.3 with SNI and ALPN', async () => {
    const remote = await serve({ ...served(leaf()), ALPNProtocols: ['h2', 'http/1.1'] });
    expect(await statusOf(await trusting(ca.certificate, remote))).toBe(200);
    expect([remote.serverNames, remote.protocols, remote.alpn]).toEqual([[HOST], ['TLSv1.3'], ['http/1.1']]);
  });

  it('[egress:tls] takes TLS 1.2, a chain with an intermediate certificate, and an exclusive bundle', async () => {
    const remote = await serve({ ...served(leaf({ issuer: intermediate }), intermediate), maxVersion: 'TLSv1.2' });
    expect(await statusOf(await trusting(ca.certificate, { ...remote, exclusive: true }))).toBe(200);
    expect(remote.protocols).toEqual(['TLSv1.2']);
  });

  it('[egress:tls] reaches a server by its address where the certificate is for that', async () => {
    const remote = await serve(served(leaf({ hosts: [PUBLIC_ADDRESS] })));
    expect(await statusOf(await trusting(ca.certificate, { ...remote, host: PUBLIC_ADDRESS }))).toBe(200);
    expect(remote.serverNames).toEqual(['']);
  });

  it('[egress:tls] takes an intermediate certificate of the bundle for one that the server does not send', async () => {
    const remote = await serve(served(leaf({ issuer: intermediate })));
    expect(await statusOf(await trusting(ca.certificate + intermediate.certificate, remote))).toBe(200);
  });
});

interface Bad {
  readonly what: string;
  readonly options: () => ServerOptions;
  readonly reason: EntryCause;
  readonly says: string;
  readonly bundle?: () => string | undefined;
}

const otherCa = makeCertificate({ name: 'other CA', isAuthority: true });
const nameless = makeCertificate({ name: '', isAuthority: true });
const homonym = makeCertificate({ name: 'corp CA', isAuthority: true });
const endedCa = makeCertificate({ name: 'ended CA', isAuthority: true, validHours: [-48, -24] });
const selfSigned = makeCertificate({ name: HOST, hosts: [HOST] });
const inConfigMap = 'ConfigMap "corp-ca", key "ca.crt"';
const day = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 10);
const bad: readonly Bad[] = [
  {
    what: 'the certificate of another CA',
    options: () => served(leaf({ issuer: otherCa })),
    reason: 'unknown-ca',
    says: `its certificate was issued by "CN=other CA", which its CA bundle and the system's roots do not hold. Put the certificate of that CA into ${inConfigMap}; if it is an intermediate one, have the server send it along.`,
  },
  {
    what: 'the whole chain of another CA',
    options: () => served(leaf({ issuer: otherCa }), otherCa),
    reason: 'unknown-ca',
    says: `its certificate was issued by "CN=other CA" under a CA that its CA bundle and the system's roots do not hold. Put the certificate of that CA into ${inConfigMap}.`,
  },
  {
    what: 'the certificate of a CA of the same name',
    options: () => served(leaf({ issuer: homonym })),
    reason: 'unknown-ca',
    says: `its certificate was issued by "CN=corp CA" under a CA that its CA bundle and the system's roots do not hold. Put the certificate of that CA into ${inConfigMap}.`,
  },
  {
    what: 'the certificate of a CA whose name is empty',
    options: () => served(leaf({ issuer: nameless })),
    reason: 'unknown-ca',
    says: `its certificate was issued by an issuer without a name, which its CA bundle and the system's roots do not hold. Put the certificate of that CA into ${inConfigMap}; if it is an intermediate one, have the server send it along.`,
  },
  {
    what: 'a certificate of a private CA, where no bundle is named',
    options: () => served(leaf()),
    bundle: () => undefined,
    reason: 'unknown-ca',
    says: 'its certificate was issued by "CN=corp CA", which the system\'s roots do not hold. Put the certificate of that CA into a ConfigMap and name it as the caBundle of this entry; if it is an intermediate one, have the server send it along.',
  },
  {
    what: 'an expired certificate',
    options: () => served(leaf({ validHours: [-72, -48] })),
    reason: 'expired-leaf',
    says: `the certificate of its server expired on ${day(-48)}. Renew it there.`,
  },
  {
    what: 'a certificate of tomorrow',
    options: () => served(leaf({ validHours: [24, 48] })),
    reason: 'not-yet-valid',
    says: 'a certificate of its server is not valid yet. Check the clocks of both.',
  },
  {
    what: 'a certificate of a CA that has expired',
    options: () => served(leaf({ issuer: endedCa })),
    bundle: () => endedCa.certificate + ca.certificate,
    reason: 'expired-ca',
    says: `a CA certificate above that of its server has expired. Renew it in ${inConfigMap}, or in the chain that the server sends.`,
  },
  {
    what: 'a certificate for another host',
    options: () => served(leaf({ hosts: ['other.test', '10.0.0.1'] })),
    reason: 'wrong-host',
    says: `the certificate of its server is not for ${HOST} but for "DNS:other.test, IP Address:10.0.0.1". Use one of those in its url, or have the certificate issued for this host.`,
  },
  {
    what: 'a certificate signed by itself',
    options: () => served(selfSigned),
    reason: 'self-signed',
    says: `the certificate of its server is signed by itself. Put it into ${inConfigMap}, or have it issued by a CA.`,
  },
  {
    what: 'no intermediate certificate',
    options: () => served(leaf({ issuer: intermediate, issuerUrl: 'http://ca.test/issuing.crt' })),
    reason: 'intermediate-missing',
    says: `its server does not send the intermediate certificate "CN=corp issuing CA" that issued its own. Have it send the whole chain, or put that certificate into ${inConfigMap}.`,
  },
  {
    what: 'a signature with SHA-1',
    options: () => ({ ...served(leaf({ digest: 'sha1' })), ciphers: 'DEFAULT:@SECLEVEL=0' }),
    reason: 'weak-certificate',
    says: 'a certificate of its server is signed with SHA-1 or has a weak key (CA signature digest algorithm too weak). Issue it anew with SHA-256 and RSA of 2048 bits or ECDSA.',
  },
  {
    what: 'an RSA key of 1024 bits',
    options: () => ({ ...served(leaf({ keyBits: 1024 })), ciphers: 'DEFAULT:@SECLEVEL=0' }),
    reason: 'weak-certificate',
    says: 'a certificate of its server is signed with SHA-1 or has a weak key (EE certificate key too weak). Issue it anew with SHA-256 and RSA of 2048 bits or ECDSA.',
  },
  {
    what: 'TLS 1.1',
    options: () => ({ ...served(leaf()), minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
    reason: 'tls-version',
    says: 'its server speaks no version of TLS from 1.2 on. Turn TLS 1.2 or 1.3 on there.',
  },
  {
    what: 'a demand for a certificate of its client, in TLS 1.2',
    options: () => ({ ...served(leaf()), requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' }),
    reason: 'tls',
    says: "TLS with its server failed (ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE). Check the server's certificate, and that it asks for none of its clients.",
  },
  {
    what: 'HTTP/2 and nothing else',
    options: () => ({ ...served(leaf()), ALPNProtocols: ['h2'] }),
    reason: 'tls',
    says: 'its server does not speak HTTP/1.1 (ALPN). Turn it on there.',
  },
];

describe('an entry whose server shows', () => {
  it.each(bad)('[egress:tls-faults] $what is refused, and the answer names entry, cause and remedy', async (row) => {
    const remote = await serve(row.options());
    const bundle = row.bundle === undefined ? ca.certificate : row.bundle();
    const upstream = await trusting(bundle, remote);
    const { message, reason, status } = await faultOf(upstream);
    expect([message, reason, status]).toEqual([`Remote entry "docs" is not connected to: ${row.says}`, row.reason, 502]);
    expect(remote.asked).toEqual([]);
  });

  it('[egress:tls-faults] no TLS at all is told from a bad certificate', async () => {
    const plain = await startFakeUpstream();
    open.push(plain);
    expect(await faultOf(await trusting(ca.certificate, { port: Number(new URL(plain.url).port) }))).toMatchObject({
      reason: 'tls',
      message: 'Remote entry "docs" is not connected to: its server does not speak TLS at that port. Check the port of its url.',
    });
  });
});
