import { readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { startTestSidecar, type TestSidecar, type TestSidecarOptions } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let upstream: FakeUpstream;
const open: TestSidecar[] = [];
beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  for (const sidecar of open.splice(0)) await sidecar.close();
});

const start = async (options: Omit<TestSidecarOptions, 'upstream'>) => {
  const sidecar = await startTestSidecar({ upstream: upstream.url, ...options });
  open.push(sidecar);
  return sidecar;
};
const batch = rawRequest({ body: `[${toolCall('a')}]` });
const generation = (sidecar: TestSidecar) => sidecar.metric('mcp_sluice_configuration_generation');
const success = (sidecar: TestSidecar) => sidecar.metric('mcp_sluice_configuration_last_reload_success');

describe('the configuration of a running sidecar', () => {
  it('[sidecar:never-ready] is refused where limits have no Redis: never ready, and says why', async () => {
    const sidecar = await start({ annotations: { 'rate-limit': 'shared: 3/1m' } });
    for (const path of ['/startupz', '/readyz']) {
      const { status, text } = await sidecar.admin(path);
      expect(status).toBe(503);
      expect(text).toContain('redis');
      expect(text).toContain('rate-limit');
    }
    expect((await sidecar.admin('/healthz')).status).toBe(200);
    const refused = await sendRaw(sidecar.port, rawRequest({ body: toolCall('a') }));
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([503, { error: { code: -32603 } }]);
    expect(await success(sidecar)).toBe(0);
    await sidecar.annotate({});
    await sidecar.ready();
    expect((await sendRaw(sidecar.port, rawRequest({ body: toolCall('a') }))).status).toBe(200);
  });

  it('[sidecar:reload] follows the file, without a restart and without a lost request', async () => {
    const sidecar = await start({});
    expect((await sendRaw(sidecar.port, batch)).status).toBe(400);
    await sidecar.annotate({ mode: 'shadow' });
    const statuses: number[] = [];
    await until(async () => {
      statuses.push((await sendRaw(sidecar.port, rawRequest({ body: toolCall('a') }), { quietMs: 20 })).status);
      return (await generation(sidecar)) === 2;
    });
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect((await sendRaw(sidecar.port, batch)).status).toBe(200);
    expect(upstream.received.at(-1)?.body).toBe(`[${toolCall('a')}]`);
    expect(sidecar.lines).toContainEqual(expect.objectContaining({ msg: 'would have refused', reason: 'batch' }));
    expect(await sidecar.metric('mcp_sluice_refusals_total{rung="batch",mode="shadow"}')).toBe(1);
  });

  it('[sidecar:last-good] survives a content that is refused wherever it is unsound', async () => {
    const redis = 'redis://127.0.0.1:1';
    const sidecar = await start({ annotations: { redis, 'rate-limit': 'shared: 3/1m' } });
    await sidecar.annotate({ redis, 'rate-limit': 'tools: [null]' });
    await until(async () => (await success(sidecar)) === 0);
    await sidecar.annotate({ redis, 'rate-limit': 'shared: 4/1m' });
    await until(async () => (await generation(sidecar)) === 2);
  });

  it('[sidecar:last-good] stays as it was where the file becomes invalid, also across a restart', async () => {
    const first = await startTestSidecar({ upstream: upstream.url, annotations: { mode: 'shadow' } });
    await first.annotate({ mode: 'shadowy', 'rate-limit': 'nonsense' });
    await until(async () => (await success(first)) === 0);
    expect(await generation(first)).toBe(1);
    expect((await sendRaw(first.port, batch)).status).toBe(200);
    expect((await first.admin('/readyz')).status).toBe(200);
    expect(JSON.stringify(first.lines)).toMatch(/shadowy.*nonsense/);
    await first.close({ keep: true });

    const second = await start({ folder: first.folder, annotations: { mode: 'shadowy', 'rate-limit': 'nonsense' } });
    await second.ready();
    expect((await sendRaw(second.port, batch)).status).toBe(200);
    expect([await generation(second), await success(second)]).toEqual([1, 0]);
  });

  it('[sidecar:retunable] changes in the keys that a running pod may change, and holds the others back', async () => {
    const sidecar = await start({ annotations: { paths: '/mcp' } });
    await sidecar.annotate({ paths: '/other', mode: 'shadow' });
    await until(async () => (await generation(sidecar)) === 2);
    expect((await sendRaw(sidecar.port, batch)).status).toBe(200);
    expect(sidecar.lines).toContainEqual(expect.objectContaining({ keys: ['mcp-sluice.dev/paths'] }));
    expect((await sendRaw(sidecar.port, rawRequest({ target: '/MCP', body: toolCall('a') }))).status).toBe(200);
    expect(sidecar.lines).toContainEqual(expect.objectContaining({ msg: 'would have refused', reason: 'path-alias' }));
  });

  it('[sidecar:downward] follows a downward volume, whose files are swapped by a symlink', async () => {
    const sidecar = await start({});
    const file = join(sidecar.folder, 'annotations.yaml');
    const downward = (mode: string) =>
      `kubernetes.io/psp="x"\nmcp-sluice.dev/inject="true"\nmcp-sluice.dev/mode="${mode}"\nmcp-sluice.dev/status="{}"\n`;
    await writeFile(join(sidecar.folder, 'one'), downward('shadow'));
    await symlink('one', join(sidecar.folder, 'link'));
    await rename(join(sidecar.folder, 'link'), file);
    await until(async () => (await generation(sidecar)) === 2);
    await writeFile(join(sidecar.folder, 'two'), downward('enforce').replace('{}', '{\\"config\\":\\"x\\"}'));
    await symlink('two', join(sidecar.folder, 'link'));
    await rename(join(sidecar.folder, 'link'), file);
    await until(async () => (await generation(sidecar)) === 3);
    expect(await readFile(file, 'utf8')).toContain('enforce');
    expect((await sendRaw(sidecar.port, batch)).status).toBe(400);
  });
});

describe('the admin port', () => {
  it('[sidecar:admin] serves probes and metrics, and nothing else', async () => {
    const sidecar = await start({});
    await sidecar.ready();
    for (const path of ['/healthz', '/startupz', '/readyz', '/metrics', '/metrics?x=1'])
      expect((await sidecar.admin(path)).status).toBe(200);
    for (const path of ['/', '/debug', '/healthz/', '//healthz']) expect((await sidecar.admin(path)).status).toBe(404);
    expect((await sidecar.admin('/readyz')).text).toContain('"upstream":"ok"');
  });

  it('[sidecar:bypass] tells of a port that somebody else holds, and takes it once it is free', async () => {
    const sidecar = await start({});
    const second = await start({ args: [`--listen=127.0.0.1:${sidecar.port}`] });
    const { status, text } = await second.admin('/startupz');
    expect([status, text]).toEqual([503, expect.stringContaining(`127.0.0.1:${sidecar.port} held by another process`)]);
    const gauge = `mcp_sluice_capture_bypass{address="127.0.0.1:${sidecar.port}"}`;
    expect(await second.metric(gauge)).toBe(1);
    open.splice(open.indexOf(sidecar), 1);
    await sidecar.close();
    await second.ready();
    expect(await second.metric(gauge)).toBe(0);
  });
});
