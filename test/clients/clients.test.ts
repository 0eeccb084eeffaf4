// What becomes of the users of real clients when a call is refused.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { fragileClients } from '../../src/policy/clients.ts';
import { eventually } from '../support/redis.ts';
import { type ServerName, testedClients } from './catalog.ts';
import type { Answer } from './client-program.ts';
import { openStage, type RunningServer, type Stage, startServer } from './stage.ts';

const OVER_LIMIT = /Rate limit exceeded for tool .*echo.*: 1 per (\d+)s\. Retry in \d+ s\./;
/** A client that opens a session for each call is refused that. */
const redisAway = ({ isOneShot }: Case): RegExp =>
  isOneShot
    ? /The cap on sessions cannot be checked because Redis does not answer/
    : /The rate limit cannot be checked because Redis does not answer/;
const servers = new Map<ServerName, RunningServer>();

beforeAll(async () => {
  for (const name of ['reference server', 'modern server'] as const) {
    servers.set(name, await startServer(name, inject('clients')));
  }
});

afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
});

const cases = testedClients.flatMap((client) => client.servers.map((server) => ({ ...client, server })));
type Case = (typeof cases)[number];

async function withStage(given: Case, annotations: Readonly<Record<string, string>>, act: (stage: Stage) => Promise<void>): Promise<void> {
  const command = inject('clients')[given.name];
  const server = servers.get(given.server);
  if (command === undefined || server === undefined) throw new Error(`${given.name} or ${given.server} is not there`);
  const stage = await openStage({ command, server, annotations });
  try {
    await act(stage);
  } finally {
    await stage.close();
  }
}

const echoTool = { name: 'echo', given: { message: 'hi' } };
const toolWithSchema = {
  'reference server': { name: 'get-structured-content', given: { location: 'New York' } },
  'modern server': { name: 'count', given: {} },
};
const echo = (stage: Stage): Promise<Answer> => stage.client.call(echoTool.name, echoTool.given);
const echoed = { ok: true, text: 'Echo: hi' };
/** A process that starts for each call takes its time, which must not fill the bucket again. */
const limitOf = ({ isOneShot }: Case): string => `{tools: {echo: 1/${isOneShot ? 8 : 2}s}}`;

/** Calls until refused: on a busy machine the bucket may be full again, or Redis be given up for a moment. */
async function callUntilRefused(stage: Stage, { name, given } = echoTool as { name: string; given: object }): Promise<Answer> {
  expect(await stage.client.call(name, given)).toMatchObject({ ok: true });
  for (let attempt = 0; attempt < 20; attempt++) {
    const answer = await stage.client.call(name, given);
    if (!answer.ok) return answer;
    await redisIsAsked(stage);
  }
  throw new Error('never refused');
}

const redisIsAsked = ({ sidecar }: Stage): Promise<void> =>
  eventually('Redis is asked', async () => (await sidecar.metric('mcp_sluice_breaker_open')) === 0);

/** As above, for one that `closed` refuses whenever a busy machine makes Redis late. */
async function callUntilPassed(stage: Stage): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    await redisIsAsked(stage);
    const answer = await echo(stage);
    if (answer.ok || answer.dead || attempt === 10) return answer;
  }
}

const refusalStatuses = (stage: Stage): unknown[] => stage.sidecar.lines.filter(({ msg }) => msg === 'refused').map(({ status }) => status);
/** What the table says that a client loses by an HTTP error status. */
function lossByStatus({ row }: Case): 'session' | 'message' | undefined {
  const loses = row && fragileClients[row].loses;
  return loses === 'message-by-structured-content' ? undefined : loses;
}
const statusOf = (given: Case, httpStatus: number): number => (lossByStatus(given) === undefined ? httpStatus : 200);

const handshakes: ReadonlySet<string> = new Set(['initialize', 'server/discover']);

/** Once it had begun to call, the client opened nothing anew, and all its calls were of one session. */
function expectOneSession({ isOneShot }: Case, { recorder }: Stage): void {
  if (isOneShot) return;
  const sinceFirst = recorder.posts.slice(recorder.posts.findIndex(({ method }) => method === 'tools/call'));
  const calls = sinceFirst.filter(({ method }) => method === 'tools/call');
  expect(calls.length).toBeGreaterThanOrEqual(2);
  expect(new Set(calls.map(({ sessionId }) => sessionId)).size).toBe(1);
  expect(sinceFirst.filter(({ method }) => handshakes.has(method))).toEqual([]);
}

async function waitAsTold(seconds: number): Promise<void> {
  await sleep(seconds * 1000);
}

describe.each(cases)('$name before the $server', (given) => {
  it('[client:limit] reads our message at the limit, and the next call after the wait succeeds on the same session', () =>
    withStage(given, { 'rate-limit': limitOf(given) }, async (stage) => {
      const refused = await callUntilRefused(stage);
      expect(refused).toMatchObject({ ok: false, text: expect.stringMatching(OVER_LIMIT) });
      await waitAsTold(Number(/Retry in (\d+) s/.exec(refused.text)?.[1]));
      expect(await echo(stage)).toMatchObject(echoed);
      expectOneSession(given, stage);
      expect(new Set(refusalStatuses(stage))).toEqual(new Set([statusOf(given, 429)]));
    }));

  it('[client:redis-closed] reads our message while Redis is away, and the next call succeeds on the same session once it is back', () =>
    withStage(given, { 'rate-limit': '{tools: {echo: 1000/1s}}', 'on-redis-failure': 'closed' }, async (stage) => {
      expect(await callUntilPassed(stage)).toMatchObject(echoed);
      process.kill(stage.redis.pid as number, 'SIGSTOP');
      const refused = await echo(stage);
      expect(refused).toMatchObject({ ok: false, text: expect.stringMatching(redisAway(given)) });
      process.kill(stage.redis.pid as number, 'SIGCONT');
      await waitAsTold(1);
      expect(await callUntilPassed(stage)).toMatchObject(echoed);
      expectOneSession(given, stage);
      expect(new Set(refusalStatuses(stage))).toEqual(new Set([statusOf(given, 503)]));
    }));

  it('[client:table] loses by HTTP 429 what the table of fragile clients says, and nothing else', () =>
    withStage(given, { 'rate-limit': limitOf(given), rejection: 'http' }, async (stage) => {
      const refused = await callUntilRefused(stage);
      const loses = lossByStatus(given);
      expect(OVER_LIMIT.test(refused.text)).toBe(loses === undefined);
      await waitAsTold(given.isOneShot ? 8 : 2);
      expect((await echo(stage)).ok).toBe(loses !== 'session');
    }));

  it("[client:tool-result] hands a failed result to its caller, whatever the tool's output schema", () => {
    const tool = toolWithSchema[given.server];
    const limits = `{tools: {${tool.name}: 1/1m}}`;
    return withStage(given, { 'rate-limit': limits, rejection: 'tool-result' }, async (stage) => {
      const refused = await callUntilRefused(stage, tool);
      expect(refused).toEqual({ ok: false, text: expect.stringContaining('Rate limit exceeded for tool') });
      expect(refusalStatuses(stage)).toContain(200);
    });
  });
});
