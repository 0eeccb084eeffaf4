// `check` as a process: whose pods it counts.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FakeApiserver, startFakeApiserver } from '../support/fake-apiserver.ts';

const main = resolve(import.meta.dirname, '../../src/cli/main.ts');
const SPACES = ['kube-system', 'mcp-sluice-system', 'left-out', 'tools'];
/** Asks for a sidecar, and has none. */
const naked = (namespace: string) => ({
  metadata: { name: 'naked', namespace, annotations: { 'mcp-sluice.dev/inject': 'true' } },
  spec: { containers: [{ name: 'app' }] },
});
let apiserver: FakeApiserver;

beforeAll(async () => {
  apiserver = await startFakeApiserver((line) => {
    if (line === 'GET /version') return { major: '1', minor: '34', gitVersion: 'v1.34.0' };
    if (line.endsWith('/deployments/mcp-sluice-webhook')) return { spec: { replicas: 2 } };
    if (line.endsWith('/configmaps/mcp-sluice-images')) return { data: { current: 'x/mcp-sluice:1' } };
    const [, read] = /^GET \/api\/v1\/namespaces\/([^/]+)\/pods\/naked$/.exec(line) ?? [];
    if (read !== undefined) return naked(read);
    const [, space] = /^GET \/api\/v1\/namespaces\/([^/]+)$/.exec(line) ?? [];
    if (space !== undefined)
      return { metadata: { name: space, labels: space === 'left-out' ? { 'mcp-sluice.dev/webhook': 'ignore' } : {} } };
    if (!line.startsWith('GET /api/v1/pods?')) return undefined;
    return { items: decodeURIComponent(line).includes('labelSelector=!') ? SPACES.map(naked) : [] };
  });
});
afterAll(() => apiserver.close());

it('[cli:check-pods] leaves out the namespaces that webhook and policies leave out', async () => {
  const child = spawn(process.execPath, [main, 'check', '-o', 'json'], { env: { ...process.env, KUBECONFIG: apiserver.kubeconfig } });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(err).toBe('');
  const { checks } = JSON.parse(out) as { checks: { check: string; message: string }[] };
  expect(checks.flatMap(({ check, message }) => (check === 'pods' ? [message] : []))).toEqual([
    expect.stringContaining('0 stale, 1 naked'),
    expect.stringMatching(/^tools\/naked is naked/),
  ]);
});
