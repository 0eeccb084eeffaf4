import type { Charge } from '../src/policy/limiter.ts';
import { LocalBuckets } from '../src/policy/local-buckets.ts';
import { ReplicaCount } from '../src/policy/replica-count.ts';
import { Breaker } from './breaker.ts';
import { ClientHash } from './client-hash.ts';
import { GuardedStore, type LimiterEvents, type OnFailure, type Outcome } from './guarded-store.ts';
import { RedisFailure, redisFailure } from './redis-failure.ts';
import { Settlement } from './settlement.ts';
import type { SharedRedis } from './shared-redis.ts';
import { type Agreement, RedisStore, type RedisStoreOptions } from './store-redis.ts';

export interface LimiterOptions extends RedisStoreOptions {
  readonly events?: LimiterEvents;
}

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export interface Limiter {
  /** Resolves once Redis has answered, or after 5 s with the reason why it has not; goes on trying. Never rejects. */
  start(): Promise<Readiness>;
  /** Whether Redis has answered once in this process's life. */
  ready(): Readiness;
  /** Judges a call and takes its tokens; within about 100 ms, and at once while Redis is known to be away. Never rejects. */
  decide(charges: readonly Charge[], onFailure: OnFailure): Promise<Outcome>;
  /** The keyed hash that stands for a client. */
  clientHash(name: string): string;
  /** What else of this replica needs Redis uses the same connection. */
  readonly redis: SharedRedis;
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 5000;
/** Three fit into the life of a replica that has fallen silent. */
const HEARTBEAT_PERIOD_MS = 3000;

/** Puts store, breaker and client key together. Connects to nothing before `start`. */
export function createLimiter({ events = {}, ...options }: LimiterOptions): Limiter {
  const clients = new ClientHash();
  let reason = 'Redis has not answered yet';
  let hasAnswered = false;
  let onceUp: () => void = () => undefined;
  const firstAnswer = new Promise<void>((resolve) => {
    onceUp = resolve;
  });
  let isReportedDown = false;
  const upListeners: (() => void)[] = [];

  const replicas = new ReplicaCount();
  const local = new LocalBuckets();
  const store = new RedisStore(options, (lost) => breaker.lose(new Error(lost)));
  const settlement = new Settlement(local, (part) => store.settle(part));
  const breaker = new Breaker(openStore, {
    onUp() {
      hasAnswered = true;
      isReportedDown = false;
      onceUp();
      for (const tell of upListeners) tell();
      events.onState?.('up');
    },
    onDown(error) {
      const failure = redisFailure(error);
      reason = failure.message;
      events.onError?.(failure.kind, failure.message);
      if (!isReportedDown) events.onState?.('down', reason);
      isReportedDown = true;
    },
  });
  const guarded = new GuardedStore({ store, breaker, local, events, reason: () => reason });
  let timer: NodeJS.Timeout | undefined;

  const readiness = (): Readiness => (hasAnswered ? { ready: true } : { ready: false, reason });

  async function openStore(): Promise<void> {
    const agreed = await store.open(clients.key);
    await settlement.settle('all');
    adopt(agreed, { isAfterAbsence: true });
  }

  /** Another replica may also have made the client key anew after Redis lost it. */
  async function beat(): Promise<void> {
    local.forgetFull(performance.now());
    if (!breaker.isUp) return;
    const { epoch } = breaker;
    try {
      const agreed = await store.agree(clients.key);
      await settlement.settle('owed');
      adopt(agreed, { isAfterAbsence: false });
    } catch (error) {
      const failure = redisFailure(error);
      // One late answer is no reason to leave the next calls without Redis: they find out for themselves.
      if (failure.kind === 'timeout') events.onError?.(failure.kind, failure.message);
      else breaker.fail(failure, epoch);
    }
  }

  function adopt(agreed: Agreement, when: { readonly isAfterAbsence: boolean }): void {
    clients.adopt(agreed.clientKey);
    replicas.tell(agreed.replicas, performance.now(), when);
    local.replicas = replicas.live;
    events.onReplicas?.(replicas.live);
  }

  const redis: SharedRedis = {
    get isUp() {
      return breaker.isUp;
    },
    get replicas() {
      return replicas.live;
    },
    clientHash: (client) => clients.hash(client),
    onUp: (listener) => void upListeners.push(listener),
    async run(script, keys, args) {
      if (!breaker.isUp) throw new RedisFailure('connection', reason);
      const { epoch } = breaker;
      try {
        return await store.run(script, keys, args);
      } catch (error) {
        const failure = redisFailure(error);
        // An error reply may be of this script alone (a right that it lacks): no reason to leave the limits without Redis.
        if (failure.kind === 'connection') breaker.lose(failure);
        else if (failure.kind === 'timeout') breaker.fail(failure, epoch);
        else events.onError?.(failure.kind, failure.message);
        throw failure;
      }
    },
  };

  return {
    redis,
    async start() {
      breaker.start();
      timer = setInterval(() => void beat(), HEARTBEAT_PERIOD_MS).unref();
      let giveUp: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        giveUp = setTimeout(resolve, START_DEADLINE_MS);
      });
      await Promise.race([firstAnswer, deadline]);
      clearTimeout(giveUp);
      return readiness();
    },
    ready: readiness,
    decide: (charges, onFailure) => guarded.decide(charges, onFailure),
    clientHash: (name) => clients.hash(name),
    async stop() {
      clearInterval(timer);
      breaker.stop();
      store.close();
    },
  };
}
