import { REDIS_CLOCK, type Script, script } from './bucket-script.ts';
import { RESERVATION_LIFE_MS } from './kept-slot.ts';
import { CLEANED_AT_ONCE, LAST, PLACES } from './session-places-script.ts';

/** Clients that are asked for a session to evict; beyond them the longest idle of all has to go. */
const CLIENTS_ASKED = 64;

/** For tests only: the first argument is the time. */
const ARGUMENT_CLOCK = `local now = tonumber(ARGV[1])
position = 2`;

/**
 * ARGV: pod, name, client, max, maxPerClient, idleTimeout, maxLifetime and
 * evictIdle (0: off) in ms. Answers 1 or 0, 1 where it is the client's own cap,
 * the wait in ms, and this pod's evicted sessions. src/policy/session-table.ts
 * says the same of one replica.
 */
const RESERVE = `
local name, client, most, most_of_client, idle, lifetime, evict =
  next_argument(), next_argument(), next_number(), next_number(), next_number(), next_number(), next_number()

local function wait(prefix, longest)
  local free = now + longest
  local since = first(prefix .. 'i|')
  if since then free = min(free, min(now, time_of(since)) + longest) end
  local opened = first(prefix .. 'o|')
  if opened then free = min(free, time_of(opened) + lifetime) end
  local reserved = first(prefix .. 'x|')
  if reserved then free = min(free, time_of(reserved)) end
  return max(0, free - now)
end

-- The client with most places gives its longest idle first; where it has none idle for long enough, the next client.
local function victim()
  local oldest = first('i|')
  if evict == 0 or not oldest or time_of(oldest) > now - evict then return nil end
  for _, holder in ipairs(redis.call('ZREVRANGE', clients, 0, ${CLIENTS_ASKED - 1})) do
    local mark = first('c|' .. holder .. '|i|')
    if mark and time_of(mark) <= now - evict then return name_of(mark) end
  end
  return name_of(oldest)
end

if client ~= '-' and (tonumber(redis.call('ZSCORE', clients, client) or '') or 0) >= most_of_client then
  keep()
  return { 0, 1, wait('c|' .. client .. '|', idle), take_evicted(pod) }
end
-- More than one only where the cap was lowered.
for _ = 1, 100 do
  if redis.call('HLEN', places) < most then break end
  local name = victim()
  if not name then break end
  local place = read(name)
  drop(name, place)
  bury(name)
  redis.call('ZADD', index, 0, 'e|' .. place.pod .. '|' .. name)
end
local is_full = redis.call('HLEN', places) >= most
if not is_full then put(name, { client = client, pod = pod, opened = now, kind = 'r', at = now + ${RESERVATION_LIFE_MS} }) end
keep()
if is_full then return { 0, 0, wait('', evict > 0 and min(idle, evict) or idle), take_evicted(pod) } end
return { 1, 0, 0, take_evicted(pod) }
`;

/**
 * ARGV: pod, then for each change `d`, name, 1 where it leaves a tombstone; or
 * `p`, name, client, ms since it was opened, `i`, `b` or `r`, ms of idleness,
 * 1 where a tombstone does not count. Answers how many places the pod has, what
 * of it was evicted, what was not put as it is gone, and as another pod has it.
 */
const RECORD = `
local reaped, lost = {}, {}
while position <= #ARGV do
  if next_argument() == 'd' then
    local name, is_reaped = next_argument(), next_argument()
    local place = read(name)
    if place and place.pod == pod then drop(name, place) end
    if is_reaped == '1' and not (place and place.pod ~= pod) then bury(name) end
  else
    local name, client, age, kind, idle, is_certain =
      next_argument(), next_argument(), next_number(), next_argument(), next_number(), next_argument()
    local old = read(name)
    if old and old.pod ~= pod and lives(old.pod) then
      lost[#lost + 1] = name
    elseif is_certain ~= '1' and is_gone(name) then
      reaped[#reaped + 1] = name
    else
      redis.call('ZREM', gone, name)
      local at = kind == 'i' and now - idle or kind == 'r' and now + ${RESERVATION_LIFE_MS} or 0
      put(name, { client = client, pod = pod, opened = now - age, kind = kind, at = at })
    end
  end
end
keep()
local count = redis.call('ZLEXCOUNT', index, '[p|' .. pod .. '|', '[p|' .. pod .. '|${LAST}')
return { count, take_evicted(pod), reaped, lost }
`;

/** ARGV: pod, name, client. Answers a word, then `here`: ms since it was opened, ms of idleness or -1; `elsewhere`: the pod. */
const FIND = `
local name, client = next_argument(), next_argument()
local place = read(name)
if not place then return { is_gone(name) and 'ended' or 'unknown' } end
if place.client ~= client then return { 'foreign' } end
if place.pod ~= pod then return lives(place.pod) and { 'elsewhere', place.pod } or { 'unknown' } end
return { 'here', max(0, now - place.opened), place.kind == 'i' and max(0, now - place.at) or -1 }
`;

/** ARGV: pod, the name after which to go on, how many. Answers for each place its name, client, ms since it was opened, kind, ms of idleness. */
const LIST = `
local after, limit = next_argument(), next_argument()
local prefix = 'p|' .. pod .. '|'
local answer = {}
for _, mark in ipairs(redis.call('ZRANGEBYLEX', index, '(' .. prefix .. after, '[' .. prefix .. '${LAST}', 'LIMIT', 0, limit)) do
  local name = name_of(mark)
  local place = read(name)
  for _, value in ipairs({ name, place.client, max(0, now - place.opened), place.kind, max(0, now - place.at) }) do
    answer[#answer + 1] = value
  end
end
return answer
`;

/** ARGV: pod. Answers 1 where all of its places are free. */
const LEAVE = `
return free_pod(pod, ${CLEANED_AT_ONCE}) and 1 or 0
`;

export interface SessionScripts {
  readonly reserve: Script;
  readonly record: Script;
  readonly find: Script;
  readonly list: Script;
  readonly leave: Script;
}

/** All are atomic, and begin with what is due: dead pods and expired reservations go. */
export function sessionScripts(clock: 'redis' | 'argument' = 'redis'): SessionScripts {
  const of = (body: string): Script => script(`local position = 1\n${clock === 'redis' ? REDIS_CLOCK : ARGUMENT_CLOCK}\n${PLACES}${body}`);
  return { reserve: of(RESERVE), record: of(RECORD), find: of(FIND), list: of(LIST), leave: of(LEAVE) };
}
