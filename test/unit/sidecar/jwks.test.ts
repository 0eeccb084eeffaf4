import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { JWKS_TIMINGS, Jwks } from '../../../sidecar/jwks.ts';
import { keySetText, makeKey } from '../../support/tokens.ts';

let one: string;
let two: string;
beforeAll(async () => {
  one = keySetText((await makeKey('ES256', 'one')).jwk);
  two = keySetText((await makeKey('ES256', 'one')).jwk, (await makeKey('ES256', 'two')).jwk);
});
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const { refreshMs, cooldownMs, staleMs, retryMs } = JWKS_TIMINGS;

function asking(answer: () => Promise<string>) {
  const told: (number | string)[] = [];
  let asked = 0;
  let say = answer;
  const jwks = new Jwks({
    fetch: () => {
      asked += 1;
      return say();
    },
    nowMs: Date.now,
    onKeys: ({ size }) => told.push(size),
    onProblem: (problem) => told.push(problem),
  });
  return {
    jwks,
    told,
    get asked() {
      return asked;
    },
    answer: (next: () => Promise<string>) => {
      say = next;
    },
  };
}
const away = () => Promise.reject(new Error('idp: ECONNREFUSED'));

describe("the issuer's keys", () => {
  it('[jwt:no-fetch-per-request] are asked for at the start and then in the background only', async () => {
    const issuer = asking(async () => one);
    await issuer.jwks.start();
    for (let i = 0; i < 100; i++) expect(issuer.jwks.current()?.size).toBe(1);
    await vi.advanceTimersByTimeAsync(refreshMs * 0.89);
    expect(issuer.asked).toBe(1);
    await vi.advanceTimersByTimeAsync(refreshMs * 0.12);
    expect(issuer.asked).toBe(2);
    issuer.jwks.stop();
    await vi.advanceTimersByTimeAsync(refreshMs * 10);
    expect(issuer.asked).toBe(2);
  });

  it('[jwt:shared-refresh] are asked for once by all who need newer ones, and at most once in the cooldown', async () => {
    const issuer = asking(async () => one);
    await issuer.jwks.start();
    const next = Promise.withResolvers<string>();
    issuer.answer(() => next.promise);
    const waiting = Promise.all(Array.from({ length: 50 }, () => issuer.jwks.renew()));
    // Who needs none of the new ones does not wait.
    expect(issuer.jwks.current()?.size).toBe(1);
    next.resolve(two);
    expect((await waiting).map((keys) => keys?.size)).toEqual(Array(50).fill(2));
    expect(issuer.asked).toBe(2);
    for (let i = 0; i < 50; i++) expect((await issuer.jwks.renew())?.size).toBe(2);
    expect(issuer.asked).toBe(2);
    issuer.answer(async () => two);
    await vi.advanceTimersByTimeAsync(cooldownMs);
    await issuer.jwks.renew();
    expect(issuer.asked).toBe(3);
  });

  it('[jwt:shared-refresh] stay the same object while they stay the same keys', async () => {
    const issuer = asking(async () => one);
    await issuer.jwks.start();
    const known = issuer.jwks.current();
    expect(await issuer.jwks.renew()).toBe(known);
  });

  it('[jwt:stale] serve on while the issuer is away, and no longer than that', async () => {
    const issuer = asking(async () => one);
    await issuer.jwks.start();
    issuer.answer(away);
    await vi.advanceTimersByTimeAsync(staleMs - 1000);
    expect(issuer.jwks.current()?.size).toBe(1);
    expect(issuer.jwks.problem).toBe('idp: ECONNREFUSED');
    await vi.advanceTimersByTimeAsync(2000);
    expect(issuer.jwks.current()).toBeUndefined();
    issuer.answer(async () => two);
    await vi.advanceTimersByTimeAsync(retryMs.last);
    expect(issuer.jwks.current()?.size).toBe(2);
    expect(issuer.jwks.problem).toBeUndefined();
  });

  it('[jwt:stale] are kept where what comes instead is no key set', async () => {
    const issuer = asking(async () => one);
    await issuer.jwks.start();
    issuer.answer(async () => '<html>maintenance</html>');
    await vi.advanceTimersByTimeAsync(refreshMs);
    expect(issuer.jwks.current()?.size).toBe(1);
    expect(issuer.told.slice(0, 2)).toEqual([1, 'what it sends is no JWK Set ({"keys": […]})']);
  });

  it('[jwt:unreachable] are asked for again and again, ever more rarely', async () => {
    const issuer = asking(away);
    await issuer.jwks.start();
    expect(issuer.jwks.current()).toBeUndefined();
    expect(issuer.jwks.retryAfterSeconds).toBe(1);
    await vi.advanceTimersByTimeAsync(60_000);
    // After 1, 2, 4, 8, 16 and 30 s, each a tenth less at most.
    expect(issuer.asked).toBeGreaterThanOrEqual(6);
    expect(issuer.asked).toBeLessThanOrEqual(8);
    expect(issuer.jwks.retryAfterSeconds).toBeLessThanOrEqual(30);
    issuer.answer(async () => one);
    await vi.advanceTimersByTimeAsync(retryMs.last);
    expect(issuer.jwks.current()?.size).toBe(1);
    issuer.jwks.stop();
  });

  it('[jwt:unreachable] make a request wait for the first question, and for none while the issuer is away', async () => {
    const first = Promise.withResolvers<string>();
    const issuer = asking(() => first.promise);
    void issuer.jwks.start();
    const waiting = issuer.jwks.renew();
    first.reject(new Error('idp: ECONNREFUSED'));
    expect(await waiting).toBeUndefined();
    expect(await issuer.jwks.renew()).toBeUndefined();
    expect(issuer.asked).toBe(1);
    issuer.answer(() => new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(retryMs.first);
    expect(issuer.asked).toBe(2);
    // Under way, and slow.
    expect(await issuer.jwks.renew()).toBeUndefined();
    issuer.jwks.stop();
  });
});
