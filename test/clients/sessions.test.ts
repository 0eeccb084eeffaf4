// What becomes of the sessions of real clients: at the cap, while they are in use, and once they were idle for too long.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { until } from '../support/until-true.ts';
import { testedClients } from './catalog.ts';
import type { ClientProgram } from './client-program.ts';
import { type EmptyStage, openEmptyStage, type RunningServer, startServer } from './stage.ts';

const FULL = /Maximum concurrent sessions exceeded\. Please try again later or contact administrator\./;
/** Longer than a client takes from one request to the next, on a busy machine too. */
const IDLE_SECONDS = 3;
const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'other', version: '1' } },
});

let server: RunningServer;
beforeAll(async () => {
  server = await startServer('reference server', inject('clients'));
});
afterAll(() => server.stop());

async function withStage(name: string, sessions: string, act: (stage: EmptyStage) => Promise<void>): Promise<void> {
  const command = inject('clients')[name];
  if (command === undefined) throw new Error(`${name} is not installed`);
  const stage = await openEmptyStage({ command, server, annotations: { sessions } });
  try {
    await act(stage);
  } finally {
    await stage.close();
  }
}

/** Somebody else's session; the function closes it. */
async function occupy({ sidecar }: EmptyStage): Promise<() => Promise<void>> {
  const url = `${sidecar.url}/mcp`;
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const opened = await fetch(url, { method: 'POST', headers, body: INITIALIZE });
  const id = opened.headers.get('mcp-session-id') ?? '';
  await opened.text();
  return async () => {
    const closed = await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' } });
    expect(closed.status).toBe(200);
  };
}

async function occupyAll(stage: EmptyStage, count: number): Promise<() => Promise<unknown>> {
  const leave: (() => Promise<void>)[] = [];
  while (leave.length < count) leave.push(await occupy(stage));
  return () => Promise.all(leave.map((each) => each()));
}

const echo = (client: ClientProgram) => client.call('echo', { message: 'hi' });
const echoed = { ok: true, text: 'Echo: hi' };
const ended = (stage: EmptyStage) => stage.sidecar.metric('mcp_sluice_sessions_ended_total{reason="idle"}');

describe.each(testedClients)('$name', ({ name, isOneShot, sessions = 1 }) => {
  it('[client:session-cap] reads at the cap why it gets no session, and gets one once a slot is free', () =>
    withStage(name, `{max: ${sessions}, idleTimeout: 1h}`, async (stage) => {
      const leave = await occupyAll(stage, sessions);
      if (isOneShot) {
        const client = await stage.enter();
        expect(await echo(client)).toMatchObject({ ok: false, text: expect.stringMatching(FULL) });
        await leave();
        expect(await echo(client)).toMatchObject(echoed);
        return;
      }
      await expect(stage.enter()).rejects.toThrow(FULL);
      await leave();
      expect(await echo(await stage.enter())).toMatchObject(echoed);
    }));
});

describe.each(testedClients.filter(({ isOneShot }) => !isOneShot))('$name, idle for too long', ({ name }) => {
  it('[client:reaped] is told that its session is no more', () =>
    withStage(name, '{idleTimeout: 1h}', async (stage) => {
      const client = await stage.enter();
      expect(await echo(client)).toMatchObject(echoed);
      await stage.sidecar.annotate({ redis: stage.redis.url, sessions: '{idleTimeout: 1s}' });
      await until(async () => (await stage.sidecar.metric('mcp_sluice_sessions')) === 0);
      // What its next session gets may not end before it is used.
      await stage.sidecar.annotate({ redis: stage.redis.url, sessions: '{idleTimeout: 1h}' });
      await until(async () => (await stage.sidecar.metric('mcp_sluice_configuration_generation')) === 3);
      const { ok, text } = await echo(client);
      // The newer one opens another and makes the call there.
      if (name === 'mcp-remote') expect([ok, text]).toEqual([true, 'Echo: hi']);
      else expect([ok, text]).toEqual([false, expect.stringMatching(/session (not found|terminated)/i)]);
    }));
});

describe.each(['typescript-1', 'python-1'])('%s', (name) => {
  it('[client:long-call] is not reaped during a call that takes twice the idle timeout, and hears its progress', () =>
    withStage(name, `{idleTimeout: ${IDLE_SECONDS}s}`, async (stage) => {
      const client = await stage.enter();
      const given = { duration: 2 * IDLE_SECONDS + 1, steps: 2 };
      const answer = await client.call('trigger-long-running-operation', given);
      expect(answer).toMatchObject({ ok: true, text: expect.stringContaining('completed'), progress: expect.any(Number) });
      expect(await ended(stage)).toBe(0);
      expect(await echo(client)).toMatchObject(echoed);
    }));

  it('[client:long-call] is not reaped while its user thinks about what the server asks', () =>
    withStage(name, `{idleTimeout: ${IDLE_SECONDS}s}`, async (stage) => {
      const client = await stage.enter();
      expect(await client.call('trigger-elicitation-request', {})).toMatchObject({ ok: true });
      expect(await ended(stage)).toBe(0);
      expect(await echo(client)).toMatchObject(echoed);
    }));
});

it('[client:no-delete] clients of the TypeScript SDK, which end without DELETE, do not exhaust the cap', () =>
  withStage('typescript-1', `{max: 2, idleTimeout: ${IDLE_SECONDS}s}`, async (stage) => {
    for (let round = 0; round < 4; round++) {
      let client: ClientProgram | undefined;
      const getsIn = async (): Promise<boolean> => {
        client = await stage.enter().catch(() => undefined);
        return client !== undefined && (await echo(client)).text === echoed.text;
      };
      await until(getsIn, 30_000);
      await client?.stop();
    }
  }));
