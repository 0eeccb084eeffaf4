import { randomBytes } from 'node:crypto';
import { chargeState } from '../src/policy/charge-state.ts';
import type { Charge, ChargeState, Decision, LimiterStore } from '../src/policy/limiter.ts';
import { grown } from '../src/policy/local-entry.ts';
import type { Script } from './bucket-script.ts';
import { handshakeScript } from './handshake-script.ts';
import { limiterScript } from './limiter-script.ts';
import { RedisFailure, within } from './redis-failure.ts';
import { settleScript } from './settle-script.ts';
import type { SettlementPart } from './settlement.ts';
import { RedisLink } from './store-redis-link.ts';
import type { RedisTarget } from './store-redis-options.ts';

export interface RedisStoreOptions extends RedisTarget {
  /** namespace/kind/name: under it the buckets are kept (contract §2). */
  readonly owner: string;
  /** What one command may take before Redis counts as away; 100 ms without it (contract §6). */
  readonly commandDeadlineMs?: number | undefined;
}

const COMMAND_DEADLINE_MS = 100;
/** Calls in one script: Redis does nothing else meanwhile. */
const BATCH_LIMIT = 128;
/** The client key outlives every bucket (31 days at most) that is named by it. */
const CLIENT_KEY_TTL_MS = 40 * 86_400_000;

/** What the replicas of an owner agree on through Redis. */
export interface Agreement {
  readonly clientKey: string;
  /** How many have lately said that they live, this one among them. */
  readonly replicas: number;
}

interface Waiting {
  readonly charges: readonly Charge[];
  readonly resolve: (decision: Decision) => void;
  readonly reject: (error: unknown) => void;
}

/** Buckets in Redis: all decisions that come up in one turn of the event loop are made by one script call. */
export class RedisStore implements LimiterStore {
  readonly #target: RedisTarget;
  readonly #prefix: string;
  readonly #deadlineMs: number;
  readonly #onLost: (reason: string) => void;
  readonly #script: Script = limiterScript();
  readonly #replica = randomBytes(12).toString('base64url');
  #link: RedisLink | undefined;
  #waiting: Waiting[] = [];

  constructor({ owner, commandDeadlineMs, ...target }: RedisStoreOptions, onLost: (reason: string) => void) {
    this.#target = target;
    this.#deadlineMs = commandDeadlineMs ?? COMMAND_DEADLINE_MS;
    // One hash slot for all keys of an owner; a brace in its name would end the tag early.
    this.#prefix = `mcp-sluice:{${owner.replace(/[^\w./-]/gu, encodeURIComponent)}}:`;
    this.#onLost = onLost;
  }

  /** Opens a connection in place of the last one. Rejects with a RedisFailure unless Redis runs scripts and takes writes. */
  async open(clientKey: string): Promise<Agreement> {
    this.close();
    const link = await RedisLink.open(this.#target, (reason) => {
      if (this.#link === link) this.#link = undefined;
      this.#onLost(reason);
    });
    try {
      const agreed = await this.#agree(link, clientKey);
      // Without calls it decides nothing, but Redis knows it from now on: no decision takes a second trip for its text.
      await within(link.run(this.#script, [], []), this.#deadlineMs);
      this.#link = link;
      return agreed;
    } catch (error) {
      link.close();
      throw error;
    }
  }

  /** Says that this replica lives, and agrees with the others on the key of the client hashes: theirs where there is one, else ours. */
  async agree(clientKey: string): Promise<Agreement> {
    return this.#agree(this.#connected(), clientKey);
  }

  /** Debits what was spent while Redis was away; resolves to the micro-tokens that the buckets hold since. */
  async settle(part: SettlementPart): Promise<readonly number[]> {
    const keys = [`${this.#prefix}settled:${this.#replica}`, ...part.owed.map(({ name }) => `${this.#prefix}b:${name}`)];
    const args = encodeSettlement(part, performance.now());
    const answer = await within(this.#connected().run(settleScript, keys, args), this.#deadlineMs);
    if (!isIntegers(answer, part.owed.length)) throw unreadable();
    return answer;
  }

  take(charges: readonly Charge[]): Promise<Decision> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ charges, resolve, reject }) === 1) setImmediate(() => this.#flush());
    });
  }

  /** Runs another script within the deadline, its keys within the owner's slot. Rejects with a RedisFailure. */
  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const own = keys.map((key) => this.#prefix + key);
    return within(this.#connected().run(script, own, args), this.#deadlineMs);
  }

  close(): void {
    this.#link?.close();
    this.#link = undefined;
  }

  #connected(): RedisLink {
    if (this.#link === undefined) throw new RedisFailure('connection', 'not connected to Redis');
    return this.#link;
  }

  async #agree(link: RedisLink, candidate: string): Promise<Agreement> {
    const keys = [`${this.#prefix}client-key`, `${this.#prefix}replicas`];
    const answer = await within(link.run(handshakeScript, keys, [candidate, CLIENT_KEY_TTL_MS, this.#replica]), this.#deadlineMs);
    const [clientKey, replicas] = Array.isArray(answer) ? answer : [];
    if (typeof clientKey !== 'string' || !Number.isSafeInteger(replicas)) throw unreadable();
    return { clientKey, replicas };
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += BATCH_LIMIT) {
      const batch = waiting.slice(from, from + BATCH_LIMIT);
      this.#decide(batch).catch((error: unknown) => {
        for (const { reject } of batch) reject(error);
      });
    }
  }

  async #decide(batch: readonly Waiting[]): Promise<void> {
    const { keys, args } = encodeBatch(batch, `${this.#prefix}b:`);
    const answer = await within(this.#connected().run(this.#script, keys, args), this.#deadlineMs);
    const decisions = decodeBatch(answer, batch);
    for (const [index, { resolve }] of batch.entries()) resolve(decisions[index] as Decision);
  }
}

/** The arguments of the limiter's script for some calls. */
export function encodeBatch(
  batch: readonly { readonly charges: readonly Charge[] }[],
  prefix: string,
): { readonly keys: readonly string[]; readonly args: readonly number[] } {
  const indexes = new Map<string, number>();
  const args: number[] = [];
  for (const { charges } of batch) {
    args.push(charges.length);
    for (const { name, bucket, cost } of charges) {
      const index = indexes.get(name) ?? indexes.size + 1;
      indexes.set(name, index);
      args.push(index, bucket.maxTokens, bucket.refillPeriodMs, cost);
    }
  }
  return { keys: [...indexes.keys()].map((name) => prefix + name), args };
}

/** The arguments of the settling script. A full bucket forgives what was taken from it, also in the time that a part waits. */
export function encodeSettlement({ number, owed, replicas }: SettlementPart, nowMs: number): readonly number[] {
  const debits = owed.map((each) => grown(each, nowMs));
  return [
    number,
    ...debits.flatMap(({ maxTokens, periodMs, baseMicro, micro }) => [
      maxTokens,
      periodMs,
      Math.max(0, Math.floor(baseMicro)),
      Math.ceil((baseMicro - micro) / replicas),
    ]),
  ];
}

/** The decisions that the limiter's script answered, one a call. Throws a RedisFailure where the answer is not of its form. */
export function decodeBatch(answer: unknown, batch: readonly { readonly charges: readonly Charge[] }[]): readonly Decision[] {
  const expected = batch.reduce((sum, { charges }) => sum + 1 + 2 * charges.length, 0);
  if (!isIntegers(answer, expected)) throw unreadable();
  let position = 0;
  const next = (): number => answer[position++] as number;
  return batch.map(({ charges }) => {
    const allowed = next() === 1;
    let longestMs = 0;
    const states = charges.map(({ bucket }): ChargeState => {
      const micro = next();
      const waitMs = next();
      longestMs = Math.max(longestMs, waitMs);
      return chargeState(bucket, micro, waitMs);
    });
    return { allowed, waitMs: longestMs, states };
  });
}

const isIntegers = (answer: unknown, count: number): answer is readonly number[] =>
  Array.isArray(answer) && answer.length === count && answer.every(Number.isSafeInteger);

const unreadable = (): RedisFailure => new RedisFailure('other', 'Redis answered the limiter in a form that it does not have');
