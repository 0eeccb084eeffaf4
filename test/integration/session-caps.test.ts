import type { ServerResponse } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { gated, headerIdentity } from '../support/gated.ts';
import { until } from '../support/until-true.ts';

const FULL = 'Maximum concurrent sessions exceeded. Please try again later or contact administrator.';
const sessions = '{max: 3, maxPerClient: 2}';
const its = gated();
const { open, held } = its;
beforeEach(() => its.start({ sessions }));

const json = { 'content-type': 'application/json' };

describe('the cap on sessions', () => {
  it('[gate:cap] [gate:secret] answers an initialize beyond it with 503, a wait and its id; the sessions that are there go on', async () => {
    const first = await open();
    await open();
    await open();
    const refused = await its.client.initialize({ id: 'x"é' });
    expect(refused).toMatchObject({ status: 503, session: undefined });
    expect(refused.body).toEqual({
      jsonrpc: '2.0',
      id: 'x"é',
      error: { code: -32000, message: FULL, data: { retryAfterSeconds: expect.any(Number) } },
    });
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(200);
    expect(wait).toBeLessThanOrEqual(300);
    expect((await its.client.ask(first)).status).toBe(200);
    expect(its.server.live.size).toBe(3);
    expect(await its.sidecar.metric('mcp_sluice_refusals_total{rung="session:full",mode="enforce"}')).toBe(1);
    expect(its.sidecar.lines.filter(({ reason }) => reason === 'session:full')).toHaveLength(1);
  });

  it("[gate:per-client] holds a client to its own cap, without touching another's, and exempts the anonymous", async () => {
    await open('ann');
    await open('ann');
    const refused = await its.client.initialize({ user: 'ann' });
    expect([refused.status, refused.body.error?.message]).toEqual([503, expect.stringContaining('for this client')]);
    const bob = await open('bob');
    await its.client.delete(bob, { user: 'bob' });
    for (const mine of its.server.live) await its.client.delete(mine, { user: 'ann' });
    for (let i = 0; i < 3; i++) await open();
    expect(await held()).toBe(3);
  });

  it('[gate:style] is written as the client survives it', async () => {
    await its.sidecar.annotate({ identity: headerIdentity, sessions, rejection: 'auto' });
    for (let i = 0; i < 3; i++) await open();
    const initialize = (agent: string) => its.client.initialize({ headers: { 'user-agent': agent } });
    await expect.poll(async () => (await initialize('python-httpx/0.28.1')).status, { timeout: 10_000 }).toBe(200);
    const [python, plain] = [await initialize('python-httpx/0.28.1'), await initialize('undici')];
    expect([python.body.error?.code, plain.status, plain.body.error?.code]).toEqual([-32000, 503, -32000]);
    expect(python.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('[gate:retune] changes on a running sidecar; sessions beyond a lower one stay', async () => {
    const mine = [await open(), await open(), await open()];
    await its.sidecar.annotate({ identity: headerIdentity, sessions: '{max: 4}', rejection: 'http' });
    await expect.poll(async () => (await its.client.initialize()).status, { timeout: 10_000 }).toBe(200);
    await its.sidecar.annotate({ identity: headerIdentity, sessions: '{max: 1}', rejection: 'http' });
    await until(async () => (await its.sidecar.metric('mcp_sluice_configuration_generation')) === 3);
    for (const session of mine) expect((await its.client.ask(session)).status).toBe(200);
    for (const session of mine) await its.client.delete(session);
    expect((await its.client.initialize()).status).toBe(503);
  });

  it('[gate:freed] has a place again at once, after DELETE and after a 404 where the session was opened', async () => {
    const [one, two] = [await open(), await open()];
    await open();
    expect((await its.client.initialize()).status).toBe(503);
    expect((await its.client.delete(one)).status).toBe(200);
    await open();
    its.server.live.delete(two);
    expect((await its.client.ask(two, { path: '/other' })).status).toBe(404);
    expect((await its.client.initialize()).status).toBe(503);
    expect((await its.client.ask(two, { path: '/mcp?a=b' })).status).toBe(404);
    await open();
    its.server.override = ({ method, response }) => method === 'DELETE' && response.writeHead(405).end() !== undefined;
    for (const session of its.server.live) expect((await its.client.delete(session)).status).toBe(405);
    expect(await held()).toBe(3);
  });
});

describe('a place that was taken for a session', () => {
  it.each([
    ['refuses', (response: ServerResponse) => response.writeHead(400).end()],
    ['fails', (response: ServerResponse) => response.writeHead(500, { ...json, 'mcp-session-id': 'half' }).end('{}')],
    ['gives no id', (response: ServerResponse) => response.writeHead(200, json).end('{}')],
    ['sends it elsewhere', (response: ServerResponse) => response.writeHead(307, { location: '/mcp/' }).end()],
    ['breaks off', (response: ServerResponse) => response.destroy()],
  ])('[gate:released] falls free where the upstream %s', async (_, answer) => {
    its.server.override = ({ response }) => {
      answer(response);
      return true;
    };
    for (let i = 0; i < 5; i++) await its.client.send('POST', { body: initialize }).catch(() => undefined);
    await its.quiet();
    its.server.override = () => false;
    for (let i = 0; i < 3; i++) await open();
    expect((await its.client.initialize()).status).toBe(503);
  });

  it('[gate:in-band] is a session where the answer is an error in a 2xx with an id, as the session lives', async () => {
    its.server.override = ({ response, message }) => {
      if (message?.method !== 'initialize') return false;
      response.writeHead(200, { ...json, 'mcp-session-id': its.server.open() }).end('{"jsonrpc":"2.0","id":1,"error":{"code":-32602}}');
      return true;
    };
    const opened = await open();
    expect([[...its.server.live], await held()]).toEqual([[opened], 1]);
  });

  it('[gate:unseen] falls free where the client leaves before the answer, and what was opened for it is closed', async () => {
    const waiting: (() => void)[] = [];
    its.server.override = ({ response, message }) => {
      if (message?.method !== 'initialize') return false;
      waiting.push(() => response.writeHead(200, { ...json, 'mcp-session-id': its.server.open() }).end('{}'));
      return true;
    };
    for (let i = 1; i <= 3; i++) {
      const leaving = new AbortController();
      const left = its.client.initialize({ signal: leaving.signal }).catch(() => 'left');
      await until(() => waiting.length === i);
      leaving.abort();
      expect(await left).toBe('left');
    }
    await its.quiet();
    its.server.override = () => false;
    // The upstream may still be opening them: their places are not free yet.
    expect((await its.client.initialize()).status).toBe(503);
    for (const answer of waiting) answer();
    await until(() => its.server.deleted.length === 3);
    expect(its.server.live.size).toBe(0);
    for (let i = 0; i < 3; i++) await open();
  });
});

const initialize = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}';
