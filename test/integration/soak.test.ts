// The small sibling of `npm run soak`: enough sessions that one of them left behind entire would show.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from '../../src/build/bundle.ts';
import { soak } from '../soak/soak.ts';
import { ownRedis } from '../support/redis.ts';

const PLAN = { sessions: 8_000, abandoned: 2_000, workers: 20 };

/** On a busy machine. */
const TIMEOUT_MS = 300_000;
// It reads memory and CPU time from /proc.
const onLinux = it.runIf(process.platform === 'linux');

let folder: string;
let dist: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-sluice-soak-'));
  dist = join(folder, 'dist');
  await bundle(dist);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

onLinux(
  '[soak:held] holds nothing of sessions that have ended, and little of idle ones',
  async () => {
    const findings = await soak(PLAN, { folder, dist });
    expect(findings.filter(({ isSound }) => !isSound)).toEqual([]);
  },
  TIMEOUT_MS,
);

onLinux(
  '[soak:held] [soak:redis] holds nothing of them in Redis either',
  async () => {
    const redis = await ownRedis();
    try {
      const findings = await soak(PLAN, { folder, dist, redis });
      expect(findings.filter(({ isSound }) => !isSound)).toEqual([]);
    } finally {
      await redis.stop();
    }
  },
  TIMEOUT_MS,
);
