import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StartedRedis } from '../../src/build/start-redis.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { rawRequest, sendRaw, toolCall } from '../support/raw-client.ts';
import { ownRedis } from '../support/redis.ts';
import { entriesAnnotation, reachedAt } from '../support/test-entries.ts';
import { startTestSidecar, type TestSidecar } from '../support/test-sidecar.ts';
import { until } from '../support/until-true.ts';

let upstream: FakeUpstream;
let redis: StartedRedis;
const open: TestSidecar[] = [];
let owners = 0;
beforeAll(async () => {
  [upstream, redis] = await Promise.all([startFakeUpstream(), ownRedis()]);
});
afterAll(() => Promise.all([upstream.close(), redis.stop()]));
afterEach(async () => {
  for (const sidecar of open.splice(0)) await sidecar.close();
});

const limits = { shared: '20/1h', tools: { search: '1/1h' } };

async function start(annotations: Record<string, string> = {}, owner = `test/Deployment/entries-${++owners}`): Promise<TestSidecar> {
  const entries = [{ name: 'docs', rateLimit: limits }, { name: 'code', rateLimit: limits }, { name: 'free' }];
  const sidecar = await startTestSidecar({
    upstream: upstream.url,
    annotations: {
      redis: redis.url,
      rejection: 'http',
      'rate-limit': JSON.stringify(limits),
      'remote-entries': entriesAnnotation(entries),
      ...annotations,
    },
    args: [`--owner=${owner}`],
    createEntryUpstream: reachedAt({ docs: upstream.url, code: upstream.url, free: upstream.url }),
  });
  open.push(sidecar);
  await sidecar.ready();
  return sidecar;
}
const call = (port: number, target: string, tool = 'search') =>
  sendRaw(port, rawRequest({ target, body: toolCall(tool, 'c') }), { quietMs: 60 });

describe('the limit of an entry', () => {
  it('[entry:limit] is its own: no inbound call and no other entry takes of it', async () => {
    const sidecar = await start();
    const statuses = async (port: number, target: string) => [(await call(port, target)).status, (await call(port, target)).status];
    expect(await statuses(sidecar.port, '/mcp')).toEqual([200, 429]);
    expect(await statuses(sidecar.entriesPort, '/docs')).toEqual([200, 429]);
    expect(await statuses(sidecar.entriesPort, '/code')).toEqual([200, 429]);
    expect(await statuses(sidecar.entriesPort, '/free')).toEqual([200, 200]);
  });

  it('[entry:limit] is that of all replicas together, and answers as any other', async () => {
    const owner = 'test/Deployment/entries-shared';
    const [one, two] = [await start({}, owner), await start({}, owner)];
    const first = await call(one.entriesPort, '/docs');
    expect([first.status, first.headers['ratelimit-policy']]).toEqual([200, '"shared";q=20;w=3600, "tool:search";q=1;w=3600']);
    const second = await call(two.entriesPort, '/docs');
    const wait = Number(second.headers['retry-after']);
    expect([second.status, JSON.parse(second.body)]).toEqual([
      429,
      {
        jsonrpc: '2.0',
        id: 'c',
        error: {
          code: -32029,
          message: `Rate limit exceeded for tool "search": 1 per 1h. Retry in ${wait} s.`,
          data: { retryAfterSeconds: wait, limit: 'tool:search' },
        },
      },
    ]);
  });

  it('[entry:metrics] is counted and logged under the name of the entry', async () => {
    const sidecar = await start();
    await call(sidecar.entriesPort, '/docs');
    await call(sidecar.entriesPort, '/docs');
    await call(sidecar.entriesPort, '/docs', 'whatever-a-client-says');
    await call(sidecar.entriesPort, '/whatever-a-client-asks');
    const calls = (tool: string, decision: string) =>
      sidecar.metric(`mcp_sluice_entry_calls_total{entry="docs",tool="${tool}",method="tools/call",decision="${decision}"}`);
    expect([await calls('search', 'allowed'), await calls('search', 'limited'), await calls('other', 'allowed')]).toEqual([1, 1, 1]);
    expect(await sidecar.metric('mcp_sluice_entry_messages_total{entry="docs",kind="request"}')).toBe(3);
    expect(await sidecar.metric('mcp_sluice_entry_responses_total{entry="docs",class="2xx"}')).toBe(2);
    expect(await sidecar.metric('mcp_sluice_entry_refusals_total{entry="docs",rung="rate-limit",mode="enforce"}')).toBe(1);
    expect(await sidecar.metric('mcp_sluice_entry_refusals_total{entry="",rung="entry:unknown",mode="enforce"}')).toBe(1);
    expect(await sidecar.metric('mcp_sluice_entry_up{entry="docs"}')).toBe(1);
    expect((await sidecar.admin('/metrics')).text).not.toContain('whatever');
    expect(await sidecar.metric('mcp_sluice_messages_total{kind="request"}')).toBe(0);
    expect(sidecar.lines).toContainEqual(
      expect.objectContaining({ msg: 'refused', entry: 'docs', reason: 'rate-limit', tool: 'search', limit: 'tool:search' }),
    );
  });

  it('[entry:limit] follows the rejection and the mode of the pod, also when they are edited', async () => {
    const sidecar = await start({ rejection: 'jsonrpc' });
    await call(sidecar.entriesPort, '/docs');
    const refused = await call(sidecar.entriesPort, '/docs');
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([200, { error: { code: -32029 } }]);
    const entries = entriesAnnotation([{ name: 'docs', rateLimit: limits }, { name: 'code', rateLimit: limits }, { name: 'free' }]);
    await sidecar.annotate({ redis: redis.url, 'rate-limit': JSON.stringify(limits), 'remote-entries': entries, mode: 'shadow' });
    // A call may pass before that, where Redis keeps a busy machine's sidecar waiting.
    await until(async () => {
      const { body } = await call(sidecar.entriesPort, '/docs');
      return sidecar.lines.some(wouldHaveRefused) && body.includes('{"ok":true}');
    });
  });
});

const wouldHaveRefused = ({ msg, entry, reason }: TestSidecar['lines'][number]): boolean =>
  msg === 'would have refused' && entry === 'docs' && reason === 'rate-limit';
