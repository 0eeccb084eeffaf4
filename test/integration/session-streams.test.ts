import type { ServerResponse } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { gated } from '../support/gated.ts';
import type { SendOptions } from '../support/session-client.ts';
import { until } from '../support/until-true.ts';

const its = gated();
const { held } = its;
const sse = { 'content-type': 'text/event-stream' };

let streams: ServerResponse[] = [];
let first: (count: number) => string;
beforeEach(() => {
  streams = [];
  first = (count) => `event: endpoint\ndata: /message?sessionId=m${count}\n\n`;
});

async function start(sessions: string): Promise<void> {
  await its.start({ sessions });
  its.server.override = ({ method, response }) => {
    if (method === 'GET') response.writeHead(200, sse).write(first(streams.push(response)));
    else response.writeHead(202).end();
    return true;
  };
}

interface Listening {
  readonly status: number;
  readonly text: () => string;
  readonly isOver: () => boolean;
  leave(): void;
}

async function listen(options: SendOptions = {}): Promise<Listening> {
  const leaving = new AbortController();
  const headers = { accept: 'text/event-stream', ...options.headers, ...(options.user !== undefined && { 'x-user': options.user }) };
  const response = await fetch(`${its.sidecar.url}/sse`, { headers, signal: leaving.signal });
  let text = '';
  let isOver = false;
  const read = async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
  };
  void read()
    .catch(() => undefined)
    .finally(() => {
      isOver = true;
    });
  return { status: response.status, text: () => text, isOver: () => isOver, leave: () => leaving.abort() };
}

const listenWhole = async (options: SendOptions = {}) => {
  const listening = await listen(options);
  await until(() => listening.text().includes('endpoint'));
  return listening;
};
const post = (id: number, options: SendOptions = {}) => its.client.ask(undefined, { path: `/message?sessionId=m${id}`, ...options });

describe('a stream of the HTTP+SSE transport', () => {
  it('[gate:stream] is a session from its endpoint event to its end, whoever ends it', async () => {
    await start('{max: 2}');
    const [one, two] = [await listenWhole(), await listenWhole()];
    const refused = await listen();
    expect([refused.status, await held(), streams.length]).toEqual([503, 2, 2]);
    expect((await post(1, { rpc: 'initialize' })).status).toBe(202);
    one.leave();
    await until(async () => (await held()) === 1);
    streams[1]?.end();
    await until(two.isOver);
    await until(async () => (await held()) === 0);
    await listenWhole();
    expect(await its.sidecar.metric('mcp_sluice_sessions_ended_total{reason="closed"}')).toBe(2);
  });

  it('[gate:released] takes no place where it is another stream, or none', async () => {
    await start('{max: 1}');
    first = () => 'data: something else\n\n';
    const others = [await listen(), await listen()];
    await until(() => others.every(({ text }) => text() !== ''));
    its.server.override = ({ response }) => response.writeHead(405).end() !== undefined;
    for (let i = 0; i < 3; i++) expect((await listen()).status).toBe(405);
    expect(await held()).toBe(0);
  });

  it("[gate:owner] has its messages from its own client only, and from another's nothing is heard on it", async () => {
    await start('{max: 5}');
    const listening = await listenWhole({ user: 'ann' });
    for (const user of ['bob', undefined]) {
      const foreign = await post(1, { id: 3, ...(user !== undefined && { user }) });
      expect([foreign.status, foreign.body.error?.code]).toEqual([404, -32001]);
    }
    expect((await post(1, { user: 'ann' })).status).toBe(202);
    // Parsed, and refused, before anybody asks whose session it is.
    expect((await post(1, { user: 'bob', body: '{"jsonrpc":"2.0","id":3,"method":"a","params":[]}' })).status).toBe(400);
    streams[0]?.end();
    await until(listening.isOver);
    expect(listening.text()).not.toMatch(/32001|32600/);
  });

  it('[gate:stream] is counted apart for each client where the server gives one address to all', async () => {
    await start('{max: 5, maxPerClient: 1}');
    first = () => 'event: endpoint\ndata: /message\n\n';
    await listenWhole({ user: 'ann' });
    await listenWhole({ user: 'bob' });
    expect((await listen({ user: 'bob' })).status).toBe(503);
    const ask = (user: string) => its.client.ask(undefined, { path: '/message', user });
    expect([(await ask('ann')).status, (await ask('bob')).status, (await ask('eve')).status]).toEqual([202, 202, 404]);
    expect(await held()).toBe(2);
  });

  it('[gate:minted] is ended where no place was taken for it, as its client did not ask for events', async () => {
    await start('{max: 5}');
    const listening = await listen({ headers: { accept: '*/*' } });
    await until(listening.isOver);
    expect([listening.text(), await held(), await its.anomalies()]).toEqual(['', 0, 1]);
  });

  it('[gate:reaped] [gate:stream-clock] ends once it is idle, not while a call of it is', async () => {
    await start('{max: 5, idleTimeout: 1s}');
    const [busy, idle] = [await listenWhole(), await listenWhole()];
    expect(
      (await post(1, { rpc: 'tools/call', id: 4, body: '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"a"}}' })).status,
    ).toBe(202);
    await until(idle.isOver);
    const probe = await listenWhole();
    await until(probe.isOver);
    expect(busy.isOver()).toBe(false);
    streams[0]?.write('event: message\ndata: {"jsonrpc":"2.0","id":4,"result":{}}\n\n');
    await until(busy.isOver);
    expect(busy.text()).toContain('"result"');
    expect(its.server.deleted).toEqual([]);
    expect((await post(1)).status).toBe(404);
  });
});
