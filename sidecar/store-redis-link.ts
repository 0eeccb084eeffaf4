import type { Redis } from 'ioredis';
import { redisFailure, within } from './redis-failure.ts';
import { type RedisTarget, readRedisAccess } from './store-redis-options.ts';

/** Time for TCP and TLS, and for each command before the link is used, in ms. */
const OPENING_DEADLINE_MS = 2000;
const KEEP_ALIVE_MS = 10_000;

/**
 * One connection to Redis, from dialling to its loss. It never reconnects by
 * itself: who holds it opens another, with credentials, CA and DNS read anew,
 * and nothing that was sent before is ever sent twice.
 */
export class RedisLink {
  readonly #client: Redis;

  private constructor(client: Redis) {
    this.#client = client;
  }

  /** Dials, authenticates and selects the database. Rejects with a RedisFailure. */
  static async open(target: RedisTarget, onLost: (reason: string) => void): Promise<RedisLink> {
    const { options, credentials, database } = await readRedisAccess(target);
    const { Redis } = await import('ioredis');
    const client = new Redis({
      ...options,
      lazyConnect: true,
      connectTimeout: OPENING_DEADLINE_MS,
      keepAlive: KEEP_ALIVE_MS,
      retryStrategy: () => null,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // RESP2 and no INFO, HELLO or CLIENT: an ACL need not allow what we can do without.
      protocol: 2,
      enableReadyCheck: false,
      disableClientInfo: true,
      replyMapping: 'legacy',
    });
    let reason = 'the connection was closed';
    // Also keeps an `error` event from ending the process.
    client.on('error', (error: Error) => {
      reason = error.message || (error as NodeJS.ErrnoException).code || reason;
    });
    try {
      await within(client.connect(), OPENING_DEADLINE_MS).catch((error: unknown) => {
        // ioredis says only that it was closed; why it was came as an event.
        const failure = redisFailure(error);
        throw failure.kind === 'connection' ? new Error(reason) : failure;
      });
      if (credentials !== undefined) {
        const names = credentials.username === undefined ? [] : [credentials.username];
        await within(client.call('AUTH', ...names, credentials.password), OPENING_DEADLINE_MS).catch(ignoreNeedless);
      }
      if (database !== 0) await within(client.call('SELECT', database), OPENING_DEADLINE_MS);
    } catch (error) {
      client.disconnect();
      throw redisFailure(error);
    }
    client.once('end', () => onLost(reason));
    return new RedisLink(client);
  }

  /** Runs a script by its hash, and by its text where Redis does not know it (restarted, or flushed). */
  async run(script: { readonly source: string; readonly sha: string }, keys: readonly string[], args: readonly (string | number)[]) {
    const rest = [...keys, ...args];
    try {
      return await this.#client.evalsha(script.sha, keys.length, ...rest);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw redisFailure(error);
    }
    try {
      return await this.#client.eval(script.source, keys.length, ...rest);
    } catch (error) {
      throw redisFailure(error);
    }
  }

  /** Closes without waiting; what is under way rejects. */
  close(): void {
    this.#client.removeAllListeners('end');
    this.#client.disconnect();
  }
}

/** A password for a Redis that wants none: it lets everybody in, also us. */
function ignoreNeedless(error: unknown): void {
  if (error instanceof Error && error.message.includes('without any password configured')) return;
  throw error;
}
