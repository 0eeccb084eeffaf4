import { createHash } from 'node:crypto';
import { MICRO_PER_TOKEN } from '../src/policy/charge-state.ts';
import { CLOCK_SLACK_MS, KEPT_ENTRIES } from '../src/policy/token-bucket.ts';

export interface Script {
  readonly source: string;
  /** What EVALSHA names it by. */
  readonly sha: string;
}

export function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/** Milliseconds of Redis's own clock: the replicas' clocks differ. */
export const REDIS_CLOCK = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Reads and changes buckets; needs `now`. What writes has to end with
 * `SAVE_BUCKETS`.
 *
 * A key holds entries "maxTokens period micro at", as src/policy/token-bucket.ts
 * tells, which is the specification of this. Lua has doubles only, whole up to
 * 2^53; a product can be larger, so muldiv splits it. Exact for up to 10^9
 * tokens and 49 days.
 */
export const BUCKETS = `local UNIT = ${MICRO_PER_TOKEN}
local floor, max, min = math.floor, math.max, math.min

-- floor(a * b / c) for whole a <= c < 2^32 and b <= 10^15
local function muldiv(a, b, c)
  local whole = floor(b / c)
  local rest = b - whole * c
  local high = floor(a / 65536)
  local low = a - high * 65536
  local product = high * rest
  local quotient = floor(product / c)
  local remainder = product - quotient * c
  return a * whole + quotient * 65536 + floor((remainder * 65536 + low * rest) / c)
end

local function rescaled(micro, from, to)
  local whole = floor(micro / from)
  return whole * to + muldiv(micro - whole * from, to, from)
end

local function grown(entry)
  local full = entry.max * UNIT
  local elapsed = now - entry.at
  if elapsed <= 0 then return entry.micro end
  if elapsed >= entry.period then return full end
  return min(full, entry.micro + muldiv(elapsed, full, entry.period))
end

-- The first millisecond at which the entry holds so much: an estimate, then set right.
local function reached(entry, needed)
  local lack = needed - entry.micro
  if lack <= 0 then return 0 end
  local full = entry.max * UNIT
  local elapsed = min(entry.period, math.ceil(lack / full * entry.period))
  while elapsed > 0 and muldiv(elapsed - 1, full, entry.period) >= lack do elapsed = elapsed - 1 end
  while muldiv(elapsed, full, entry.period) < lack do elapsed = elapsed + 1 end
  return entry.at + elapsed
end

local buckets = {}
local function load(index)
  local bucket = buckets[index]
  if bucket then return bucket end
  bucket = { entries = {}, dirty = false }
  buckets[index] = bucket
  local stored = redis.call('GET', KEYS[index])
  if stored then
    for tokens, period, micro, at in string.gmatch(stored, '(%d+) (%d+) (%d+) (%d+)') do
      local entry = { max = tonumber(tokens), period = tonumber(period), micro = tonumber(micro), at = tonumber(at) }
      if entry.at - now > ${CLOCK_SLACK_MS} then
        entry.at = now
        bucket.dirty = true
      end
      bucket.entries[#bucket.entries + 1] = entry
    end
  end
  return bucket
end

-- What a charge sees: its bucket, the micro-tokens now, when they suffice, and the time to write.
local function look(index, tokens, period, cost)
  local bucket = load(index)
  local latest = bucket.entries[1]
  local seen
  for _, entry in ipairs(bucket.entries) do
    if entry.max == tokens and entry.period == period then seen = entry end
  end
  local other
  if not seen then
    seen = { max = tokens, period = period, micro = tokens * UNIT, at = now }
    if latest then
      other = latest
      seen.micro = rescaled(latest.micro, latest.max, tokens)
      seen.at = latest.at
    end
  end
  local view = { bucket = bucket, tokens = tokens, period = period, taken = cost * UNIT, micro = grown(seen), at = max(now, seen.at) }
  if cost > tokens then
    view.wait = period
    return view
  end
  local available = reached(seen, view.taken)
  if other then
    view.micro = max(view.micro, rescaled(grown(other), other.max, tokens))
    local share = rescaled(view.taken, tokens, other.max)
    while rescaled(share, other.max, tokens) < view.taken do share = share + 1 end
    available = min(available, reached(other, share))
  end
  view.wait = max(0, available - now)
  return view
end

local function debit(view)
  local entries = { { max = view.tokens, period = view.period, micro = view.micro - view.taken, at = view.at } }
  for _, entry in ipairs(view.bucket.entries) do
    if #entries < ${KEPT_ENTRIES} and not (entry.max == view.tokens and entry.period == view.period) then
      entries[#entries + 1] =
        { max = entry.max, period = entry.period, micro = max(0, grown(entry) - view.taken), at = max(now, entry.at) }
    end
  end
  view.bucket.entries = entries
  view.bucket.dirty = true
  view.micro = entries[1].micro
end
`;

/** A key lives until all of its entries are full, as a full bucket is the same as none, and a minute more. */
export const SAVE_BUCKETS = `
for index, bucket in pairs(buckets) do
  if bucket.dirty then
    local parts = {}
    local full = now
    for i, entry in ipairs(bucket.entries) do
      parts[i] = string.format('%.0f %.0f %.0f %.0f', entry.max, entry.period, entry.micro, entry.at)
      full = max(full, reached(entry, entry.max * UNIT))
    end
    redis.call('SET', KEYS[index], table.concat(parts, ';'), 'PX', string.format('%.0f', full - now + 60000))
  end
end
`;
