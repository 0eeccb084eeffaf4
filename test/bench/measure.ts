import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cpuMicros, residentMb } from './process-cost.ts';
import type { Variant } from './variants.ts';

const run = promisify(execFile);

export interface Round {
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Of the proxy alone; 0 where there is none. */
  readonly cpuMicrosPerRequest: number;
  /** While the load was on. */
  readonly residentMb: number;
}

interface LoadOutcome {
  readonly requests: number;
  readonly seconds: number;
  readonly errors: number;
  readonly firstError?: string;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** Puts the load on one variant for a while. Throws where an answer was not the expected one. */
export async function measure(
  variant: Variant,
  load: { command: readonly string[]; connections: number; seconds: number },
): Promise<Round> {
  const [program = '', ...args] = load.command;
  const { pid, session } = variant;
  const before = pid === undefined ? 0 : cpuMicros(pid);
  const told = [variant.address, load.connections, load.seconds, variant.status].map(String);
  const running = run(program, [...args, 'load', ...told, ...(session === undefined ? [] : [session])]);
  await sleep(load.seconds * 800);
  const resident = pid === undefined ? 0 : residentMb(pid);
  const outcome = JSON.parse((await running).stdout) as LoadOutcome;
  if (outcome.errors > 0 || outcome.requests === 0) {
    throw new Error(`${variant.name}: ${outcome.errors} of the answers were wrong, the first: ${outcome.firstError ?? 'none came'}`);
  }
  const cpu = pid === undefined ? 0 : (cpuMicros(pid) - before) / outcome.requests;
  const { p50Micros, p99Micros } = outcome;
  return { requestsPerSecond: outcome.requests / outcome.seconds, p50Micros, p99Micros, cpuMicrosPerRequest: cpu, residentMb: resident };
}
