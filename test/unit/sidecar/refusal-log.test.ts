import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { RefusalLog } from '../../../sidecar/refusal-log.ts';

const lines: Record<string, unknown>[] = [];
let nowMs = 0;
let omittedCount = 0;
let log: RefusalLog;

beforeEach(() => {
  lines.length = 0;
  nowMs = 5_000;
  omittedCount = 0;
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  log = new RefusalLog({
    log: () => logger,
    nowMs: () => nowMs,
    onOmitted: () => {
      omittedCount += 1;
    },
  });
});

const write = (reason: string, times: number) => {
  for (let i = 0; i < times; i++) log.write({ reason, status: 429, isShadow: false, tool: 'search', limit: 'shared', waitMs: 100 });
};

describe('the log of refusals', () => {
  it('[sidecar:refusal-line] has one line for each, with reason, tool, status and wait', () => {
    write('rate-limit', 1);
    expect(lines).toMatchObject([{ msg: 'refused', reason: 'rate-limit', tool: 'search', status: 429, waitMs: 100, limit: 'shared' }]);
  });

  it('[sidecar:refusal-line] cuts names that a client may make as long as a body', () => {
    log.write({ reason: 'identity:token-missing', status: 401, isShadow: false, tool: 't'.repeat(10_000), method: 'm'.repeat(10_000) });
    expect(lines).toMatchObject([{ tool: `${'t'.repeat(127)}…`, method: `${'m'.repeat(127)}…` }]);
  });

  it('[sidecar:refusal-sampling] writes ten a second and reason, and says later how many it left out', () => {
    write('rate-limit', 25);
    write('syntax', 2);
    expect(lines.map(({ reason }) => reason)).toEqual([...Array(10).fill('rate-limit'), 'syntax', 'syntax']);
    expect(omittedCount).toBe(15);
    nowMs += 1_000;
    write('rate-limit', 2);
    expect(lines.slice(12).map(({ omitted }) => omitted)).toEqual([15, undefined]);
  });

  it('cuts a name that nobody configured', () => {
    log.write({ reason: 'rate-limit', status: 429, isShadow: true, tool: 'x'.repeat(5_000) });
    expect(lines[0]).toMatchObject({ msg: 'would have refused', tool: `${'x'.repeat(127)}…` });
  });
});
