import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RedisFailure, redisFailure, within } from '../../../sidecar/redis-failure.ts';

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError', command: { args: ['s3cret'] } });

describe('redisFailure', () => {
  it.each([
    [reply('WRONGPASS invalid username-password pair or user is disabled.'), 'auth'],
    [reply('NOPERM this user has no permissions'), 'auth'],
    [reply('LOADING Redis is loading the dataset in memory'), 'loading'],
    [reply('BUSY Redis is busy running a script'), 'loading'],
    [reply("READONLY You can't write against a read only replica. script: 1a, on @user_script:9."), 'readonly'],
    [reply('ERR Error running script (call to f_1a): @user_script:9: -READONLY You cannot write'), 'readonly'],
    [reply("OOM command not allowed when used memory > 'maxmemory'."), 'oom'],
    [reply('MISCONF Redis is configured to save RDB snapshots'), 'misconf'],
    [reply('ERR unknown command'), 'other'],
    [new Error('Connection is closed.'), 'connection'],
    ['what', 'other'],
  ])('[limiter:failure-kinds] sorts %j', (error, kind) => {
    expect(redisFailure(error).kind).toBe(kind);
  });

  it('[limiter:no-secrets-in-errors] keeps nothing of the command that failed', () => {
    const failure = redisFailure(reply('WRONGPASS invalid'));
    expect(JSON.stringify([{ ...failure }, failure.message, String(failure.cause)])).not.toContain('s3cret');
  });
});

describe('an echo of the command', () => {
  it.each([
    "ERR unknown command 'AUTH', with args beginning with: 'user' 's3cret' ",
    'ERR unknown command `AUTH`, with args beginning with: `s3cret`,',
  ])('[limiter:no-secrets-in-errors] is left out of %j', (message) => {
    expect(redisFailure(reply(message)).message).toMatch(/^ERR unknown command .AUTH.$/);
  });
});

describe('within', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('[limiter:deadline] rejects once the time is over, and lets a late rejection go', async () => {
    let fail: (error: Error) => void = () => undefined;
    const answer = within(new Promise((_, reject) => (fail = reject)), 100).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(101);
    const outcome = await answer;
    expect(outcome).toBeInstanceOf(RedisFailure);
    expect(outcome).toMatchObject({ kind: 'timeout' });
    fail(new Error('late'));
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[limiter:deadline] takes an answer that lies in the socket when the timer fires late', async () => {
    let answered: (value: string) => void = () => undefined;
    const answer = within(new Promise<string>((resolve) => (answered = resolve)), 100);
    // The timer's own turn comes before the sockets are read, setImmediate after.
    setTimeout(() => answered('in time'), 100);
    await vi.advanceTimersByTimeAsync(100);
    await expect(answer).resolves.toBe('in time');
  });
});
