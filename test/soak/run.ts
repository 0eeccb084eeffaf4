// `npm run soak [-- --sessions N --abandoned N --workers N]`: opens and closes sessions by
// the hundred thousand, then leaves thousands behind, and looks at what stays of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../../src/build/bundle.ts';
import { startRedis } from '../../src/build/start-redis.ts';
import { type Plan, soak } from './soak.ts';

function readPlan(): Plan {
  const option = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const { values } = parseArgs({ options: { sessions: option('100000'), abandoned: option('20000'), workers: option('50') } });
  return { sessions: Number(values.sessions), abandoned: Number(values.abandoned), workers: Number(values.workers) };
}

async function main(): Promise<boolean> {
  if (process.platform !== 'linux') throw new Error('The soak needs Linux: it reads memory and CPU time from /proc.');
  const plan = readPlan();
  const folder = mkdtempSync(join(tmpdir(), 'mcp-sluice-soak-'));
  const redis = await startRedis();
  try {
    const dist = join(folder, 'dist');
    await bundle(dist);
    let isSound = true;
    for (const ground of [
      { folder, dist },
      { folder, dist, redis },
    ]) {
      const startMs = performance.now();
      const findings = await soak(plan, ground);
      console.log(`\n${'redis' in ground ? 'in Redis' : 'in memory'}, ${Math.round((performance.now() - startMs) / 1000)} s:`);
      for (const each of findings) console.log(`  ${each.isSound ? 'ok    ' : 'FAILED'} ${each.what}: ${each.seen}`);
      isSound &&= findings.every((each) => each.isSound);
    }
    return isSound;
  } finally {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().then(
  (isSound) => process.exit(isSound ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.stack : error);
    process.exit(1);
  },
);
