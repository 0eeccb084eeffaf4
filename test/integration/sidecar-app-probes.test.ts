import { afterEach, describe, expect, it } from 'vitest';
import { type AppProbesDeps, createAppProbes } from '../../sidecar/app-probes.ts';
import { type AppProbe, type AskedAs, encodeProbe, probePath } from '../../src/lib/app-probe.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { health, startGrpcServer } from '../support/grpc-server.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

const running: { close(): Promise<unknown> }[] = [];
const kept = <T extends { close(): Promise<unknown> }>(each: T): T => {
  running.push(each);
  return each;
};
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close();
});

async function sidecarFor(upstream: string, probes: readonly AppProbe[], annotations: Record<string, string> = {}): Promise<TestSidecar> {
  return kept(await startTestSidecar({ upstream, annotations, args: probes.map((probe) => `--app-probe=${encodeProbe({ probe })}`) }));
}
/** `undefined`: the connection broke. */
const statusOf = (sidecar: TestSidecar, probe: AppProbe, as: AskedAs = 'app-probe') =>
  sidecar.admin(probePath({ probe }, as)).then(
    ({ status }) => status,
    () => undefined,
  );
const upstream = async (listener?: Parameters<typeof startFakeUpstream>[0]): Promise<FakeUpstream> =>
  kept(await startFakeUpstream(listener));
const ask = (deps: Pick<AppProbesDeps, 'probes' | 'upstreams'> & Partial<AppProbesDeps>, probe: AppProbe) =>
  createAppProbes({ upstreamHost: 'app:1', ...deps })(probePath({ probe }, 'app-probe'), undefined);

describe('a tcpSocket probe', () => {
  const probe = { tcpSocket: { port: 'mcp' } };

  it('[probe:truth] holds while the app accepts, though the captured port accepts always', async () => {
    const app = await upstream();
    const sidecar = await sidecarFor(app.url, [probe]);
    expect(await statusOf(sidecar, probe)).toBe(200);
    expect(await statusOf(sidecar, probe, 'app-hook')).toBe(200);
    await app.close();
    running.splice(running.indexOf(app), 1);
    expect(await sidecar.admin(probePath({ probe }, 'app-probe'))).toEqual({
      status: 503,
      text: expect.stringMatching(/^the app does not accept: .*ECONNREFUSED/),
    });
    expect(await statusOf(sidecar, probe, 'app-hook')).toBeUndefined();
  });

  it('[probe:logged] that fails is one line of the log, with the reason, until it holds again', async () => {
    let status = 500;
    const app = await upstream((_, response) => response.writeHead(status).end());
    const asked = { httpGet: { path: '/health', port: 1 } };
    const sidecar = await sidecarFor(app.url, [asked]);
    for (const next of [500, 500, 200, 200, 404]) {
      status = next;
      await statusOf(sidecar, asked);
    }
    const lines = sidecar.lines
      .filter(({ probe: path }) => path === probePath({ probe: asked }, 'app-probe'))
      .map(({ level, problem }) => [level, problem]);
    expect(lines).toEqual([
      [40, 'the app answers 500'],
      [30, undefined],
      [40, 'the app answers 404'],
    ]);
  });

  it('[probe:bounded] is answered where it is on record only', async () => {
    const sidecar = await sidecarFor((await upstream()).url, [probe]);
    expect(await statusOf(sidecar, { tcpSocket: { port: 1 } })).toBe(404);
    expect(await statusOf(sidecar, { httpGet: { path: '/' } }, 'app-hook')).toBe(404);
  });

  it('[probe:truth] finds the app at whichever of its addresses it listens', async () => {
    const app = await upstream();
    const { port } = new URL(app.url);
    expect(await ask({ probes: [probe], upstreams: [`http://[::1]:${port}`, app.url] }, probe)).toEqual({
      problem: undefined,
      isHook: false,
    });
  });
});

describe('an httpGet probe', () => {
  const probe = { httpGet: { path: '/health?deep=1', port: 3000, httpHeaders: [{ name: 'X-Probe', value: 'a b' }] } };

  it('[probe:token] asks the app by exactly its path and headers, where the captured port would ask for a token', async () => {
    const app = await upstream();
    const identity = '{jwt: {issuer: "https://127.0.0.1:9", audience: a, required: true}}';
    const sidecar = await sidecarFor(app.url, [probe], { inject: 'true', identity });
    expect((await fetch(`${sidecar.url}/health?deep=1`)).status).toBe(401);
    expect(await statusOf(sidecar, probe)).toBe(200);
    const [asked, ...more] = app.received;
    expect(more).toEqual([]);
    expect(asked).toMatchObject({ method: 'GET', target: '/health?deep=1', headers: { 'x-probe': 'a b', host: new URL(app.url).host } });
  });

  it.each([
    [200, 200],
    [204, 200],
    [302, 200],
    [400, 503],
    [404, 503],
    [500, 503],
  ])('[probe:truth] takes the %i of the app for %i', async (status, expected) => {
    const app = await upstream((_, response) => response.writeHead(status, { location: '/elsewhere' }).end());
    const sidecar = await sidecarFor(app.url, [probe]);
    const answer = await sidecar.admin(probePath({ probe }, 'app-probe'));
    expect(answer.status).toBe(expected);
    if (expected === 503) expect(answer.text).toBe(`the app answers ${status}\n`);
  });

  it('[probe:bounded] tells nothing of what the app says', async () => {
    const app = await upstream((_, response) => response.writeHead(200, { 'x-secret': 'secret' }).end('secret'.repeat(10_000)));
    const sidecar = await sidecarFor(app.url, [probe]);
    expect(await sidecar.admin(probePath({ probe }, 'app-probe'))).toEqual({ status: 200, text: 'ok\n' });
  });

  it.each([
    ['hangs', () => undefined],
    ['never ends its answer', (_: unknown, response: { write(text: string): unknown }) => void response.write('data: \n\n')],
  ])('[probe:truth] fails where the app %s', async (_, listener) => {
    const app = await upstream(listener);
    expect(await ask({ probes: [probe], upstreams: [app.url], deadlineMs: 300 }, probe)).toMatchObject({ problem: expect.any(String) });
  });

  it('[probe:truth] fails where the app breaks off', async () => {
    const app = await upstream((request) => request.socket.destroy());
    expect(await ask({ probes: [probe], upstreams: [app.url] }, probe)).toMatchObject({ problem: 'ECONNRESET' });
  });

  it('[probe:bounded] asks once, however many ask at once, and anew afterwards', async () => {
    const answers: (() => void)[] = [];
    const app = await upstream((_, response) => answers.push(() => response.end()));
    const askApp = createAppProbes({ probes: [probe], upstreams: [app.url], upstreamHost: 'app:1' });
    const path = probePath({ probe }, 'app-probe');
    const asked = [askApp(path, 'a'), askApp(path, 'b')];
    await until(() => answers.length > 0);
    answers.shift()?.();
    expect(await Promise.all(asked)).toEqual([
      { problem: undefined, isHook: false },
      { problem: undefined, isHook: false },
    ]);
    expect(app.received).toHaveLength(1);
    const again = askApp(path, 'c');
    await until(() => answers.length > 0);
    answers.shift()?.();
    await again;
    expect(app.received).toHaveLength(2);
  });

  it('[probe:truth] asks with a path and headers that no HTTP request could carry as a kubelet would write them', async () => {
    const odd = {
      httpGet: { path: 'ä b\ud800', port: 1, httpHeaders: [{ name: 'Host', value: 'x' }, { name: 'Bad\n', value: 'y' }, null] },
    };
    const app = await upstream();
    expect(await ask({ probes: [odd], upstreams: [app.url] }, odd)).toMatchObject({ problem: undefined });
    expect(app.received[0]).toMatchObject({ target: '/%C3%A4%20b%EF%BF%BD', headers: { host: 'x' } });
    expect(app.received[0]?.rawHeaders.filter((each) => each.toLowerCase() === 'host')).toHaveLength(1);
  });
});

describe('a gRPC probe', () => {
  const probe = (service?: string) => ({ grpc: { port: 3000, ...(service !== undefined && { service }) } });

  it.each([
    ['the whole server', probe(), '', undefined],
    ['one of its services', probe('mcp.v1'), 'mcp.v1', undefined],
    ['a service with a long name', probe('s'.repeat(300)), 's'.repeat(300), undefined],
    ['a service that is not serving', probe('down'), 'down', 'serving status 2'],
    ['a service that it does not know', probe('unheard'), 'unheard', 'gRPC status 5'],
  ])('[probe:truth] asks for the health of %s', async (_, asked, service, problem) => {
    const server = kept(await startGrpcServer((name) => (name === 'unheard' ? { grpcStatus: 5 } : health(name === 'down' ? 2 : 1))));
    expect(await ask({ probes: [asked], upstreams: [server.url] }, asked)).toEqual({ problem, isHook: false });
    expect(server.asked).toEqual([service]);
  });

  it.each([
    ['has no such method', { grpcStatus: 12 }, 'gRPC status 12'],
    ['says nothing', { message: Buffer.alloc(0) }, 'serving status 0'],
    ['says something else', { message: Buffer.from([0x08, 0x81, 0x01]) }, 'serving status unreadable'],
    ['answers with HTTP 404', { httpStatus: 404 }, 'HTTP status 404'],
    ['says without end', { message: Buffer.alloc(10_000) }, expect.any(String)],
  ])('[probe:truth] fails where the server %s', async (_, reply, problem) => {
    const server = kept(await startGrpcServer(() => reply));
    expect(await ask({ probes: [probe()], upstreams: [server.url] }, probe())).toMatchObject({ problem });
  });

  it('[probe:truth] fails where nobody speaks HTTP/2, or nobody answers', async () => {
    const app = await upstream();
    expect(await ask({ probes: [probe()], upstreams: [app.url] }, probe())).toMatchObject({ problem: expect.any(String) });
    const silent = kept(await startGrpcServer(() => undefined));
    expect(await ask({ probes: [probe()], upstreams: [silent.url], deadlineMs: 300 }, probe())).toMatchObject({
      problem: 'no answer in time',
    });
  });
});

describe('an httpGet probe of an app that switches protocols', () => {
  it('[probe:truth] fails each time, and is not stuck', async () => {
    const app = await upstream((request, response) => {
      response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      request.resume();
    });
    const probe: AppProbe = { httpGet: { path: '/up', port: 1 } };
    const asking = createAppProbes({ upstreamHost: 'app:1', probes: [probe], upstreams: [app.url] });
    for (let time = 0; time < 2; time++) expect((await asking(probePath({ probe }, 'app-probe'), undefined))?.problem).toContain('101');
  });
});
