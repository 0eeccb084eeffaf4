// `npm run bench [-- --rounds N --seconds N --connections N]`: what we cost, beside
// others, in one run. Rounds are interleaved, so that what the machine does besides
// strikes all alike: compare figures of one table, never of two runs.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bundle } from '../../src/build/bundle.ts';
import { buildGo } from '../../src/build/go.ts';
import { freePort, startRedis } from '../../src/build/start-redis.ts';
import { startChild, tcpAccepts } from '../support/child.ts';
import { findHaproxy } from './find-haproxy.ts';
import { measure, type Round } from './measure.ts';
import { residentMb } from './process-cost.ts';
import { type Measured, ratio, renderTable } from './report.ts';
import { startVariants, type Variant } from './variants.ts';

const SETTLE_MS = 6_000;
const WARM_UP_SECONDS = 1;
const GO_PROXY = 'Go ReverseProxy that parses';
const NO_SESSION = 'mcp-sluice, no session';

function readOptions(): { rounds: number; seconds: number; connections: number } {
  const option = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const { values } = parseArgs({ options: { rounds: option('5'), seconds: option('3'), connections: option('32') } });
  return { rounds: Number(values.rounds), seconds: Number(values.seconds), connections: Number(values.connections) };
}

async function bench(folder: string, closing: (() => Promise<void>)[]): Promise<void> {
  if (process.platform !== 'linux') throw new Error('The benchmark needs Linux: it reads CPU time and memory from /proc.');
  const { rounds, seconds, connections } = readOptions();
  const [go, haproxy] = await Promise.all([buildGo(join(import.meta.dirname, 'go'), 'bench'), findHaproxy()]);
  if ('missing' in haproxy) console.log(`${haproxy.missing}; left out.`);
  const dist = join(folder, 'dist');
  await bundle(dist);
  // The proxy has a processor of its own; load, upstream and Redis share the others.
  const isPinned = availableParallelism() > 1;
  if (!isPinned) console.log('One processor only: the proxies share it with the load, and requests per second mean little.');
  const others = isPinned ? ['taskset', '-c', `1-${availableParallelism() - 1}`] : [];
  const redis = await startRedis();
  closing.push(() => redis.stop());
  const upstreamPort = await freePort();
  const upstreamAddress = `127.0.0.1:${upstreamPort}`;
  const [program = '', ...args] = [...others, go, 'upstream', upstreamAddress];
  const upstream = await startChild(program, args, () => tcpAccepts(upstreamPort));
  closing.push(upstream.stop);
  const pinned = isPinned ? ['taskset', '-c', '0'] : [];
  const variants = await startVariants({ folder, dist, go, redisUrl: redis.url, haproxy, pinned }, upstreamAddress);
  for (const { stop } of variants) closing.push(stop);

  await sleep(SETTLE_MS);
  const idleMb = variants.map(({ pid }) => (pid === undefined ? 0 : residentMb(pid)));
  const load = { command: [...others, go], connections };
  for (const variant of variants) await measure(variant, { ...load, seconds: WARM_UP_SECONDS });
  const taken = new Map<Variant, Round[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [variant, each] of taken) each.push(await measure(variant, { ...load, seconds }));
  }
  const measured = variants.map(
    (variant, at): Measured => ({ name: variant.name, rounds: taken.get(variant) ?? [], idleMb: idleMb[at] ?? 0 }),
  );
  conclude(measured, `${rounds} rounds of ${seconds} s, ${connections} connections, medians (CPU: and range)`);
}

function conclude(measured: readonly Measured[], how: string): void {
  const base = measured.find(({ name }) => name === GO_PROXY);
  if (base === undefined) throw new Error('The Go proxy was not measured.');
  console.log(`\n${how}:\n${renderTable(measured, base)}\n`);
  for (const ours of measured.filter(({ name }) => name.startsWith('mcp-sluice'))) {
    const [cpu, memory] = [ratio(ours, base), ours.idleMb];
    console.log(
      `${ours.name}: ${cpu.toFixed(2)} × the Go proxy's CPU (wanted: at most 1), ${memory.toFixed(0)} MB idle (wanted: at most 80)`,
    );
  }
  const withoutSession = measured.find(({ name }) => name === NO_SESSION);
  for (const each of measured.filter(({ name }) => name.startsWith('mcp-sluice, session'))) {
    if (withoutSession !== undefined)
      console.log(`${each.name}: ${ratio(each, withoutSession).toFixed(2)} × the CPU of the same without a session`);
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-sluice-bench-'));
  const closing: (() => Promise<void>)[] = [];
  const startMs = performance.now();
  try {
    await bench(folder, closing);
  } finally {
    await Promise.allSettled(closing.map((close) => close()));
    rmSync(folder, { recursive: true, force: true });
    console.log(`in ${Math.round((performance.now() - startMs) / 1000)} s`);
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
