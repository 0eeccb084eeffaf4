// `npm run conformance`: the MCP project's own black-box suite against real servers
// and with a real client, each directly and through the sidecar. What the suite says
// of a server must not depend on whether we stand before it: no check may differ.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../src/build/bundle.ts';
import { installGo } from '../../src/build/go.ts';
import { freePort, startRedis } from '../../src/build/start-redis.ts';
import { answers, type Child, startChild } from '../support/child.ts';
import { startChildSidecar } from '../support/child-sidecar.ts';
import { countChecks } from './checks.ts';
import { clientLeg } from './client-leg.ts';
import { startEntrySidecar } from './entry-sidecar.ts';
import { installSuite, type Revision, type Suite } from './install-suite.ts';
import { type Leg, type LegResult, runLeg, serverLeg } from './legs.ts';

const GO_SDK = 'github.com/modelcontextprotocol/go-sdk';
const GO_SDK_VERSION = 'v1.8.0';
const revisions: readonly Revision[] = ['2025-11-25', '2026-07-28'];

/** Meters everything and refuses nothing: what limits do to answers that pass. */
const ample =
  '{shared: 1000000/1s, tools: {"*": 100000/1s}, methods: {tools/list: 100000/1s, resources/read: 100000/1s, prompts/get: 100000/1s}}';

interface Target {
  readonly name: string;
  readonly command: string;
  readonly args: (port: number) => readonly string[];
  /** The revisions that it must conform to; for the others only the difference counts. */
  readonly conformsTo: readonly Revision[];
  /** Of the sidecar before it, without our prefix; by default none. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The sidecar stands before its client, not before it: as a remote entry behind TLS. */
  readonly isRemote?: true;
}

async function startTarget({ command, args }: Target): Promise<Child & { readonly url: string }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await startChild(command, args(port), () => answers(url), { PORT: String(port) });
  return { ...child, url };
}

/** Runs all legs one after the other, and says after each what came out. Resolves with whether nothing differed. */
async function run(work: string): Promise<boolean> {
  const goCommands = ['conformance/everything-server', 'conformance/everything-client'];
  const [suite, go] = await Promise.all([installSuite(), installGo(GO_SDK, GO_SDK_VERSION, goCommands)]);
  const dist = join(work, 'dist');
  await bundle(dist);
  const goServer = join(go, 'everything-server');
  const typescript: Target = { name: 'TypeScript SDK 2', command: process.execPath, args: () => [suite.server], conformsTo: revisions };
  const redis = await startRedis();
  const withSessions: Target = {
    name: 'Go SDK, with sessions',
    command: goServer,
    args: (port) => ['-http', `127.0.0.1:${port}`, '-stateless=false'],
    conformsTo: ['2025-11-25'],
  };
  const targets: readonly Target[] = [
    withSessions,
    { name: 'Go SDK, stateless', command: goServer, args: (port) => ['-http', `127.0.0.1:${port}`], conformsTo: ['2026-07-28'] },
    typescript,
    { ...typescript, name: 'TypeScript SDK 2, metered', annotations: { redis: redis.url, 'rate-limit': ample } },
    { ...withSessions, name: 'Go SDK, with sessions, as a remote entry', isRemote: true },
    { ...typescript, name: 'TypeScript SDK 2, as a remote entry', isRemote: true },
  ];
  const outcomes: boolean[] = [];
  try {
    for (const target of targets) outcomes.push(...(await runTarget(target, { suite, work, dist })));
  } finally {
    await redis.stop();
  }
  for (const revision of revisions) {
    const leg = clientLeg({ suite, work, dist, revision, client: join(go, 'everything-client') });
    outcomes.push(report(leg, await runLeg(leg)));
  }
  return outcomes.every(Boolean);
}

async function runTarget(target: Target, given: { suite: Suite; work: string; dist: string }): Promise<boolean[]> {
  const server = await startTarget(target);
  const sidecar = target.isRemote
    ? await startEntrySidecar({ upstream: server.url, folder: given.work })
    : await startChildSidecar({
        dist: given.dist,
        upstream: server.url,
        folder: given.work,
        annotations: target.annotations ?? {},
      });
  const outcomes: boolean[] = [];
  try {
    for (const revision of revisions) {
      const mustConform = target.conformsTo.includes(revision);
      const urls = { direct: server.url, proxied: sidecar.url };
      const leg = serverLeg({ ...given, name: target.name, revision, mustConform, urls });
      outcomes.push(report(leg, await runLeg(leg)));
    }
  } finally {
    await sidecar.stop();
    await server.stop();
  }
  return outcomes;
}

function report(leg: Leg, { direct, differences, improvements, retried, problem }: LegResult): boolean {
  const isGood = problem === undefined && differences.length === 0;
  const again = retried.length > 0 ? `; run again: ${retried.join(', ')}` : '';
  const better = improvements.length > 0 ? `, ${improvements.length} meant to` : '';
  console.log(
    `${isGood ? 'ok  ' : 'FAIL'} ${leg.name}: ${direct.size} checks (${countChecks(direct)}), ${differences.length} differ${better}${again}`,
  );
  if (problem !== undefined) console.log(problem.replace(/^/gm, '     '));
  for (const each of differences) console.log(`     ${each.check}: directly ${each.direct}, proxied ${each.proxied}: ${each.says}`);
  return isGood;
}

async function main(): Promise<boolean> {
  const work = mkdtempSync(join(tmpdir(), 'mcp-sluice-conformance-'));
  const startMs = performance.now();
  try {
    return await run(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
    console.log(`in ${Math.round((performance.now() - startMs) / 1000)} s`);
  }
}

main().then(
  (isGood) => process.exit(isGood ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    // EX_UNAVAILABLE of sysexits.h.
    process.exit(69);
  },
);
