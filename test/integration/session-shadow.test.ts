import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { gated, headerIdentity } from '../support/gated.ts';
import { ownRedis } from '../support/redis.ts';
import { until } from '../support/until-true.ts';

const its = gated();
const shadow = { mode: 'shadow', sessions: '{max: 1, idleTimeout: 1s, maxStreamsPerClient: 1}' };

const wouldRefuse = (reason: string) =>
  its.sidecar.lines.filter((line) => line['reason'] === reason && line['msg'] === 'would have refused').length;

const idled = () => until(async () => (await its.sidecar.metric('mcp_sluice_sessions_ended_total{reason="idle"}')) === 1);

describe('in shadow mode', () => {
  beforeEach(() => its.start(shadow));

  it('[gate:shadow] what is over the cap is opened, used and closed, and told', async () => {
    const mine = [await its.open('ann'), await its.open('ann'), await its.open('ann')];
    expect(wouldRefuse('session:full')).toBe(2);
    for (const session of mine) expect((await its.client.ask(session, { user: 'ann' })).status).toBe(200);
    expect((await its.client.ask(mine[0], { user: 'bob' })).status).toBe(200);
    expect(wouldRefuse('session:foreign')).toBe(1);
    expect(await its.sidecar.metric('mcp_sluice_refusals_total{rung="session:foreign",mode="shadow"}')).toBe(1);
    for (const session of mine) expect((await its.client.delete(session, { user: 'ann' })).status).toBe(200);
    expect(await its.held()).toBe(0);
  });

  it('[gate:shadow] what would be reaped lives on, and is told once it is used again', async () => {
    const session = await its.open();
    await idled();
    expect((await its.client.ask(session)).status).toBe(200);
    expect(wouldRefuse('session:ended')).toBe(1);
    expect(its.server.deleted).toEqual([]);
  });

  it('[gate:shadow] an id that nobody asked for passes, and is counted', async () => {
    its.server.override = ({ response }) => response.writeHead(400, { 'mcp-session-id': its.server.open() }).end() !== undefined;
    const { session } = await its.client.ask(undefined);
    await its.quiet();
    expect([session !== undefined, its.server.deleted]).toEqual([true, []]);
    expect(await its.sidecar.metric('mcp_sluice_session_anomalies_total{mode="shadow"}')).toBe(1);
  });
});

describe('after shadow mode', () => {
  it.each(['memory', 'Redis'])('[gate:shadow] what would have been reaped goes on, as it was never closed: %s', async (kind) => {
    const redis = kind === 'Redis' ? await ownRedis() : undefined;
    onTestFinished(() => redis?.stop());
    const where = redis === undefined ? {} : { redis: redis.url };
    await its.start({ ...where, ...shadow });
    const session = await its.open('ann');
    await idled();
    await its.sidecar.annotate({ identity: headerIdentity, ...where, sessions: '{max: 1}', mode: 'enforce' });
    await until(async () => (await its.sidecar.metric('mcp_sluice_shadow')) === 0);
    expect((await its.client.ask(session, { user: 'ann' })).status).toBe(200);
    expect(await its.held()).toBe(1);
  });
});
