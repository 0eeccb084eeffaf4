// `client-through.ts DIST CLIENT URL`, as the suite starts its client: puts a real
// sidecar between the client and the URL that the suite appends.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChildSidecar } from '../support/child-sidecar.ts';

async function main(): Promise<number> {
  const [dist = '', client = '', address = ''] = process.argv.slice(2);
  const url = new URL(address);
  const folder = mkdtempSync(join(tmpdir(), 'mcp-sluice-client-'));
  const sidecar = await startChildSidecar({ dist, upstream: `http://127.0.0.1:${url.port}`, folder });
  try {
    const through = new URL(`${url.pathname}${url.search}`, sidecar.url);
    // As the suite wrote it where it has no path: a client may compare URLs.
    const target = address.endsWith('/') || url.pathname !== '/' ? through.href : through.origin;
    const child = spawn(client, [target], { stdio: 'inherit' });
    return await new Promise((resolve, reject) => child.once('error', reject).once('close', (code) => resolve(code ?? 1)));
  } finally {
    await sidecar.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 70;
  },
);
