import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Drain } from '../../../sidecar/drain.ts';

const happened: string[] = [];
let inFlight = 0;
const startMs = Date.now();

const createDrain = (graceMs: number) =>
  new Drain({
    graceMs,
    acceptMs: 2_000,
    nowMs: () => Date.now(),
    inFlight: () => inFlight,
    stopAccepting: () => happened.push(`stop accepting at ${Date.now() - startMs}`),
    cut: () => happened.push(`cut at ${Date.now() - startMs}`),
    onPhase: (phase) => happened.push(phase),
    exit: () => happened.push('exit'),
  });

beforeEach(() => {
  happened.length = 0;
  inFlight = 0;
  vi.useFakeTimers({ now: startMs });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the drain', () => {
  it('[sidecar:drain-idle] accepts for two seconds after the signal, then ends where nothing is in flight', () => {
    const drain = createDrain(30_000);
    drain.terminate();
    expect(drain.isDraining).toBe(true);
    vi.advanceTimersByTime(1_900);
    expect(happened).toEqual(['draining']);
    vi.advanceTimersByTime(200);
    expect(happened).toEqual(['draining', 'stopping', 'stop accepting at 2000', 'cut at 2000', 'exit']);
  });

  it('[sidecar:drain-in-flight] waits for what is in flight, and ends with the last of it', () => {
    inFlight = 2;
    createDrain(30_000).terminate();
    vi.advanceTimersByTime(10_000);
    expect(happened).not.toContain('exit');
    inFlight = 0;
    vi.advanceTimersByTime(100);
    expect(happened.at(-1)).toBe('exit');
    expect(happened).not.toContain('cutting');
  });

  it('[sidecar:drain-grace] cuts what is left a second before the grace period, counted from the preStop, is over', () => {
    inFlight = 1;
    const drain = createDrain(30_000);
    drain.begin();
    vi.advanceTimersByTime(20_000);
    expect(happened).toEqual(['draining']);
    drain.terminate();
    vi.advanceTimersByTime(8_900);
    expect(happened.at(-1)).toBe('stop accepting at 20000');
    vi.advanceTimersByTime(200);
    expect(happened.slice(-3)).toEqual(['cutting', 'cut at 29000', 'exit']);
  });

  it('[sidecar:drain-twice] ends at once at the second signal', () => {
    inFlight = 1;
    const drain = createDrain(30_000);
    drain.terminate();
    drain.terminate();
    expect(happened.at(-1)).toBe('exit');
  });
});
