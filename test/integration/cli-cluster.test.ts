// `explain` and `check` as processes, from a kubeconfig to an apiserver over TLS.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../src/build/bundle.ts';
import installation from '../../src/cli/explain/installation.json' with { type: 'json' };
import { type FakeApiserver, startFakeApiserver } from '../support/fake-apiserver.ts';

const dist = mkdtempSync(join(tmpdir(), 'mcp-sluice-dist-'));
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'app', namespace: 'tools', annotations: { 'mcp-sluice.dev/inject': 'true' } },
  spec: { containers: [{ name: 'app', ports: [{ containerPort: 3000 }] }] },
};
let apiserver: FakeApiserver;

beforeAll(async () => {
  await bundle(dist);
  apiserver = await startFakeApiserver((line) => {
    if (line === 'GET /api/v1/namespaces/tools/pods/app') return POD;
    if (line === 'GET /api/v1/namespaces/tools') return { metadata: { name: 'tools' } };
    if (line.endsWith('/mutatingwebhookconfigurations/mcp-sluice')) return installation.webhooks[0];
    if (line === 'GET /version') return { major: '1', minor: '34', gitVersion: 'v1.34.0' };
    return line.startsWith('GET /api/v1/pods?') ? { items: [] } : undefined;
  });
});
afterAll(async () => {
  await apiserver.close();
  rmSync(dist, { recursive: true, force: true });
});

describe.each([
  ['from source', resolve(import.meta.dirname, '../../src/cli/main.ts')],
  // There the Kubernetes client is in another bundle.
  ['bundled', join(dist, 'mcp-sluice.cjs')],
])('commands on a cluster, %s', (_, main) => {
  // Not spawnSync: the apiserver lives in this process.
  async function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, KUBECONFIG: apiserver.kubeconfig } });
    const ended = new Promise<number | null>((done) => child.on('close', done));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await ended, out, err };
  }

  it('[cli:explain-cluster] explain finds it by the kubeconfig, and the namespace by the context', async () => {
    const { code, out, err } = await run('explain', '-o', 'json', 'pod/app');
    expect([code, err]).toEqual([1, '']);
    expect(JSON.parse(out)).toMatchObject([{ object: { kind: 'Pod', namespace: 'tools' }, verdict: 'injected', now: { state: 'naked' } }]);
    expect(apiserver.seen).toContain('GET /api/v1/namespaces/tools/pods/app');
  });

  it('[cli:check] check asks through the apiserver, and writes nothing', async () => {
    const { code, out, err } = await run('check');
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(/^ok +kubernetes-version: Kubernetes v1\.34\.0$/m);
    expect(out).toMatch(/^FAILED +webhook-replicas: /m);
    const written = apiserver.seen.filter((line) => !line.startsWith('GET '));
    expect(written.length).toBeGreaterThan(0);
    for (const line of written) expect(line).toMatch(/^POST .*(accessreviews|\?dryRun=All)$/);
  });

  it('[cli:check] a cluster that is not there is no failed check', async () => {
    for (const args of [['check'], ['explain', 'pod/app']]) {
      expect(await run(...args, '--context', 'away')).toMatchObject({ code: 69, out: '', err: expect.stringContaining('mcp-sluice') });
      expect(await run(...args, '--context', 'nowhere')).toMatchObject({ code: 69, out: '', err: expect.stringContaining('"nowhere"') });
    }
  });
});
