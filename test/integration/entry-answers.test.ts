// What becomes of a request to an entry: redirects, patience, the cap on connections, the breaker.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EntryUpstream, type EntryUpstreamDeps, MOST_CONNECTIONS } from '../../sidecar/entry-upstream.ts';
import { type Asked, ask, entryAt, faultOf, openEntry, statusOf } from '../support/ask-entry.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { until } from '../support/until-true.ts';

let remote: FakeUpstream;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let port: number;
let counts: { inFlight: number; faults: string[]; warnings: string[]; isOpen: boolean };
const open: EntryUpstream[] = [];
beforeEach(async () => {
  counts = { inFlight: 0, faults: [], warnings: [], isOpen: false };
  remote = await startFakeUpstream((request, response) => answer(request, response));
  port = Number(new URL(remote.url).port);
});
afterEach(async () => {
  for (const upstream of open.splice(0)) await upstream.close();
  await remote.close();
});

function entry(deps: Partial<EntryUpstreamDeps> = {}, name = 'docs'): EntryUpstream {
  const upstream = openEntry(entryAt(`http://docs.test:${port}/mcp`, { name, allowInsecure: true }), {
    events: {
      onInFlight: (count) => {
        counts.inFlight = count;
      },
      onFault: (reason) => void counts.faults.push(reason),
      onWarning: (message) => void counts.warnings.push(message),
      onBreaker: (isOpen) => {
        counts.isOpen = isOpen;
      },
    },
    ...deps,
  });
  open.push(upstream);
  return upstream;
}
const redirect = (response: ServerResponse, status: number, location: string): void =>
  void response.writeHead(status, { location }).end('moved');

describe('a redirect', () => {
  it('[egress:redirects] to the same origin is followed with the same method, headers and body', async () => {
    const steps: Record<string, string> = {
      '/mcp': '/a?x=1',
      '/a?x=1': `http://docs.test:${port}/b`,
      '/b': `http://user@DOCS.test:${port}/c#part`,
      '/c': '../d',
      '/d': '?e',
    };
    answer = (request, response) => {
      const next = steps[request.url ?? ''];
      if (next === undefined) response.end('there');
      else redirect(response, request.url === '/a?x=1' ? 307 : 308, next);
    };
    const body = Buffer.from('{"jsonrpc":"2.0"}');
    const result = await ask(entry(), { headers: ['Host', 'docs.test', 'Authorization', 'Bearer x'], body }).answer;
    expect(result).toMatchObject({ status: 200, body: 'there' });
    expect(remote.received.map(({ target }) => target)).toEqual(['/mcp', '/a?x=1', '/b', '/c', '/d', '/d?e']);
    for (const { method, headers, body: sent } of remote.received)
      expect([method, headers.authorization, sent]).toEqual(['POST', 'Bearer x', '{"jsonrpc":"2.0"}']);
    expect(counts.inFlight).toBe(0);
  });

  it.each([
    [302, '/a', 'of which only 307 and 308 are followed'],
    [301, 'https://elsewhere.test/secret-path', 'of which only 307 and 308 are followed'],
    [303, '/a', 'of which only 307 and 308 are followed'],
    [307, 'https://elsewhere.test/secret-path', 'to another origin, where no redirect is followed'],
    [307, '//elsewhere.test/secret-path', 'to another origin, where no redirect is followed'],
    [307, 'https://docs.test/a', 'to another origin, where no redirect is followed'],
    [308, 'http://docs.test/a', 'to another origin, where no redirect is followed'],
    [307, 'http://169.254.169.254/latest', 'to another origin, where no redirect is followed'],
    [307, 'file:///etc/passwd', 'to another origin, where no redirect is followed'],
    [307, 'blob:ORIGIN/x', 'to another origin, where no redirect is followed'],
    [307, 'http://[', 'without one sound Location'],
  ])('[egress:redirects] of status %d to %s is refused, and does not say where it led', async (status, location, says) => {
    answer = (_, response) => redirect(response, status, location.replace('ORIGIN', `http://docs.test:${port}`));
    const fault = await faultOf(entry());
    expect(fault).toMatchObject({
      reason: 'redirect',
      status: 502,
      message: `Remote entry "docs" answers with a redirect (${status}) ${says}. Set its url to where its server is.`,
    });
    expect(remote.received).toHaveLength(1);
    expect(counts).toMatchObject({ inFlight: 0, faults: ['redirect'] });
  });

  it('[egress:redirects] is followed five times and no more', async () => {
    answer = (request, response) => redirect(response, 307, `${request.url}x`);
    expect((await faultOf(entry())).message).toContain('a redirect (307) after 5 others.');
    expect(remote.received).toHaveLength(6);
  });

  it('[egress:redirects] of a body that cannot be sent again is refused, and one without Location', async () => {
    answer = (_, response) => redirect(response, 307, '/a');
    expect((await faultOf(entry(), { body: Readable.from([Buffer.from('{}')]) })).message).toContain('cannot be sent again');
    answer = (_, response) => response.writeHead(307).end();
    expect((await faultOf(entry())).message).toContain('without one sound Location');
  });

  it('[egress:redirects] is a new connection, with a body that need not end', async () => {
    answer = (request, response) => {
      if (request.url === '/there') response.end('there');
      else response.writeHead(307, { location: '/there' }).write('never ends');
    };
    expect(await statusOf(entry())).toBe(200);
    expect(remote.received.map(({ target }) => target)).toEqual(['/mcp', '/there']);
  });
});

describe('a request to an entry', () => {
  it('[egress:patience] is given up when no answer begins in time, but a stream may stay silent', async () => {
    const streams: ServerResponse[] = [];
    answer = (request, response) => {
      if (request.method === 'GET') streams.push(response);
    };
    const upstream = entry({ firstByteTimeoutMs: 1_000 });
    const stream = ask(upstream, { method: 'GET', body: undefined, headers: ['Host', 'docs.test', 'Accept', 'text/event-stream'] });
    expect(await faultOf(upstream)).toMatchObject({
      reason: 'first-byte-timeout',
      status: 504,
      message: 'Remote entry "docs" did not begin to answer within 1 s. Check that its server is well.',
    });
    for (const response of streams) response.end('data: late\n\n');
    expect(await stream.answer).toMatchObject({ status: 200, body: 'data: late\n\n' });
  });

  it('[egress:faults] that is not connected to says why', async () => {
    await remote.close();
    expect(await faultOf(entry())).toMatchObject({
      reason: 'refused',
      status: 502,
      message: `Remote entry "docs" is not connected to: nothing accepts connections at docs.test:${port}. Check that its server runs, and the port of its url.`,
    });
    const openSocket: EntryUpstreamDeps['openSocket'] = () => {
      const socket = connect(port, '127.0.0.1');
      socket.destroy(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' }));
      return socket;
    };
    expect(await faultOf(entry({ openSocket }))).toMatchObject({ reason: 'unreachable' });
    remote = await startFakeUpstream();
  });

  it('[egress:patience] that is let wait for a connection is given up', async () => {
    // Its handshake begins and nothing comes of it.
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const at = (silent.address() as { port: number }).port;
    const upstream = openEntry(entryAt(`https://docs.test:${at}/mcp`));
    open.push(upstream);
    expect(await faultOf(upstream)).toMatchObject({
      reason: 'connect-timeout',
      status: 504,
      message: `Remote entry "docs" is not connected to: docs.test:${at} did not let a connection be made within 5 s. Check that its server runs, and NetworkPolicies and firewalls on the way.`,
    });
    silent.close();
  });

  it('[egress:faults] whose connection breaks before or in the answer says so', async () => {
    answer = (request) => request.socket.destroy();
    expect(await faultOf(entry())).toMatchObject({ reason: 'broke', status: 502 });
    answer = (_, response) => void response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
    const result = await ask(entry()).answer;
    expect(result).toMatchObject({ fault: { reason: 'broke' }, failure: { hadHead: true, wasSent: true } });
    expect(counts.inFlight).toBe(0);
  });

  it('[egress:faults] whose connections are reset as soon as they are made says so, and is not connected again and again', async () => {
    for (const protocol of ['http', 'https']) {
      let connections = 0;
      const resetting = createServer((socket) => {
        connections += 1;
        socket.resetAndDestroy();
      });
      await new Promise<void>((resolve) => resetting.listen(0, '127.0.0.1', resolve));
      const at = (resetting.address() as { port: number }).port;
      const upstream = openEntry(entryAt(`${protocol}://docs.test:${at}/mcp`, { allowInsecure: true }));
      open.push(upstream);
      expect(await faultOf(upstream)).toMatchObject({ reason: 'broke', status: 502 });
      // undici may not have noticed yet when it takes one into use.
      expect(connections).toBeLessThan(5);
      resetting.close();
    }
  });

  it('[egress:cap] is refused while as many are under way as an entry may have, streams among them', async () => {
    const held: ServerResponse[] = [];
    answer = (_, response) => void held.push(response);
    const upstream = entry();
    const others: Asked[] = Array.from({ length: MOST_CONNECTIONS }, () => ask(upstream));
    await until(() => held.length === MOST_CONNECTIONS);
    expect(await faultOf(upstream)).toMatchObject({
      reason: 'too-many-connections',
      status: 503,
      retryAfterSeconds: 1,
      message: `Remote entry "docs" has ${MOST_CONNECTIONS} calls and streams under way, and takes no more at once. End some of them, or try again.`,
    });
    // An entry's own cap: another entry has room.
    const other = ask(entry({}, 'code'));
    await until(() => held.length === MOST_CONNECTIONS + 1);
    others[0]?.flow.abort();
    held.at(-1)?.end();
    await other.answer;
    for (const response of held) response.end();
    expect(await Promise.all(others.slice(1).map(async (asked) => (await asked.answer) as { status: number }))).toHaveLength(
      MOST_CONNECTIONS - 1,
    );
    answer = (_, response) => response.end();
    expect(await statusOf(upstream)).toBe(200);
  });

  it('[egress:cap] gives its place back when the client leaves, while connecting too', async () => {
    const sockets: unknown[] = [];
    const upstream = entry({ resolve: () => new Promise((resolve) => sockets.push(resolve)) });
    const asked = ask(upstream);
    await until(() => sockets.length === 1);
    expect(counts.inFlight).toBe(1);
    asked.flow.abort();
    (sockets[0] as (addresses: string[]) => void)(['93.184.216.34']);
    await until(() => counts.inFlight === 0);
    expect(remote.received).toEqual([]);
  });
});

describe('the breaker of an entry', () => {
  it('[egress:breaker] refuses at once after five connections that failed in a row, says why, and heals by one call', async () => {
    const clock = { nowMs: Date.now() };
    let dials = 0;
    let isThere = false;
    const upstream = entry({
      nowMs: () => clock.nowMs,
      resolve: () => {
        dials += 1;
        return Promise.resolve(isThere ? ['93.184.216.34'] : ['10.0.0.1']);
      },
    });
    for (let i = 0; i < 5; i++) expect(await faultOf(upstream)).toMatchObject({ reason: 'forbidden-address' });
    const fault = await faultOf(upstream);
    expect(fault).toMatchObject({ reason: 'breaker-open', status: 503, retryAfterSeconds: 1 });
    expect(fault.message).toMatch(/^Remote entry "docs" is left alone for a moment, as .*10\.0\.0\.1, a private address/);
    expect([dials, counts.isOpen, counts.warnings.length, upstream.warnings().length]).toEqual([5, true, 1, 1]);
    clock.nowMs += 1_001;
    const [probe, second] = await Promise.all([faultOf(upstream), faultOf(upstream)]);
    expect([probe.reason, second.reason, dials]).toEqual(['forbidden-address', 'breaker-open', 6]);
    clock.nowMs += 2_001;
    isThere = true;
    answer = (_, response) => response.end();
    expect(await statusOf(upstream)).toBe(200);
    expect(await Promise.all([statusOf(upstream), statusOf(upstream)])).toEqual([200, 200]);
    expect([counts.isOpen, upstream.warnings()]).toEqual([false, []]);
  });

  it('[egress:breaker] counts no answer of a server, however bad, and no slow one', async () => {
    const upstream = entry();
    answer = (_, response) => void response.writeHead(503).end();
    for (let i = 0; i < 8; i++) expect(await statusOf(upstream)).toBe(503);
    answer = (request) => request.socket.destroy();
    for (let i = 0; i < 8; i++) expect(await faultOf(upstream)).toMatchObject({ reason: 'broke' });
    expect(counts.isOpen).toBe(false);
  });
});
