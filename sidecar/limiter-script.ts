import { BUCKETS, REDIS_CLOCK, SAVE_BUCKETS, type Script, script } from './bucket-script.ts';

/** For tests only: the first argument is the time. */
const ARGUMENT_CLOCK = `local now = tonumber(ARGV[1])
position = 2`;

/**
 * Decides a batch of calls, one after the other, each over all of its buckets.
 *
 * KEYS: the buckets of the batch, each once. ARGV: for each call the number of
 * its charges, then for each charge the index of its key, maxTokens, period in
 * ms and cost. Answers, for each call, 1 or 0, then for each charge the
 * micro-tokens left and the wait in ms.
 */
export function limiterScript(clock: 'redis' | 'argument' = 'redis'): Script {
  return script(`local position = 1
${clock === 'redis' ? REDIS_CLOCK : ARGUMENT_CLOCK}
${BUCKETS}${DECIDE}${SAVE_BUCKETS}
return answer
`);
}

const DECIDE = `
local answer = {}
while position <= #ARGV do
  local count = tonumber(ARGV[position])
  position = position + 1
  local views = {}
  local allowed = 1
  for i = 1, count do
    views[i] = look(tonumber(ARGV[position]), tonumber(ARGV[position + 1]), tonumber(ARGV[position + 2]), tonumber(ARGV[position + 3]))
    position = position + 4
    if views[i].wait > 0 then allowed = 0 end
  end
  if allowed == 1 then
    for i = 1, count do debit(views[i]) end
  end
  answer[#answer + 1] = allowed
  for i = 1, count do
    answer[#answer + 1] = views[i].micro
    answer[#answer + 1] = views[i].wait
  end
end
`;
