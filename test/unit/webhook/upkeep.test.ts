import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startUpkeep } from '../../../webhook/upkeep.ts';

describe('upkeep', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setup() {
    const failing = new Set<string>();
    const looks: string[] = [];
    const failures: string[] = [];
    const duty = (name: string) => ({
      name,
      fulfil: async () => {
        looks.push(name);
        if (failing.has(name)) throw new Error(`${name} is broken`);
      },
    });
    const start = () =>
      startUpkeep({ duties: [duty('a'), duty('b')], intervalMs: 30_000, retryMs: 1000, onFailure: (name) => failures.push(name) });
    return { failing, looks, failures, start };
  }

  it('[webhook:upkeep] looks after everything at once and then every 30 s', async () => {
    const { looks, start } = setup();
    const upkeep = start();
    expect(upkeep.unmet()).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(0);
    expect(upkeep.unmet()).toEqual([]);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(looks).toEqual(['a', 'b']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(looks).toEqual(['a', 'b', 'a', 'b']);
    upkeep.stop();
  });

  it('goes on with the others when one fails, says which, and tries again soon', async () => {
    const { failing, failures, looks, start } = setup();
    failing.add('a');
    const upkeep = start();
    await vi.advanceTimersByTimeAsync(0);
    expect(upkeep.unmet()).toEqual(['a: a is broken']);
    expect(looks).toEqual(['a', 'b']);
    failing.clear();
    await vi.advanceTimersByTimeAsync(1000);
    expect(upkeep.unmet()).toEqual([]);
    expect(failures).toEqual(['a']);
    upkeep.stop();
  });

  it('[webhook:upkeep] stays ready when a duty that held cannot be looked at', async () => {
    const { failing, failures, start } = setup();
    const upkeep = start();
    await vi.advanceTimersByTimeAsync(0);
    failing.add('b');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(failures).toEqual(['b']);
    expect(upkeep.unmet()).toEqual([]);
    upkeep.stop();
  });

  it('does nothing more once stopped', async () => {
    const { looks, start } = setup();
    const upkeep = start();
    await vi.advanceTimersByTimeAsync(0);
    upkeep.stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(looks).toEqual(['a', 'b']);
  });
});
