// Resident memory of the sidecar as the image runs it: one per pod, so it counts.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { bundle } from '../../src/build/bundle.ts';
import { freePort, type StartedRedis, startRedis } from '../../src/build/start-redis.ts';
import { PREFIX } from '../../src/lib/prefix.ts';

const LIMIT_MB = 80;
const SETTLE_MS = 7_000;
const dockerfile = readFileSync(resolve(import.meta.dirname, '../../manifests/Dockerfile'), 'utf8');

let directory: string;
let redis: StartedRedis;
let sidecar: ChildProcess;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mcp-sluice-footprint-'));
  await bundle(join(directory, 'dist'));
  redis = await startRedis();
});
afterEach(async () => {
  sidecar?.kill('SIGKILL');
  await redis.stop();
  rmSync(directory, { recursive: true, force: true });
});

it.runIf(process.platform === 'linux')('[tooling:memory] an idle sidecar with Redis takes less than 80 MB', async () => {
  const [listen, admin] = [await freePort(), await freePort()];
  const annotations = join(directory, 'annotations.yaml');
  const settings = { inject: 'true', port: '9000', redis: redis.url, 'rate-limit': '{shared: 100/1m, tools: {echo: 3/15s}}' };
  writeFileSync(annotations, stringify(Object.fromEntries(Object.entries(settings).map(([key, value]) => [PREFIX + key, value]))));
  const flags = [...dockerfile.matchAll(/"(--max-[^"]+)"/g)].map(([, flag = '']) => flag);
  expect(flags.length).toBeGreaterThan(0);
  const ports = ['--listen', `127.0.0.1:${listen}`, '--upstream', 'http://127.0.0.1:9', '--admin', `127.0.0.1:${admin}`];
  const args = [...flags, join(directory, 'dist/mcp-sluice.cjs'), 'sidecar', ...ports, '--annotations', annotations];
  sidecar = spawn(process.execPath, args, { stdio: 'ignore', env: {} });
  const deadlineMs = Date.now() + 20_000;
  let checks: Record<string, string> = {};
  while (checks['redis'] !== 'ok' && Date.now() < deadlineMs) {
    await new Promise((done) => setTimeout(done, 100));
    const answer = await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined);
    checks = ((await answer?.json()) as { checks?: Record<string, string> } | undefined)?.checks ?? {};
  }
  expect(checks['redis']).toBe('ok');
  await new Promise((done) => setTimeout(done, SETTLE_MS));
  const [, residentKb = ''] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${sidecar.pid}/status`, 'utf8')) ?? [];
  const residentMb = Number(residentKb) / 1024;
  console.log(`idle sidecar with Redis: ${residentMb.toFixed(1)} MB resident`);
  expect(residentMb).toBeGreaterThan(20);
  expect(residentMb).toBeLessThan(LIMIT_MB);
});
