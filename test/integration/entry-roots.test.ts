// A bundle beside the system's roots, and in their place. In a file of its own, as the roots are read once in a process.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EntryUpstream } from '../../sidecar/entry-upstream.ts';
import { entryAt, faultOf, openEntry, statusOf } from '../support/ask-entry.ts';
import { makeCertificate } from '../support/make-certificate.ts';
import { startTlsRemote, type TlsRemote } from '../support/tls-remote.ts';

const systemCa = makeCertificate({ name: 'system CA', isAuthority: true });
const corporateCa = makeCertificate({ name: 'corp CA', isAuthority: true });
let folder: string;
let remote: TlsRemote;
let corporate: TlsRemote;
const former = process.env['SSL_CERT_FILE'];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  await writeFile(join(folder, 'system.pem'), systemCa.certificate);
  await writeFile(join(folder, 'ca.crt'), corporateCa.certificate);
  // OpenSSL's name for the file of the system's roots.
  process.env['SSL_CERT_FILE'] = join(folder, 'system.pem');
  const serve = (issuer: typeof systemCa) => {
    const { certificate, key } = makeCertificate({ name: 'docs.test', hosts: ['docs.test'], issuer });
    return startTlsRemote({ cert: certificate, key }, (_, response) => response.end('{}'));
  };
  [remote, corporate] = [await serve(systemCa), await serve(corporateCa)];
});
afterAll(async () => {
  if (former === undefined) delete process.env['SSL_CERT_FILE'];
  else process.env['SSL_CERT_FILE'] = former;
  await Promise.all([remote.close(), corporate.close(), rm(folder, { recursive: true })]);
});

async function using<T>(at: TlsRemote, exclusive: boolean | undefined, use: (upstream: EntryUpstream) => Promise<T>): Promise<T> {
  const bundle = exclusive === undefined ? {} : { caBundle: { configMap: 'corp-ca', key: 'ca.crt', exclusive } };
  const upstream = openEntry(entryAt(`https://docs.test:${at.port}/mcp`, bundle), { caFile: join(folder, 'ca.crt') });
  await upstream.start();
  try {
    return await use(upstream);
  } finally {
    await upstream.close();
  }
}

it("[egress:roots] an entry without a bundle trusts the system's roots", async () => {
  expect(await using(remote, undefined, statusOf)).toBe(200);
  expect(await using(corporate, undefined, faultOf)).toMatchObject({ reason: 'unknown-ca' });
});

it("[egress:roots] a bundle is trusted beside the system's roots", async () => {
  expect(await using(remote, false, statusOf)).toBe(200);
  expect(await using(corporate, false, statusOf)).toBe(200);
});

it("[egress:roots] an exclusive bundle is trusted in place of the system's roots", async () => {
  expect(await using(corporate, true, statusOf)).toBe(200);
  const fault = await using(remote, true, faultOf);
  expect(fault.message).toBe(
    'Remote entry "docs" is not connected to: its certificate was issued by "CN=system CA", which its CA bundle does not hold. Put the certificate of that CA into ConfigMap "corp-ca", key "ca.crt"; if it is an intermediate one, have the server send it along.',
  );
});
