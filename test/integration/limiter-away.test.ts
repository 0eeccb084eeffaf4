import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, type StartedRedis } from '../../src/build/start-redis.ts';
import { brief, type WatchedLimiter, watchedLimiter } from '../support/limiter.ts';
import { administer, eventually, ownRedis } from '../support/redis.ts';
import { charge } from '../unit/policy/limits.ts';

const two = [charge('2/1h')];
let cleanups: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  cleanups = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function redis(...args: Parameters<typeof ownRedis>): Promise<StartedRedis> {
  const server = await ownRedis(...args);
  cleanups.push(() => server.stop());
  return server;
}
async function started(url: string): Promise<WatchedLimiter> {
  const watched = watchedLimiter({ url });
  cleanups.push(() => watched.limiter.stop());
  await watched.limiter.start();
  return watched;
}
const ask = async ({ limiter }: WatchedLimiter, onFailure: 'open' | 'closed' = 'open') => brief(await limiter.decide(two, onFailure));
const decidesAgain = (watched: WatchedLimiter) =>
  eventually('Redis decides again', async () => ['allowed', 'refused'].includes(await ask(watched)));
const timesUp = ({ seen }: WatchedLimiter) => seen.filter((event) => event === 'up').length;

describe('Redis away', () => {
  it('[limiter:not-ready] is not ready while nothing answers, says why after 5 s, and becomes ready when it does', async () => {
    const port = await freePort();
    const watched = watchedLimiter({ url: `redis://127.0.0.1:${port}` });
    cleanups.push(() => watched.limiter.stop());
    expect(await watched.limiter.start()).toEqual({ ready: false, reason: `connect ECONNREFUSED 127.0.0.1:${port}` });
    expect(await ask(watched, 'closed')).toBe('failed-closed');
    await redis({ port });
    await eventually('ready', () => watched.limiter.ready().ready);
    expect(await ask(watched, 'closed')).toBe('allowed');
  });

  it('[limiter:killed] lets calls pass with a warning while Redis is dead, and limits again when an empty one is back', async () => {
    const server = await redis();
    const watched = await started(server.url);
    expect([await ask(watched), await ask(watched), await ask(watched)]).toEqual(['allowed', 'allowed', 'refused']);
    process.kill(server.pid ?? 0, 'SIGKILL');
    await eventually('fails open', async () => (await ask(watched)) === 'failed-open');
    expect(await ask(watched, 'closed')).toBe('failed-closed');
    expect(watched.limiter.ready()).toEqual({ ready: true });
    expect(watched.warnings).toHaveLength(1);
    expect(watched.warnings[0]).toContain('on-redis-failure');
    await redis({ port: server.port });
    await decidesAgain(watched);
    await eventually('refuses', async () => (await ask(watched)) === 'refused');
  });

  it('[limiter:hung] costs one deadline and then nothing while Redis hangs, takes no late answer for an error, and recovers', async () => {
    const server = await redis();
    const watched = await started(server.url);
    process.kill(server.pid ?? 0, 'SIGSTOP');
    const first = await Promise.all(Array.from({ length: 20 }, () => watched.limiter.decide(two, 'open')));
    expect(first[0]).toEqual({ kind: 'failed-open', reason: 'Redis did not answer within 100 ms' });
    // With the breaker open no call reaches the socket: a thousand waits of 100 ms would outlast this test.
    for (let i = 0; i < 1000; i++) expect(await ask(watched)).toBe('failed-open');
    process.kill(server.pid ?? 0, 'SIGCONT');
    await decidesAgain(watched);
    expect(timesUp(watched)).toBe(2);
  });

  it('[limiter:slow] recovers from a pause longer than the deadline', async () => {
    const server = await redis();
    const watched = await started(server.url);
    await administer(server.url, (admin) => admin.call('CLIENT', 'PAUSE', '400', 'ALL'));
    expect(await ask(watched)).toBe('failed-open');
    expect(watched.seen).toContain('timeout');
    await decidesAgain(watched);
  });

  it('[limiter:idle-closed] is back without any call when Redis closes an idle connection', async () => {
    const server = await redis();
    const watched = await started(server.url);
    await administer(server.url, (admin) => admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
    await eventually('a second connection', () => timesUp(watched) === 2);
    expect(await ask(watched)).toBe('allowed');
    expect(watched.seen).not.toContain('failed-open');
  });

  it('[limiter:readonly] treats a Redis that became a replica as away until it takes writes again', async () => {
    const server = await redis();
    const watched = await started(server.url);
    await administer(server.url, (admin) => admin.call('REPLICAOF', '127.0.0.1', '1'));
    expect(await ask(watched)).toBe('failed-open');
    await eventually('a probe that saw it', () => watched.seen.filter((event) => event === 'readonly').length >= 2);
    expect(timesUp(watched)).toBe(1);
    await administer(server.url, (admin) => admin.call('REPLICAOF', 'NO', 'ONE'));
    await decidesAgain(watched);
  });

  it('[limiter:oom] treats a Redis without memory as away until it has some', async () => {
    const server = await redis();
    const watched = await started(server.url);
    await administer(server.url, (admin) => admin.config('SET', 'maxmemory', '1'));
    expect(await ask(watched)).toBe('failed-open');
    await eventually('a probe that saw it', () => watched.seen.filter((event) => event === 'oom').length >= 2);
    await administer(server.url, (admin) => admin.config('SET', 'maxmemory', '0'));
    await decidesAgain(watched);
  });

  it('[limiter:misconf] treats a Redis that refuses writes for want of a disk as away', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mcp-sluice-gone-'));
    const server = await redis({ args: ['--dir', directory, '--save', '3600 1'] });
    const watched = await started(server.url);
    await rm(directory, { recursive: true });
    await administer(server.url, async (admin) => {
      await admin.bgsave();
      await eventually('the save failed', async () => (await admin.info('persistence')).includes('rdb_last_bgsave_status:err'));
    });
    expect(await ask(watched)).toBe('failed-open');
    expect(watched.seen).toContain('misconf');
    await administer(server.url, (admin) => admin.config('SET', 'stop-writes-on-bgsave-error', 'no'));
    await decidesAgain(watched);
  });
});
