import { setTimeout as sleep } from 'node:timers/promises';
import { INJECTED_LABEL } from '../src/inject/names.ts';
import { type OptionSpec, readArguments } from '../src/lib/arguments.ts';
import { configurations, type Installed, namespace, remainder } from './installation.ts';
import { type KubeApi, KubeError, kubePaths } from './kube-api.ts';

/** Something with a finalizer of somebody else goes when that is done. */
const GONE_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 200;
const PODS_A_PAGE = 500;
/** Of sysexits.h, as the other commands have them. */
const EXIT = { ok: 0, failed: 1, usage: 64, unavailable: 69 } as const;

const optionTable = {
  yes: { type: 'boolean' },
  output: { type: 'string' },
  help: { type: 'boolean' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export const USAGE = `Usage: mcp-sluice uninstall [--yes] [--output text|json]

Removes mcp-sluice from the cluster of the current kubeconfig context: webhook configuration and policies first, and
nothing more before they are gone, so that at no moment anything refuses pods that nobody can inject. Pods that run
keep their sidecars, and their limits, until they are replaced.

  --yes               do it; otherwise it is only told what would be removed
  --output text|json  how that is told (text)

Exit codes: 0 removed, or nothing to do; 1 something could not be removed; 64 the command line is wrong; 69 no cluster.
`;

export interface UninstallIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

export interface Uninstalled {
  readonly removed: readonly Installed[];
  /** Where that is why something is left. */
  readonly failure?: string;
  /** Running pods with a sidecar of ours; undefined where they cannot be listed. */
  readonly injectedPods?: number;
}

/** `mcp-sluice uninstall …`; its exit code. `connect` throws where there is no cluster. */
export async function runUninstall(argv: readonly string[], io: UninstallIo, connect: () => Promise<KubeApi>): Promise<number> {
  const { values, errors } = readArguments(argv, optionTable);
  const [output = 'text'] = values.get('output') ?? [];
  const faults = output === 'text' || output === 'json' ? errors : [...errors, `--output "${output}" is neither text nor json`];
  if (values.has('help')) {
    io.out(USAGE);
    return EXIT.ok;
  }
  if (faults.length > 0) {
    io.err(`${faults.map((fault) => `mcp-sluice uninstall: ${fault}\n`).join('')}\n${USAGE}`);
    return EXIT.usage;
  }
  let api: KubeApi;
  try {
    api = await connect();
  } catch (error) {
    io.err(`mcp-sluice uninstall: ${messageOf(error)}\n`);
    return EXIT.unavailable;
  }
  const isDone = values.has('yes');
  const result = isDone ? await uninstall(api) : await findInstalled(api);
  io.out(output === 'json' ? `${JSON.stringify({ ...result, isDryRun: !isDone })}\n` : render(result, isDone));
  if (result.failure === undefined) return EXIT.ok;
  io.err(`mcp-sluice uninstall: ${result.failure}\n`);
  return EXIT.failed;
}

/** Removes all of it; where something cannot be removed, nothing that comes after it. */
export async function uninstall(api: KubeApi, goneWithinMs = GONE_WITHIN_MS): Promise<Uninstalled> {
  const removed: Installed[] = [];
  try {
    for (const each of configurations) if (await api.remove(each.path)) removed.push(each);
    await untilGone(api, configurations, goneWithinMs);
    for (const each of remainder) if (await api.remove(each.path)) removed.push(each);
    if ((await isOurs(api)) && (await api.remove(namespace.path))) removed.push(namespace);
  } catch (error) {
    return { removed, failure: messageOf(error), ...(await countPods(api)) };
  }
  return { removed, ...(await countPods(api)) };
}

/** What `uninstall` would remove. */
export async function findInstalled(api: KubeApi): Promise<Uninstalled> {
  const found: Installed[] = [];
  try {
    for (const each of [...configurations, ...remainder]) if ((await api.read(each.path)) !== undefined) found.push(each);
    if (await isOurs(api)) found.push(namespace);
  } catch (error) {
    return { removed: found, failure: messageOf(error) };
  }
  return { removed: found, ...(await countPods(api)) };
}

async function untilGone(api: KubeApi, objects: readonly Installed[], withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  for (const { kind, name, path } of objects) {
    while ((await api.read(path)) !== undefined) {
      if (performance.now() > endMs)
        throw new Error(`${kind} ${name} is still there after ${withinMs / 1000} s; the rest was left as it is`);
      await sleep(LOOK_EVERY_MS);
    }
  }
}

async function isOurs(api: KubeApi): Promise<boolean> {
  return (await api.read(namespace.path))?.metadata?.labels?.['app.kubernetes.io/name'] === 'mcp-sluice';
}

async function countPods(api: KubeApi): Promise<Pick<Uninstalled, 'injectedPods'>> {
  const query = { limit: PODS_A_PAGE, labelSelector: INJECTED_LABEL, isMetadataOnly: true };
  let injectedPods = 0;
  let from: string | undefined;
  try {
    do {
      const page = await api.list(kubePaths.pods, { ...query, ...(from !== undefined && { from }) });
      injectedPods += page.items.length;
      from = page.next;
    } while (from !== undefined);
  } catch {
    return {};
  }
  return { injectedPods };
}

function render({ removed, failure, injectedPods }: Uninstalled, isDone: boolean): string {
  const lines = removed.map(({ kind, name }) => `${kind} ${name}${isDone ? ' removed' : ''}`);
  const nothing = removed.length === 0 && failure === undefined ? ['nothing of mcp-sluice is there'] : [];
  const hint = isDone || removed.length === 0 ? [] : ['', 'Nothing was removed: --yes does it.'];
  const pods = injectedPods ? [`running pods that keep their sidecar until they are replaced: ${injectedPods}`] : [];
  return [...lines, ...nothing, ...pods, ...hint].map((line) => `${line}\n`).join('');
}

function messageOf(error: unknown): string {
  if (error instanceof KubeError && error.status === 403) return `the right is missing: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
