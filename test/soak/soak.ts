import { writeFileSync } from 'node:fs';
import { MOST_TOMBSTONES } from '../../sidecar/tombstones.ts';
import { freePort } from '../../src/build/start-redis.ts';
import { PREFIX } from '../../src/lib/prefix.ts';
import { cpuMicros, peakMb } from '../bench/process-cost.ts';
import { startChildSidecar } from '../support/child-sidecar.ts';
import { until } from '../support/until-true.ts';
import { heldBytes } from './held-bytes.ts';
import { lastingKeys, tombstones } from './redis-keys.ts';
import { SessionLoad } from './session-load.ts';
import { startSessionServer } from './session-server.ts';

const MEMORY_LIMIT_MB = 128;
/** Of the limit, for the pages of the program itself that are in use. */
const PROGRAM_MB = 32;
/** Of ours, for one session that is idle. */
const BYTES_PER_SESSION = 1_536;
/** However many sessions come and go: compiled code and statistics, which a process still gathers after the warm-up. */
const GROWTH_BYTES = 1.5 * 1024 * 1024;
/** Of one session that was reaped, while it is remembered as such. */
const BYTES_PER_TOMBSTONE = 200;
const PHASE_LIMIT_MS = 5 * 60_000;
/** Opened and closed in the warm-up, of all of them. */
const WARM_UP_SHARE = 0.25;

export interface Plan {
  /** Opened and closed again. */
  readonly sessions: number;
  /** Opened, left, and reaped. */
  readonly abandoned: number;
  /** At a time. */
  readonly workers: number;
}

export interface Ground {
  readonly folder: string;
  /** Where the bundles are. */
  readonly dist: string;
  /** Absent: sessions are counted in memory. */
  readonly redis?: { readonly url: string; readonly pid?: number };
}

export interface Finding {
  readonly what: string;
  readonly seen: string;
  readonly isSound: boolean;
}

/** Opens and closes sessions through a sidecar as the image runs it, then leaves many behind; tells what stays of them. */
export async function soak(plan: Plan, { folder, dist, redis }: Ground): Promise<readonly Finding[]> {
  const server = await startSessionServer();
  const settings = (idleTimeout: string): Record<string, string> => ({
    sessions: `{max: ${plan.abandoned + plan.workers}, idleTimeout: ${idleTimeout}}`,
    ...(redis !== undefined && { redis: redis.url }),
  });
  const inspectorPort = await freePort();
  const sidecar = await startChildSidecar({
    dist,
    folder,
    upstream: server.url,
    annotations: settings('1h'),
    owner: 'soak/Deployment/app',
    nodeFlags: [`--inspect=127.0.0.1:${inspectorPort}`],
  });
  const load = new SessionLoad(sidecar.url);
  const held = () => heldBytes(inspectorPort);
  try {
    const keysBefore = await lastingKeys(redis?.url);
    const warmUp = Math.ceil(plan.sessions * WARM_UP_SHARE);
    await load.churn(warmUp, plan.workers, PHASE_LIMIT_MS);
    const [warm, oursMicros, redisMicros] = [await held(), cpuMicros(sidecar.pid), redis?.pid && cpuMicros(redis.pid)];
    await load.churn(plan.sessions - warmUp, plan.workers, PHASE_LIMIT_MS);
    const cpu = (pid: number, since: number) => `${((cpuMicros(pid) - since) / (plan.sessions - warmUp)).toFixed(0)} µs`;
    const costs = [`sidecar ${cpu(sidecar.pid, oursMicros)}`];
    if (redis?.pid !== undefined && redisMicros !== undefined) costs.push(`Redis ${cpu(redis.pid, redisMicros)}`);
    const churned = await held();
    const leftByChurn = server.live;

    const opened = await load.abandon(plan.abandoned, plan.workers, PHASE_LIMIT_MS);
    const bytesEach = ((await held()) - churned) / plan.abandoned;
    retune(sidecar.annotationsFile, settings('5s'));
    await until(() => server.live === 0, PHASE_LIMIT_MS).catch(() => undefined);
    const keysAfter = await lastingKeys(redis?.url, keysBefore);
    const rest = (await held()) - churned;
    const restLimit = GROWTH_BYTES + Math.min(plan.abandoned, MOST_TOMBSTONES) * BYTES_PER_TOMBSTONE;
    const [peak, ownLimitMb] = [peakMb(sidecar.pid), MEMORY_LIMIT_MB - PROGRAM_MB];
    const ownPeak = `${peak.own.toFixed(0)} MB, at most ${ownLimitMb} of a limit of ${MEMORY_LIMIT_MB}`;
    const findings = [
      finding('sessions opened and closed', `${load.closed} of ${plan.sessions}`, load.closed === plan.sessions),
      finding('CPU of one of them', costs.join(', '), true),
      finding('left upstream by them', `${leftByChurn}`, leftByChurn === 0),
      finding('growth after the warm-up', `${mb(churned - warm)} (at most ${mb(GROWTH_BYTES)})`, churned - warm <= GROWTH_BYTES),
      finding('sessions abandoned', `${opened} of ${plan.abandoned}`, opened === plan.abandoned),
      finding('memory of one that is idle', `${bytesEach.toFixed(0)} bytes (under ${BYTES_PER_SESSION})`, bytesEach < BYTES_PER_SESSION),
      finding('left upstream once reaped', `${server.live}`, server.live === 0),
      finding('growth once reaped', `${mb(rest)} (at most ${mb(restLimit)})`, rest <= restLimit),
      finding('peak of its own memory', `${ownPeak} (resident with its files: ${peak.resident.toFixed(0)} MB)`, peak.own <= ownLimitMb),
    ];
    if (redis === undefined) return findings;
    const { isBounded, seen } = await tombstones(redis.url);
    return [
      ...findings,
      finding('keys in Redis', `${keysAfter.join(' ')}; at the start: ${keysBefore.join(' ')}`, `${keysAfter}` === `${keysBefore}`),
      finding('tombstones in Redis', seen, isBounded),
    ];
  } finally {
    load.close();
    await sidecar.stop();
    await server.close();
  }
}

const finding = (what: string, seen: string, isSound: boolean): Finding => ({ what, seen, isSound });
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(2)} MB`;

function retune(file: string, annotations: Readonly<Record<string, string>>): void {
  const lines = Object.entries({ inject: 'true', ...annotations });
  writeFileSync(file, lines.map(([key, value]) => `${JSON.stringify(PREFIX + key)}: ${JSON.stringify(value)}\n`).join(''));
}
