import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Breaker } from '../../../sidecar/breaker.ts';

let probes: { resolve(): void; reject(error: Error): void }[];
let seen: string[];
let breaker: Breaker;
const lastProbe = () => probes.at(-1) ?? { resolve: () => expect.fail('no probe'), reject: () => expect.fail('no probe') };
const pass = (durationMs: number) => vi.advanceTimersByTimeAsync(durationMs);

beforeEach(() => {
  vi.useFakeTimers();
  probes = [];
  seen = [];
  breaker = new Breaker(() => new Promise((resolve, reject) => probes.push({ resolve, reject })), {
    onUp: () => seen.push('up'),
    onDown: (reason) => seen.push((reason as Error).message),
  });
});
afterEach(() => {
  breaker.stop();
  vi.useRealTimers();
});

async function up(): Promise<void> {
  breaker.start();
  await pass(0);
  lastProbe().resolve();
  await pass(0);
}

describe('Breaker', () => {
  it('[limiter:breaker] is down until a probe succeeds, and probes once a period, never two at a time', async () => {
    breaker.start();
    await pass(0);
    expect(breaker.isUp).toBe(false);
    await pass(60_000);
    expect(probes).toHaveLength(1);
    lastProbe().reject(new Error('refused'));
    await pass(799);
    expect(probes).toHaveLength(1);
    await pass(401);
    expect(probes).toHaveLength(2);
    lastProbe().resolve();
    await pass(0);
    expect(breaker.isUp).toBe(true);
    expect(seen).toEqual(['refused', 'up']);
  });

  it('stays down for a period after a failure, however many calls report it', async () => {
    await up();
    await pass(5000);
    const { epoch } = breaker;
    breaker.fail(new Error('hung'), epoch);
    breaker.fail(new Error('hung'), epoch);
    expect(seen).toEqual(['up', 'hung']);
    await pass(799);
    expect(probes).toHaveLength(1);
    await pass(401);
    expect(probes).toHaveLength(2);
  });

  it('ignores a failure from before it came up again', async () => {
    await up();
    const { epoch } = breaker;
    breaker.fail(new Error('hung'), epoch);
    await pass(1200);
    lastProbe().resolve();
    await pass(0);
    breaker.fail(new Error('late'), epoch);
    expect(breaker.isUp).toBe(true);
  });

  it('tries at once after the loss of a connection that had held, and after a period when it is lost again', async () => {
    await up();
    await pass(1000);
    breaker.lose(new Error('lost'));
    await pass(0);
    expect(probes).toHaveLength(2);
    lastProbe().resolve();
    await pass(10);
    breaker.lose(new Error('lost'));
    await pass(799);
    expect(probes).toHaveLength(2);
    await pass(401);
    expect(probes).toHaveLength(3);
  });

  it('does nothing more once stopped, also where a probe is under way', async () => {
    breaker.start();
    await pass(0);
    breaker.stop();
    lastProbe().resolve();
    await pass(60_000);
    expect(breaker.isUp).toBe(false);
    expect(seen).toEqual([]);
    expect(probes).toHaveLength(1);
  });
});
