// What the sidecar tells of the CA bundles of its entries; that they are used is shown in entry-*.test.ts.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { makeCertificates } from '../support/redis-tls.ts';
import { verifiedOnLoopback } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { until } from '../support/until-true.ts';

const { ca, certificate: cert, key } = makeCertificates('remote.test');
let folder: string;
let upstream: FakeUpstream;
let front: TlsFront;
let sidecar: TestSidecar;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-'));
  await mkdir(join(folder, 'docs'));
  await writeFile(join(folder, 'docs', 'ca.crt'), ca);
  upstream = await startFakeUpstream();
  front = await startTlsFront(upstream.url, { cert, key });
  // As mounted from ConfigMaps: one is there, the other is not.
  const entry = { url: `https://remote.test:${front.port}/mcp`, caBundle: { configMap: 'corp-ca', exclusive: true } };
  sidecar = await startTestSidecar({
    annotations: {
      'remote-entries': JSON.stringify([
        { name: 'docs', ...entry },
        { name: 'code', ...entry },
      ]),
    },
    args: [`--ca-bundles-dir=${folder}`],
    createEntryUpstream: verifiedOnLoopback,
  });
  await sidecar.ready();
});
afterAll(async () => {
  await sidecar?.close();
  await front?.close();
  await upstream?.close();
  await rm(folder, { recursive: true, force: true });
});

const call = (entry: string) =>
  sendRaw(sidecar.entriesPort, rawRequest({ target: `/${entry}`, body: toolCall('a', 'c') }), { quietMs: 100 });
const metric = (name: string, entry: string) => sidecar.metric(`mcp_sluice_entry_${name}{entry="${entry}"}`);
const detail = async (entry: string): Promise<string> => {
  const { checks } = JSON.parse((await sidecar.admin('/readyz')).text) as { checks: Record<string, string> };
  return checks[`entry:${entry}`] ?? '';
};

it('[entry:bundle-told] is 503 with the name of what is missing, for that entry alone, and heals without a restart', async () => {
  const { status, headers, body } = await call('code');
  expect([status, headers['retry-after']]).toEqual([503, '5']);
  expect(JSON.parse(body)).toMatchObject({
    id: 'c',
    error: { message: expect.stringContaining(`remote entry "code" (ConfigMap "corp-ca", key "ca.crt") does not exist`) },
  });
  expect([(await call('docs')).status, (await sidecar.admin('/readyz')).status]).toEqual([200, 200]);
  expect(await detail('code')).toContain('corp-ca');
  expect([await metric('up', 'code'), await metric('up', 'docs')]).toEqual([0, 1]);
  await mkdir(join(folder, 'code'));
  await writeFile(join(folder, 'code', 'ca.crt'), ca);
  await until(async () => (await call('code')).status === 200);
  expect(await metric('up', 'code')).toBe(1);
});

it('[entry:bundle-told] tells when its first certificate ends', async () => {
  // The one made here has an hour.
  const days = await metric('ca_days_left', 'docs');
  expect([days > 0, days < 1]).toEqual([true, true]);
  expect(await detail('docs')).toMatch(/^ok; .*end/);
  expect(sidecar.lines).toContainEqual(expect.objectContaining({ level: 40, entry: 'docs', msg: expect.stringMatching(/end/) }));
});

it('[entry:bundle-told] counts and tells of a content that is refused, while the last good one serves', async () => {
  expect(await metric('ca_reload_failures_total', 'docs')).toBe(0);
  await writeFile(join(folder, 'docs', 'ca.crt'), 'no certificate');
  await until(async () => (await metric('ca_reload_failures_total', 'docs')) === 1);
  expect(await detail('docs')).toMatch(/^ok; .*last good/);
  expect(await call('docs')).toMatchObject({ status: 200 });
  expect(await metric('up', 'docs')).toBe(1);
  await writeFile(join(folder, 'docs', 'ca.crt'), ca);
  await until(async () => !(await detail('docs')).includes('last good'));
});
