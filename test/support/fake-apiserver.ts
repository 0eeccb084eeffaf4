import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthorities } from '../../webhook/authorities.ts';
import { issueLeaf } from '../../webhook/certificate.ts';

export interface FakeApiserver {
  /** For KUBECONFIG: contexts `here`, with namespace `tools`, and `away`, where nobody listens. */
  readonly kubeconfig: string;
  readonly seen: readonly string[];
  close(): Promise<void>;
}

/** `silence`: a request that is never answered; `failure`: a 500. Undefined: 404. */
type FakeAnswer = object | 'silence' | 'failure' | undefined;

/** Answers over TLS what the function says to `METHOD /path?query`. */
export async function startFakeApiserver(answer: (line: string, body: string) => FakeAnswer): Promise<FakeApiserver> {
  const directory = mkdtempSync(join(tmpdir(), 'mcp-sluice-apiserver-'));
  const { signer, bundle } = await createAuthorities(Date.now());
  const leaf = await issueLeaf(signer, ['localhost'], Date.now());
  const seen: string[] = [];
  const server = createServer({ cert: leaf.certificate, key: leaf.key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const line = `${request.method} ${request.url}`;
      seen.push(line);
      const found = answer(line, Buffer.concat(chunks).toString('utf8'));
      if (found === 'silence') return;
      const [status, body] =
        found === undefined ? [404, { message: 'not found' }] : found === 'failure' ? [500, { message: 'failed' }] : [200, found];
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(directory, 'config');
  const ca = { 'certificate-authority-data': Buffer.from(bundle).toString('base64') };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [
        { name: 'here', cluster: { ...ca, server: `https://localhost:${port}` } },
        // The discard port: nothing answers there.
        { name: 'away', cluster: { ...ca, server: 'https://127.0.0.1:9' } },
      ],
      users: [{ name: 'u', user: { token: 't0ken' } }],
      contexts: ['here', 'away'].map((cluster) => ({ name: cluster, context: { cluster, user: 'u', namespace: 'tools' } })),
      'current-context': 'here',
    }),
  );
  return {
    kubeconfig,
    seen,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
}
