// Headers whose values come from Secrets: taken up when they change, and seen by nobody but the remote.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { entriesAnnotation, reachedAt, type TestEntry, writeSecret } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

const canary = 'canary-5f1d0c';
const place = { entry: 'docs', secret: 'docs-token', key: 'header' };
const entries: readonly TestEntry[] = [
  { name: 'docs', headers: [{ name: 'Authorization', secret: 'docs-token', key: 'header' }] },
  { name: 'free' },
];

let remote: FakeUpstream;
let status = 200;
const open: TestSidecar[] = [];
beforeAll(async () => {
  remote = await startFakeUpstream((_, response) => {
    if (status === 0) response.destroy();
    else response.writeHead(status, { 'content-type': 'application/json' }).end('{"ok":true}');
  });
});
afterAll(() => remote.close());
afterEach(async () => {
  for (const sidecar of open.splice(0)) await sidecar.close();
  remote.received.length = 0;
  status = 200;
});

async function start(): Promise<TestSidecar> {
  const sidecar = await startTestSidecar({
    annotations: { 'remote-entries': entriesAnnotation(entries), 'log-level': 'trace' },
    createEntryUpstream: reachedAt({ docs: remote.url, free: remote.url }),
  });
  open.push(sidecar);
  await sidecar.ready();
  return sidecar;
}
const call = (sidecar: TestSidecar, target = '/docs', headers: string[] = []) =>
  sendRaw(sidecar.entriesPort, rawRequest({ target, headers, body: toolCall('a', 'c') }), { quietMs: 60 });
const sent = () => remote.received.at(-1)?.rawHeaders.filter((_, i, all) => all[i - 1]?.toLowerCase() === 'authorization');

describe('a header from a Secret', () => {
  it('[entry:secret-missing] [entry:alone] is named where it is missing, and fails its entry alone', async () => {
    const sidecar = await start();
    const { status: code, body } = await call(sidecar);
    const said = expect.stringMatching(
      /^Remote entry "docs" cannot be used: its header "Authorization" .* key "header" of the Secret "docs-token", .*no such/,
    );
    expect([code, JSON.parse(body)]).toMatchObject([503, { id: 'c', error: { message: said } }]);
    expect((await call(sidecar, '/free')).status).toBe(200);
    const ready = await sidecar.admin('/readyz');
    expect([ready.status, JSON.parse(ready.text)]).toMatchObject([
      200,
      { ready: true, checks: { 'entry:docs': said, 'entry:free': 'ok' } },
    ]);
    const up = (entry: string) => sidecar.metric(`mcp_sluice_entry_up{entry="${entry}"}`);
    expect([await up('docs'), await up('free')]).toEqual([0, 1]);
    expect(remote.received).toHaveLength(1);
  });

  it('[entry:secret-reload] [entry:configured-headers] is taken up when it comes, changes and goes', async () => {
    const sidecar = await start();
    await writeSecret(sidecar.folder, place, 'Bearer one\n');
    await until(async () => (await call(sidecar)).status === 200);
    await call(sidecar, '/docs', ['authorization: Bearer of-the-app']);
    expect(sent()).toEqual(['Bearer one']);
    await writeSecret(sidecar.folder, place, ' Bearer two \r\n');
    await until(async () => (await call(sidecar)) && sent()?.[0] === 'Bearer two');
    await rm(join(sidecar.folder, 'entry-headers'), { recursive: true });
    await until(async () => (await call(sidecar)).status === 503);
    expect(JSON.parse((await sidecar.admin('/readyz')).text)).toMatchObject({
      checks: { 'entry:docs': expect.stringContaining('docs-token') },
    });
  });

  it.each([
    ['nothing', ' \n', 'is empty'],
    ['two lines', `a\r\nX-Other: ${canary}`, 'line break'],
    ['a NUL', `${canary}\0`, 'line break or another character'],
    ['letters beyond ASCII', `${canary}é`, 'another character'],
    ['too much', canary.repeat(1000), 'exceeds 4096 characters'],
  ])('[entry:secret-missing] [entry:secrecy] is refused where it holds %s', async (_, value, says) => {
    const sidecar = await start();
    await writeSecret(sidecar.folder, place, value);
    await until(async () => (await sidecar.admin('/readyz')).text.includes(says));
    const { status: code, body } = await call(sidecar);
    expect([code, remote.received]).toEqual([503, []]);
    expect(body + (await sidecar.admin('/readyz')).text + JSON.stringify(sidecar.lines)).not.toContain(canary);
  });

  it('[entry:secrecy] stands nowhere, whatever becomes of calls', async () => {
    const sidecar = await start();
    const seen: string[] = [];
    await writeSecret(sidecar.folder, place, `Bearer ${canary}-1`);
    await until(async () => (await call(sidecar)).status === 200);
    for (const code of [200, 302, 401, 403, 500, 0]) {
      status = code;
      seen.push((await call(sidecar, '/docs', [`X-Api-Key: ${canary}-2`])).text);
    }
    seen.push((await call(sidecar, '/docs/x')).text, (await call(sidecar, '/other')).text);
    seen.push((await sendRaw(sidecar.entriesPort, rawRequest({ target: '/docs', body: '[]' }), { quietMs: 60 })).text);
    await writeSecret(sidecar.folder, place, `Bearer ${canary}-3\nx`);
    await until(async () => (await call(sidecar)).status === 503);
    seen.push((await call(sidecar)).text);
    await writeFile(join(sidecar.folder, 'annotations.yaml'), 'mcp-sluice.dev/mode: wrong');
    await until(() => sidecar.lines.some(({ problem }) => String(problem).includes('wrong')));
    for (const path of ['/readyz', '/startupz', '/healthz', '/metrics']) seen.push((await sidecar.admin(path)).text);
    expect(remote.received.some(({ headers }) => headers.authorization?.includes(canary))).toBe(true);
    expect(remote.received.some(({ rawHeaders }) => rawHeaders.includes(`${canary}-2`))).toBe(false);
    expect(sidecar.lines.length).toBeGreaterThan(8);
    for (const text of [...seen, ...sidecar.lines.map((line) => JSON.stringify(line))]) {
      for (const spelling of [canary, Buffer.from(canary).toString('base64').slice(0, -2), Buffer.from(canary).toString('hex')])
        expect(text).not.toContain(spelling);
    }
  });
});
