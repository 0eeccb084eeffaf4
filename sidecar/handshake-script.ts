import { REPLICA_LIFE_MS } from '../src/policy/replica-count.ts';
import { REDIS_CLOCK, type Script, script } from './bucket-script.ts';

/**
 * Agrees on the key of the client hashes (contract §9.11), says that this
 * replica lives and counts the live ones, and proves on the way that this Redis
 * runs scripts and takes writes: a replica, a full or a loading one refuses
 * here. KEYS: the key of the hashes, the replicas. ARGV: our own candidate for
 * the key in case there is none yet, the time to keep it in ms, our name.
 */
export const handshakeScript: Script = script(`${REDIS_CLOCK}
local key = redis.call('GET', KEYS[1]) or ARGV[1]
redis.call('SET', KEYS[1], key, 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('(%.0f', now - ${REPLICA_LIFE_MS}))
-- Of a clock that has gone back since.
redis.call('ZREMRANGEBYSCORE', KEYS[2], string.format('(%.0f', now + ${REPLICA_LIFE_MS}), '+inf')
redis.call('PEXPIRE', KEYS[2], ${REPLICA_LIFE_MS})
return { key, redis.call('ZCARD', KEYS[2]) }`);
