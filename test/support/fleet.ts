import type { Outcome } from '../../sidecar/guarded-store.ts';
import { createLimiter, type Limiter, type LimiterOptions } from '../../sidecar/limiter.ts';
import type { Charge } from '../../src/policy/limiter.ts';
import { eventually } from './redis.ts';

export interface Fleet {
  readonly limiters: readonly Limiter[];
  /** How many of them use Redis now. */
  readonly up: number;
  /** How often one of them lost Redis. */
  readonly outages: number;
  /** The least that one of them believes there to be. */
  readonly believed: number;
  readonly excessTokens: number;
  readonly warnings: readonly string[];
  /** Each makes so many calls, by turns; resolves to what became of them, by words of `Outcome` and `allowed` or `refused`. */
  call(charges: readonly Charge[], timesEach: number): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

/** Limiters of one owner with `on-redis-failure: local`, each with a connection of its own, that know of each other. */
export async function startFleet(count: number, options: Pick<LimiterOptions, 'url'> & Partial<LimiterOptions>): Promise<Fleet> {
  const states = Array.from({ length: count }, () => ({ isUp: false, replicas: 0, outages: 0, excessTokens: 0 }));
  const warnings: string[] = [];
  const sum = (read: (state: (typeof states)[number]) => number): number => states.reduce((total, state) => total + read(state), 0);
  const limiters = states.map((state) =>
    createLimiter({
      owner: 'test/Deployment/fleet',
      ...options,
      events: {
        onState(is) {
          state.isUp = is === 'up';
          if (is === 'down') state.outages++;
        },
        onReplicas(replicas) {
          state.replicas = replicas;
        },
        onLocal(excessTokens) {
          state.excessTokens += excessTokens;
        },
        onWarning: (message) => warnings.push(message),
      },
    }),
  );
  for (const limiter of limiters) await limiter.start();
  const fleet: Fleet = {
    limiters,
    get up() {
      return sum(({ isUp }) => Number(isUp));
    },
    get outages() {
      return sum(({ outages }) => outages);
    },
    get believed() {
      return Math.min(...states.map(({ replicas }) => replicas));
    },
    get excessTokens() {
      return sum(({ excessTokens }) => excessTokens);
    },
    warnings,
    async call(charges, timesEach) {
      const seen: Record<string, number> = {};
      for (let i = 0; i < timesEach; i++) {
        for (const limiter of limiters) {
          const word = wordOf(await limiter.decide(charges, 'local'));
          seen[word] = (seen[word] ?? 0) + 1;
        }
      }
      return seen;
    },
    async stop() {
      await Promise.all(limiters.map((limiter) => limiter.stop()));
    },
  };
  await eventually('all know of each other', () => fleet.believed >= count);
  return fleet;
}

const wordOf = (outcome: Outcome): string =>
  'decision' in outcome ? `${outcome.kind} ${outcome.decision.allowed ? 'allowed' : 'refused'}` : outcome.kind;

/** How many calls passed, whoever decided. */
export const passed = (seen: Readonly<Record<string, number>>): number =>
  Object.entries(seen).reduce((sum, [word, count]) => sum + (word.endsWith('allowed') ? count : 0), 0);

/** How many of these passed. */
export const passedOf = (outcomes: readonly Outcome[]): number => outcomes.filter((outcome) => wordOf(outcome).endsWith('allowed')).length;
