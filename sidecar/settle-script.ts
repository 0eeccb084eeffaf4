import { BUCKETS, REDIS_CLOCK, SAVE_BUCKETS, type Script, script } from './bucket-script.ts';

/** How long Redis remembers which settlement of a replica was the last, in ms. */
const MEMORY_MS = 3_600_000;

/**
 * Debits what a replica let pass by its local buckets while Redis was away, at
 * most once for each number, as the answer may have been lost.
 *
 * KEYS: the number of the replica's last settlement, then the buckets. ARGV:
 * this settlement's number, then for each bucket maxTokens, period in ms, the
 * most micro-tokens that it can hold by what the replica was told before (a
 * Redis that restarted empty takes its buckets for full), and the micro-tokens
 * to take. Answers for each bucket the micro-tokens left.
 */
export const settleScript: Script = script(`${REDIS_CLOCK}
${BUCKETS}
local isNew = tonumber(ARGV[1]) > (tonumber(redis.call('GET', KEYS[1]) or '') or 0)
local answer = {}
for index = 2, #KEYS do
  local at = 4 * index - 6
  local view = look(index, tonumber(ARGV[at]), tonumber(ARGV[at + 1]), 0)
  local left = max(0, min(view.micro, tonumber(ARGV[at + 2])) - tonumber(ARGV[at + 3]))
  if isNew and left < view.micro then
    -- Other limits of this bucket lose as much.
    view.taken = view.micro - left
    debit(view)
  end
  answer[#answer + 1] = view.micro
end
if isNew then redis.call('SET', KEYS[1], ARGV[1], 'PX', ${MEMORY_MS}) end
${SAVE_BUCKETS}
return answer
`);
