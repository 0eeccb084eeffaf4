import { REPLICA_LIFE_MS } from '../src/policy/replica-count.ts';
import { MOST_TOMBSTONES, TOMBSTONE_LIFE_MS } from './tombstones.ts';

/** The keys of all session scripts, in their order, without the owner's prefix. The name of a remote entry has no colon. */
export function sessionKeys(entry: string | undefined): readonly string[] {
  const prefix = entry === undefined ? 'sessions:' : `sessions:e:${entry}:`;
  return ['places', 'index', 'clients', 'pods', 'gone'].map((name) => prefix + name);
}

/** Places that one call frees for a dead pod at most: Redis does nothing else meanwhile. */
export const CLEANED_AT_ONCE = 500;
/** Keys of a workload that is gone for so long go too, in ms: a last resort. */
const ABANDONED_MS = 3_600_000;

/** Redis allows `~` behind everything that stands in a member of `index`. */
export const LAST = '~';

/**
 * What all session scripts begin with; needs `now` and `position`, the next of
 * ARGV. Reads the pod, and does what is due: dead pods and expired reservations
 * go.
 *
 * The five keys, and the only functions that write them, so that they agree.
 *
 * `places`: hash of name → "client pod opened kind at", where kind is `i` (idle
 * since), `b` (busy) or `r` (reserved until). `index`: members of score 0,
 * sorted by their text, for everything that is looked for: `i|since|name`,
 * `o|opened|name` and `x|until|name`, each also behind `c|client|`; `p|pod|name`,
 * and `e|pod|name` of what was evicted and its pod does not know yet. `clients`:
 * how many places each has. `pods`: when each was last heard of. `gone`: names
 * of what was reaped, by when that is forgotten.
 *
 * All of it goes with the last place, but `pods` with the last replica and
 * `gone` with time. An anonymous client is `-`.
 */
export const PLACES = `local places, index, clients, pods, gone = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local floor, max, min = math.floor, math.max, math.min

local function text(ms) return string.format('%.0f', ms) end
local function stamp(ms) return string.format('%015.0f', max(0, ms)) end
local function next_argument()
  position = position + 1
  return ARGV[position - 1]
end
local function next_number() return tonumber(next_argument()) end

local function read(name)
  local stored = redis.call('HGET', places, name)
  if not stored then return nil end
  local client, pod, opened, kind, at = string.match(stored, '^(%S+) (%S+) (%d+) (%a) (%d+)$')
  return { client = client, pod = pod, opened = tonumber(opened), kind = kind, at = tonumber(at), stored = stored }
end

local function marks(name, place)
  local found = { 'p|' .. place.pod .. '|' .. name }
  local function add(mark)
    found[#found + 1] = mark
    found[#found + 1] = 'c|' .. place.client .. '|' .. mark
  end
  if place.kind == 'i' then
    add('i|' .. stamp(place.at) .. '|' .. name)
    add('o|' .. stamp(place.opened) .. '|' .. name)
  elseif place.kind == 'r' then
    add('x|' .. stamp(place.at) .. '|' .. name)
  end
  return found
end

local function drop(name, place)
  redis.call('HDEL', places, name)
  redis.call('ZREM', index, unpack(marks(name, place)))
  if tonumber(redis.call('ZINCRBY', clients, -1, place.client)) < 1 then redis.call('ZREM', clients, place.client) end
end

local function put(name, place)
  local stored = table.concat({ place.client, place.pod, text(max(0, place.opened)), place.kind, text(max(0, place.at)) }, ' ')
  local old = read(name)
  if old then
    if old.stored == stored then return end
    drop(name, old)
  end
  redis.call('HSET', places, name, stored)
  for _, mark in ipairs(marks(name, place)) do redis.call('ZADD', index, 0, mark) end
  redis.call('ZINCRBY', clients, 1, place.client)
end

local function bury(name)
  redis.call('ZADD', gone, text(now + ${TOMBSTONE_LIFE_MS}), name)
  redis.call('ZREMRANGEBYRANK', gone, 0, -${MOST_TOMBSTONES + 1})
end

local function is_gone(name)
  local untilMs = tonumber(redis.call('ZSCORE', gone, name) or '')
  return untilMs and untilMs > now
end

local function members(prefix, limit)
  return redis.call('ZRANGEBYLEX', index, '[' .. prefix, '[' .. prefix .. '${LAST}', 'LIMIT', 0, limit)
end
local function name_of(mark) return string.match(mark, '([^|]*)$') end
local function time_of(mark) return tonumber(string.match(mark, '(%d+)|[^|]*$')) end
local function first(prefix) return members(prefix, 1)[1] end

local function take_evicted(pod)
  local names = {}
  for _, mark in ipairs(members('e|' .. pod .. '|', 100)) do
    redis.call('ZREM', index, mark)
    names[#names + 1] = name_of(mark)
  end
  return names
end

-- Gives back what is left of a pod; whether that was all.
local function free_pod(pod, limit)
  local found = members('p|' .. pod .. '|', limit)
  for _, mark in ipairs(found) do
    local name = name_of(mark)
    drop(name, read(name))
  end
  if #found == limit then return false end
  while #take_evicted(pod) > 0 do end
  redis.call('ZREM', pods, pod)
  return true
end

-- A Redis that lacks memory may have evicted one of the keys: then none is worth anything, and the replicas tell all anew.
local is_held = redis.call('HLEN', places) > 0
local is_whole
if is_held then
  is_whole = redis.call('ZCARD', index) > 0 and redis.call('ZCARD', clients) > 0 and redis.call('ZCARD', pods) > 0
else
  is_whole = redis.call('ZCARD', clients) == 0 and not first('p|')
end
if not is_whole then redis.call('DEL', places, index, clients) end

local pod = next_argument()
redis.call('ZADD', pods, text(now), pod)
-- Of a clock that has gone back since: heard of now.
for _, other in ipairs(redis.call('ZRANGEBYSCORE', pods, '(' .. text(now), '+inf')) do redis.call('ZADD', pods, text(now), other) end
for _, other in ipairs(redis.call('ZRANGEBYSCORE', pods, '-inf', '(' .. text(now - ${REPLICA_LIFE_MS}))) do
  free_pod(other, ${CLEANED_AT_ONCE})
end
-- One with more places than one call frees is still there, dead.
local function lives(other) return (tonumber(redis.call('ZSCORE', pods, other) or '') or 0) >= now - ${REPLICA_LIFE_MS} end
for _, mark in ipairs(redis.call('ZRANGEBYLEX', index, '[x|', '(x|' .. stamp(now + 1), 'LIMIT', 0, ${CLEANED_AT_ONCE})) do
  local name = name_of(mark)
  drop(name, read(name))
end
redis.call('ZREMRANGEBYSCORE', gone, '-inf', text(now))
local function keep()
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ${ABANDONED_MS}) end
end
`;
