import { beforeEach, describe, expect, it } from 'vitest';
import { gated } from '../support/gated.ts';
import { until } from '../support/until-true.ts';

const its = gated();
const { open, held } = its;
beforeEach(() => its.start({ sessions: '{max: 3, maxPerClient: 3}' }));

const json = { 'content-type': 'application/json' };
const gone = (id?: unknown) => ({
  jsonrpc: '2.0',
  ...(id !== undefined && { id }),
  error: { code: -32001, message: 'Session not found' },
});

describe('a session', () => {
  it('[gate:owner] of another client is one that never was, whatever is asked of it', async () => {
    const [named, nameless] = [await open('ann'), await open()];
    const asked = its.server.received.length;
    for (const [session, user] of [
      [named, { user: 'bob' }],
      [named, {}],
      [nameless, { user: 'bob' }],
    ] as const) {
      const answers = [
        await its.client.ask(session, { id: 9, ...user }),
        await its.client.ask(session, { id: 9, rpc: 'initialize', ...user }),
        await its.client.send('GET', { session, headers: { accept: 'text/event-stream' }, ...user }),
        await its.client.delete(session, user),
      ];
      expect(answers.map(({ status, body }) => [status, body])).toEqual([9, 9, undefined, undefined].map((id) => [404, gone(id)]));
    }
    expect(its.server.received.length).toBe(asked);
    expect((await its.client.ask(named, { user: 'ann' })).status).toBe(200);
    expect((await its.client.ask(nameless)).status).toBe(200);
  });

  it("[gate:adopted] that is not known is adopted on the upstream's first 2xx, within the cap, and is its client's from then on", async () => {
    const [before, other] = [its.server.open(), its.server.open()];
    expect((await its.client.ask('never', { user: 'ann' })).status).toBe(404);
    expect(await held()).toBe(0);
    expect((await its.client.ask(before, { user: 'ann' })).status).toBe(200);
    expect((await its.client.ask(before, { user: 'ann' })).status).toBe(200);
    expect(await held()).toBe(1);
    expect((await its.client.ask(before, { user: 'bob' })).body).toEqual(gone(1));
    await open();
    await open();
    const refused = await its.client.ask(other, { id: 4 });
    expect([refused.status, refused.body.id, refused.body.error?.code]).toEqual([503, 4, -32000]);
    expect((await its.client.delete(other)).status).toBe(200);
    expect(await its.sidecar.metric('mcp_sluice_sessions_opened_total{how="adopted"}')).toBe(1);
  });

  it('[gate:owner] [gate:adopted] that two clients ask for at once is whose answer came first', async () => {
    const before = its.server.open();
    const waiting: (() => void)[] = [];
    its.server.override = ({ response }) => waiting.push(() => response.writeHead(200, json).end('{}')) > 0;
    const ann = its.client.ask(before, { user: 'ann' });
    await until(() => waiting.length === 1);
    const bob = its.client.ask(before, { user: 'bob' });
    await until(() => waiting.length === 2);
    waiting[0]?.();
    expect((await ann).status).toBe(200);
    waiting[1]?.();
    await bob;
    its.server.override = () => false;
    const after = [await its.client.ask(before, { user: 'ann' }), await its.client.ask(before, { user: 'bob' })];
    expect([...after.map(({ status }) => status), await held()]).toEqual([200, 404, 1]);
  });

  it('[gate:adopted] that several ask for at once has one place', async () => {
    const before = its.server.open();
    const answers = await Promise.all(Array.from({ length: 3 }, () => its.client.ask(before)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await its.quiet();
    expect(await held()).toBe(1);
    await open();
    await open();
  });
});

describe('an id that nobody asked for', () => {
  it.each(['POST', 'GET'])('[gate:minted] is stripped from the answer to a %s, and closed upstream', async (method) => {
    its.server.override = ({ response, request }) => {
      if (request.method !== method) return false;
      response.writeHead(400, { ...json, 'Mcp-Session-Id': its.server.open() }).end('{}');
      return true;
    };
    const headers = { 'mcp-protocol-version': '2025-06-18', authorization: 'Bearer a' };
    const answer = await (method === 'POST' ? its.client.ask(undefined, { headers }) : its.client.send(method, { headers, path: '/mcp' }));
    expect(answer.session).toBeUndefined();
    await until(() => its.server.deleted.length === 1);
    expect(its.server.live.size).toBe(0);
    expect(its.server.received.at(-1)?.headers).toMatchObject({ ...headers, 'mcp-session-id': its.server.deleted[0] });
    expect([await its.anomalies(), await held()]).toEqual([1, 0]);
  });

  it('[gate:minted] is nothing of the kind where it is that of the request, or of a session of this client', async () => {
    const mine = await open('ann');
    its.server.override = ({ response }) => {
      response.writeHead(200, { ...json, 'Mcp-Session-Id': mine }).end('{}');
      return true;
    };
    expect((await its.client.ask(mine, { user: 'ann' })).session).toBe(mine);
    expect((await its.client.ask(undefined, { user: 'ann' })).session).toBe(mine);
    expect(await its.anomalies()).toBe(0);
    // To somebody else it is not given, and the session of its owner goes on.
    expect((await its.client.ask(undefined, { user: 'bob' })).session).toBeUndefined();
    its.server.override = () => false;
    expect((await its.client.ask(mine, { user: 'ann' })).status).toBe(200);
    expect([await its.anomalies(), its.server.deleted]).toEqual([1, []]);
  });

  it('[gate:unseen] [gate:minted] is closed also where its client left before the answer, once the upstream has given ids', async () => {
    await open();
    let answer: (() => void) | undefined;
    its.server.override = ({ response, message }) => {
      if (message?.method !== 'tools/list') return false;
      answer = () => response.writeHead(400, { ...json, 'mcp-session-id': its.server.open() }).end('{}');
      return true;
    };
    const leaving = new AbortController();
    const left = its.client.ask(undefined, { signal: leaving.signal }).catch(() => 'left');
    await until(() => answer !== undefined);
    leaving.abort();
    expect(await left).toBe('left');
    await its.quiet();
    answer?.();
    await until(() => its.server.deleted.length === 1);
  });
});
