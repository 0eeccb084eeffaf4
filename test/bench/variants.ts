import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../src/build/start-redis.ts';
import { type Child, startChild, tcpAccepts } from '../support/child.ts';
import { startChildSidecar } from '../support/child-sidecar.ts';
import type { FoundHaproxy } from './find-haproxy.ts';

/** One thing to be measured, running. */
export interface Variant {
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  /** Absent for none: the load goes straight to the upstream. */
  readonly pid?: number;
  readonly status: number;
  /** Of which every call is; absent: of none. */
  readonly session?: string;
  stop(): Promise<void>;
}

export interface Bench {
  readonly folder: string;
  readonly dist: string;
  /** Our Go program. */
  readonly go: string;
  readonly redisUrl: string;
  readonly haproxy: FoundHaproxy;
  /** What keeps a process on one processor: `taskset -c 0`. Empty where that cannot be. */
  readonly pinned: readonly string[];
}

/** Its first call makes it known to a sidecar, as after a restart. */
const SESSION = '5f0c7a52-9e0b-4c51-8d53-0a4a5e9f3c11';

type Annotations = Readonly<Record<string, string>>;

/** Starts all of them, behind one upstream. */
export async function startVariants(bench: Bench, upstream: string): Promise<Variant[]> {
  const limited = (limit: string): Annotations => ({
    redis: bench.redisUrl,
    'rate-limit': `{tools: {search: ${limit}}}`,
    // Refused calls do not keep a session from being reaped.
    sessions: '{idleTimeout: 24h}',
  });
  const started: Variant[] = [{ name: 'direct', address: upstream, status: 200, session: SESSION, stop: async () => undefined }];
  if ('path' in bench.haproxy) started.push(await startHaproxy(bench, bench.haproxy, upstream));
  started.push(await startGoProxy(bench, upstream));
  for (const ours of [
    { name: 'mcp-sluice, no session', status: 200, annotations: {} },
    { name: 'mcp-sluice, session in memory', status: 200, annotations: {}, session: SESSION },
    { name: 'mcp-sluice, session in Redis', status: 200, annotations: { redis: bench.redisUrl }, session: SESSION },
    { name: 'mcp-sluice, admit', status: 200, annotations: limited('1000000000/1s'), session: SESSION },
    { name: 'mcp-sluice, reject', status: 429, annotations: limited('1/31d'), session: SESSION },
  ]) {
    started.push(await startOurs(bench, upstream, ours));
  }
  await takeTheOneToken(started.at(-1)?.address ?? '');
  return started;
}

/** Of the bucket that holds one: from then on everything is refused, of a session that is known. */
async function takeTheOneToken(address: string): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'search' } });
  const headers = { 'content-type': 'application/json', 'mcp-session-id': SESSION };
  await fetch(`http://${address}/mcp`, { method: 'POST', headers, body });
}

/** Pinned, and nothing else: the program as it is. */
function start(bench: Bench, command: string, args: readonly string[], port: number, env = {}): Promise<Child> {
  const [program = command, ...rest] = [...bench.pinned, command, ...args];
  return startChild(program, rest, () => tcpAccepts(port), env);
}

async function startHaproxy(bench: Bench, { path, env }: Extract<FoundHaproxy, { path: string }>, upstream: string): Promise<Variant> {
  const port = await freePort();
  const file = join(bench.folder, 'haproxy.cfg');
  const lines = [
    'global',
    '  nbthread 1',
    '  maxconn 1000',
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 60s',
    '  timeout server 60s',
    '  http-reuse always',
    'listen bench',
    `  bind 127.0.0.1:${port}`,
    `  server upstream ${upstream}`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = await start(bench, path, ['-db', '-f', file], port, env);
  return { name: 'haproxy', address: `127.0.0.1:${port}`, pid: child.pid, status: 200, session: SESSION, stop: child.stop };
}

async function startGoProxy(bench: Bench, upstream: string): Promise<Variant> {
  const port = await freePort();
  const child = await start(bench, bench.go, ['proxy', `127.0.0.1:${port}`, `http://${upstream}`], port);
  return {
    name: 'Go ReverseProxy that parses',
    address: `127.0.0.1:${port}`,
    pid: child.pid,
    status: 200,
    session: SESSION,
    stop: child.stop,
  };
}

async function startOurs(
  bench: Bench,
  upstream: string,
  { name, annotations, ...load }: { name: string; status: number; annotations: Annotations; session?: string },
): Promise<Variant> {
  const { dist, folder, pinned } = bench;
  const sidecar = await startChildSidecar({
    dist,
    folder,
    annotations,
    pinned,
    upstream: `http://${upstream}`,
    owner: `bench/Deployment/${name.replaceAll(/[^a-z]+/g, '-')}`,
  });
  return { name, ...load, address: new URL(sidecar.url).host, pid: sidecar.pid, stop: sidecar.stop };
}
