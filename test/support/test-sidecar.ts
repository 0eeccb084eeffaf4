import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { parseOptions } from '../../sidecar/options.ts';
import type { ServerOptions } from '../../sidecar/server-options.ts';
import { type SidecarDeps, startSidecar } from '../../sidecar/sidecar.ts';
import { until } from './until-true.ts';

export interface TestSidecarOptions {
  /** `http://127.0.0.1:port`; absent: no server, but remote entries. */
  readonly upstream?: string;
  /** Further servers of the same pod, each at a port of its own; what is not said is as for `upstream`. */
  readonly further?: readonly (Partial<ServerOptions> & { readonly upstream: string })[];
  /** Keys without our prefix; or the text of the file. */
  readonly annotations?: Readonly<Record<string, string>> | string;
  readonly args?: readonly string[];
  /** Reuses the folder of an earlier one, as a restarted container does. */
  readonly folder?: string;
  /** How remote entries are reached; where given, there is a listener for them. */
  readonly createEntryUpstream?: SidecarDeps['createEntryUpstream'];
}

export interface TestSidecar {
  readonly url: string;
  readonly port: number;
  /** Of all servers, in their order. */
  readonly urls: readonly string[];
  /** Of the remote entries. */
  readonly entriesPort: number;
  readonly folder: string;
  /** Its log, line by line. */
  readonly lines: Readonly<Record<string, unknown>>[];
  /** Writes the annotations anew. */
  annotate(annotations: Readonly<Record<string, string>> | string): Promise<void>;
  admin(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** The value of one metric line, labels as they stand there; 0 where there is none. */
  metric(name: string): Promise<number>;
  /** Resolves once /readyz says so. */
  ready(): Promise<void>;
  beginDrain(): void;
  terminate(): void;
  readonly exits: number;
  /** `keep`: leaves the folder. */
  close(options?: { readonly keep: boolean }): Promise<void>;
}

/** A sidecar in this process, at a free port of 127.0.0.1. */
export async function startTestSidecar(options: TestSidecarOptions): Promise<TestSidecar> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'mcp-sluice-')));
  const file = join(folder, 'annotations.yaml');
  const annotate = (annotations: Readonly<Record<string, string>> | string) => writeFile(file, renderAnnotations(annotations));
  await annotate(options.annotations ?? {});
  const { createEntryUpstream } = options;
  const argv = [
    ...(options.upstream === undefined ? [] : ['--listen=127.0.0.1:0', `--upstream=${options.upstream}`]),
    ...(createEntryUpstream === undefined ? [] : ['--entries=127.0.0.1:0', `--entry-headers-dir=${join(folder, 'entry-headers')}`]),
    '--admin=127.0.0.1:0',
    `--annotations=${file}`,
    `--state-dir=${folder}`,
  ];
  const parsed = parseOptions([...argv, ...(options.args ?? [])]);
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  const lines: Record<string, unknown>[] = [];
  let exits = 0;
  const further = (options.further ?? []).map(({ upstream, ...more }): ServerOptions => {
    const { host, port } = new URL(upstream);
    const listen = [{ host: '127.0.0.1', port: 0 }];
    return { port: Number(port), listen, upstreams: [upstream], upstreamHost: host, probes: [], ...more };
  });
  const sidecar = await startSidecar(
    { ...parsed.options, servers: [...parsed.options.servers, ...further] },
    {
      log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }),
      nowMs: Date.now,
      exit: () => {
        exits += 1;
      },
      ...(createEntryUpstream && { createEntryUpstream }),
    },
  );
  const port = sidecar.ports[0] ?? 0;
  const admin = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${sidecar.adminPort}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    urls: sidecar.ports.map((each) => `http://127.0.0.1:${each}`),
    entriesPort: sidecar.entriesPort ?? 0,
    folder,
    lines,
    annotate,
    admin,
    async metric(name) {
      const { text } = await admin('/metrics');
      const line = text.split('\n').find((each) => each.startsWith(`${name} `));
      return line === undefined ? 0 : Number(line.slice(name.length + 1));
    },
    async ready() {
      let last = '';
      const isReady = async () => {
        const { status, text } = await admin('/readyz');
        last = text;
        return status === 200;
      };
      await until(isReady).catch((error: unknown) => {
        throw new Error(`the sidecar is not ready: ${last}`, { cause: error });
      });
    },
    beginDrain: () => sidecar.beginDrain(),
    terminate: () => sidecar.terminate(),
    get exits() {
      return exits;
    },
    async close({ keep } = { keep: false }) {
      await sidecar.close();
      if (!keep) await rm(folder, { recursive: true, force: true });
    },
  };
}

function renderAnnotations(annotations: Readonly<Record<string, string>> | string): string {
  if (typeof annotations === 'string') return annotations;
  return Object.entries({ inject: 'true', ...annotations })
    .map(([key, value]) => `${JSON.stringify(`mcp-sluice.dev/${key}`)}: ${JSON.stringify(value)}\n`)
    .join('');
}
