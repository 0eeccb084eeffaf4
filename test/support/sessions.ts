import type { OnFailure } from '../../sidecar/guarded-store.ts';
import { createLimiter, type Limiter } from '../../sidecar/limiter.ts';
import { Admission } from '../../sidecar/session-admission.ts';
import { RedisSessionStore } from '../../sidecar/store-redis-sessions.ts';
import type { HeldSession, SessionLimits, Slot } from '../../src/policy/session-admission.ts';
import { eventually } from './redis.ts';

export const OWNER = 'test/Deployment/server';
export const KEYS = `mcp-sluice:{${OWNER}}:`;
export const LIMITS: SessionLimits = { max: 3, maxPerClient: 2, idleTimeoutMs: 300_000, maxLifetimeMs: 86_400_000 };

/** One for all replicas of a test, and for the scripts. */
export interface TestClock {
  nowMs: number;
}

export interface TestReplica {
  readonly admission: Admission;
  /** `id reason`, in the order in which they came. */
  readonly ended: string[];
  readonly limiter: Limiter | undefined;
  /** As a killed process: nothing is given back. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface ReplicaOptions {
  /** Absent: the real ones, Redis's own too. */
  readonly clock?: TestClock;
  readonly limits?: SessionLimits;
  /** Absent: in memory. */
  readonly url?: string | undefined;
  readonly pod?: string;
  readonly onFailure?: OnFailure;
  readonly commandDeadlineMs?: number;
}

/** A replica that the store already counts with, where there is one. */
export async function startReplica(options: ReplicaOptions): Promise<TestReplica> {
  const { clock, url, pod = 'pod-1', limits = LIMITS, onFailure = 'open', commandDeadlineMs = 20_000 } = options;
  const ended: string[] = [];
  const limiter = url === undefined ? undefined : createLimiter({ url, owner: OWNER, commandDeadlineMs });
  await limiter?.start();
  const nowMs = clock && (() => clock.nowMs);
  const admission = new Admission({
    owner: OWNER,
    limits,
    ...(nowMs && { nowMs }),
    events: { onEnded: (id, reason) => ended.push(`${id} ${reason}`) },
    store: limiter && new RedisSessionStore({ redis: limiter.redis, pod, ...(nowMs && { nowMs }) }),
    onRedisFailure: () => onFailure,
  });
  admission.start();
  if (limiter !== undefined) await eventually('in step', () => admission.settled());
  return {
    admission,
    ended,
    limiter,
    async kill() {
      await limiter?.stop();
      await admission.stop();
    },
    async stop() {
      await admission.stop();
      await limiter?.stop();
    },
  };
}

/** A slot; fails the test where there is none. */
export async function slotOf({ admission }: TestReplica, client?: string): Promise<Slot> {
  const reserved = await admission.reserve(client);
  if (!reserved.ok) throw new Error(`refused: ${reserved.refusal.reason}`);
  return reserved.slot;
}

export async function open(replica: TestReplica, id: string, client?: string): Promise<HeldSession> {
  return (await slotOf(replica, client)).confirm(id);
}

/** `ok`, or why not and how long to wait; an `ok` is given back at once. */
export async function ask({ admission }: TestReplica, client?: string): Promise<string> {
  const reserved = await admission.reserve(client);
  if (!reserved.ok) return `${reserved.refusal.reason} ${reserved.refusal.waitMs}`;
  reserved.slot.release();
  return 'ok';
}

/** Time passes, a second at a time, and each replica does what it does in it. */
export async function pass(clock: TestClock, ms: number, ...replicas: readonly TestReplica[]): Promise<void> {
  for (let left = ms; left > 0; left -= 1000) {
    clock.nowMs += Math.min(1000, left);
    for (const { admission } of replicas) admission.sweep();
    for (const { admission } of replicas) await admission.settled();
  }
}
