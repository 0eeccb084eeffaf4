import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificates } from '../support/redis-tls.ts';
import { verifiedOnLoopback } from '../support/test-entries.ts';
import { startTestSidecar } from '../support/test-sidecar.ts';
import { startTlsFront } from '../support/tls-front.ts';

const HOST = 'conformance.test';

export interface EntrySidecar {
  /** Of the entry, at the sidecar's listener. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A sidecar whose only entry is a server, behind TLS that only the CA in its bundle vouches for. In this process, as
 * the program itself reaches nothing on loopback.
 */
export async function startEntrySidecar({
  upstream,
  folder,
}: {
  readonly upstream: string;
  readonly folder: string;
}): Promise<EntrySidecar> {
  const { ca, certificate: cert, key } = makeCertificates(HOST);
  const caFile = join(mkdtempSync(join(folder, 'entry-')), 'ca.crt');
  writeFileSync(caFile, ca);
  const front = await startTlsFront(upstream, { cert, key });
  const entry = { name: 'conformance', url: `https://${HOST}:${front.port}/`, caBundle: { caFile, exclusive: true } };
  const sidecar = await startTestSidecar({
    annotations: { 'remote-entries': JSON.stringify([entry]) },
    createEntryUpstream: verifiedOnLoopback,
  });
  await sidecar.ready();
  return {
    url: `http://127.0.0.1:${sidecar.entriesPort}/${entry.name}`,
    async stop() {
      await sidecar.close();
      await front.close();
    },
  };
}
