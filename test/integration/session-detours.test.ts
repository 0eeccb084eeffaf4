import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { gated } from '../support/gated.ts';
import type { SendOptions } from '../support/session-client.ts';
import { until } from '../support/until-true.ts';

const REVISION = '2026-07-28';
const its = gated();
const { open, held } = its;
const json = { 'content-type': 'application/json' };
const endpoint = 'event: endpoint\ndata: /message?sessionId=m1\n\n';

/** What the modern era asks of a request, on whatever method. */
function modern(method: string, options: SendOptions = {}): SendOptions {
  const params = { _meta: { 'io.modelcontextprotocol/protocolVersion': REVISION, 'io.modelcontextprotocol/clientCapabilities': {} } };
  const headers = { 'mcp-protocol-version': REVISION, 'mcp-method': method };
  return { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), headers, ...options };
}

describe('the revision that a request names', () => {
  it('[gate:modern-legacy] leads no initialize past the cap, as servers of the legacy era open a session by it', async () => {
    await its.start({ sessions: '{max: 1}' });
    const opened = await its.client.send('POST', modern('initialize'));
    expect([opened.status, opened.session, await held()]).toEqual([200, [...its.server.live][0], 1]);
    expect((await its.client.send('POST', modern('initialize'))).status).toBe(503);
    expect((await its.client.ask(opened.session)).status).toBe(200);
    expect(its.server.live.size).toBe(1);
  });

  it('[gate:modern-legacy] leaves no session open that the server gave to a request of the modern era', async () => {
    await its.start({ sessions: '{max: 1}' });
    its.server.override = ({ response, method }) => {
      if (method !== 'POST') return false;
      response.writeHead(400, { ...json, 'mcp-session-id': its.server.open() }).end('{}');
      return true;
    };
    const answer = await its.client.send('POST', modern('tools/list'));
    expect([answer.status, answer.session]).toEqual([400, undefined]);
    await until(() => its.server.deleted.length === 1);
    expect([its.server.live.size, await its.anomalies()]).toEqual([0, 1]);
    // A server of both eras would take it for a request of the one without sessions.
    expect(its.server.received.at(-1)?.headers).not.toHaveProperty('mcp-protocol-version');
  });

  it('[gate:modern-legacy] opens no stream of the HTTP+SSE transport beside the cap', async () => {
    await its.start({ sessions: '{max: 1}' });
    its.server.override = ({ response }) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write(endpoint) || true;
    const response = await fetch(`${its.sidecar.url}/sse`, { headers: { accept: 'text/event-stream', 'mcp-protocol-version': REVISION } });
    expect(await response.text()).toBe('');
    expect([await held(), await its.anomalies()]).toEqual([0, 1]);
  });
});

describe("a message for another client's stream", () => {
  it.each([
    ['the id in a header too', { session: 'm1' }],
    ['the revision without sessions', modern('tools/list')],
  ])('[gate:owner] is refused with %s', async (_, options) => {
    await its.start({ sessions: '{max: 5}' });
    const streams: ServerResponse[] = [];
    its.server.override = ({ method, response }) => {
      if (method !== 'GET') response.writeHead(202).end();
      else response.writeHead(200, { 'content-type': 'text/event-stream' }).write(endpoint, () => streams.push(response));
      return true;
    };
    const leaving = new AbortController();
    const headers = { accept: 'text/event-stream', 'x-user': 'ann' };
    // Read, as what nobody holds on to would be given up with the next collection of garbage.
    const heard = (await fetch(`${its.sidecar.url}/sse`, { headers, signal: leaving.signal })).text().catch(() => 'left');
    await until(async () => (await held()) === 1);
    const about = { path: '/message?sessionId=m1', ...options };
    const foreign = await its.client.ask(undefined, { user: 'bob', ...about });
    expect([foreign.status, foreign.body.error?.code, await held()]).toEqual([404, -32001, 1]);
    expect((await its.client.ask(undefined, { user: 'ann', ...about })).status).toBe(202);
    expect(await held()).toBe(1);
    leaving.abort();
    expect(await heard).toBe('left');
    await until(async () => (await held()) === 0);
  });
});

describe("a session's id in the query", () => {
  it('[gate:owner] is worth as little to another client as in the header', async () => {
    await its.start({ sessions: '{max: 5}' });
    const session = await open('ann');
    const path = `/mcp?sessionId=${session}`;
    const asked = its.server.received.length;
    const answers = [
      await its.client.ask(undefined, { path, user: 'bob' }),
      await its.client.send('GET', { path, user: 'bob' }),
      await its.client.send('DELETE', { path, user: 'bob' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(its.server.received.length).toBe(asked);
  });
});

describe('the place of a session that lives', () => {
  it('[gate:freed] is not given up by a DELETE of another path', async () => {
    await its.start({ sessions: '{max: 1}' });
    const session = await open();
    its.server.override = ({ method, response }) => method === 'DELETE' && response.writeHead(204).end() !== undefined;
    expect((await its.client.delete(session, { path: '/notes/1' })).status).toBe(204);
    expect((await its.client.initialize()).status).toBe(503);
    expect((await its.client.delete(session)).status).toBe(204);
    expect(await held()).toBe(0);
  });

  it('[gate:freed] is not given up by a GET of a server that has no streams and says 404 to it', async () => {
    await its.start({ sessions: '{max: 1}' });
    const session = await open();
    its.server.override = ({ method, response }) => method === 'GET' && response.writeHead(404).end() !== undefined;
    expect((await its.client.send('GET', { session, path: '/mcp' })).status).toBe(404);
    expect([await held(), (await its.client.initialize()).status]).toEqual([1, 503]);
    // Once it has streams, its 404 says that the session is gone.
    its.server.override = ({ method, response }) => method === 'GET' && response.writeHead(405).end() !== undefined;
    await its.client.send('GET', { session, path: '/mcp' });
    its.server.override = ({ method, response }) => method === 'GET' && response.writeHead(404).end() !== undefined;
    await its.client.send('GET', { session, path: '/mcp' });
    expect(await held()).toBe(0);
  });
});

describe('a server without sessions', () => {
  it('[gate:stateless] is not shut by ids that somebody made up', async () => {
    await its.start({ sessions: '{max: 2}' });
    its.server.override = ({ response }) => response.writeHead(200, json).end('{}') !== undefined;
    expect((await its.client.initialize()).status).toBe(200);
    for (const made of ['a', 'b', 'c', 'd']) expect((await its.client.ask(made)).status).toBe(200);
    expect([(await its.client.initialize()).status, await held()]).toEqual([200, 0]);
  });

  it('[gate:stateless] is not shut by the streams that TypeScript clients hold open', async () => {
    await its.start({ sessions: '{max: 2}' });
    const opened: ServerResponse[] = [];
    its.server.override = ({ method, response }) => {
      if (method !== 'GET') return response.writeHead(200, json).end('{}') !== undefined;
      return response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n', () => opened.push(response)) || true;
    };
    expect((await its.client.initialize()).status).toBe(200);
    const listening = ['a', 'b', 'c'].map(() => its.client.send('GET', { path: '/mcp', headers: { accept: 'text/event-stream' } }));
    await until(() => opened.length === 3);
    expect((await its.client.initialize()).status).toBe(200);
    for (const response of opened) response.end();
    expect((await Promise.all(listening)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});
