import { type OptionSpec, readArguments } from '../src/lib/arguments.ts';
import type { KubeApi } from './kube-api.ts';
import { findInstalled, messageOf, type Uninstalled, type UninstallTiming, uninstall } from './removal.ts';

/** Of sysexits.h, as the other commands have them. */
const EXIT = { ok: 0, failed: 1, usage: 64, unavailable: 69 } as const;

const optionTable = {
  yes: { type: 'boolean' },
  output: { type: 'string' },
  help: { type: 'boolean' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export const USAGE = `Usage: mcp-sluice uninstall [--yes] [--output text|json]

Removes mcp-sluice from the cluster of the current kubeconfig context: policies first, then the webhook configuration,
and nothing more before they are gone, so that at no moment anything refuses pods that nobody can inject. Pods that run
keep their sidecars, and their limits, until they are replaced. Interrupted, it can be run again.

  --yes               do it; otherwise it is only told what would be removed
  --output text|json  how that is told (text)

Exit codes: 0 removed, or nothing to do; 1 something could not be removed; 64 the command line is wrong; 69 no cluster.
`;

export interface UninstallIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** `mcp-sluice uninstall …`; its exit code. `connect` throws where there is no cluster. */
export async function runUninstall(
  argv: readonly string[],
  io: UninstallIo,
  connect: () => Promise<KubeApi>,
  timing?: UninstallTiming,
): Promise<number> {
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
  const result = isDone ? await uninstall(api, timing) : await findInstalled(api);
  io.out(output === 'json' ? `${JSON.stringify({ ...result, isDryRun: !isDone })}\n` : render(result, isDone));
  if (result.failure === undefined) return EXIT.ok;
  io.err(`mcp-sluice uninstall: ${result.failure}\n`);
  return EXIT.failed;
}

function render({ removed, failure, injectedPods }: Uninstalled, isDone: boolean): string {
  const lines = removed.map(({ kind, name }) => `${kind} ${name}${isDone ? ' removed' : ''}`);
  const nothing = removed.length === 0 && failure === undefined ? ['nothing of mcp-sluice is there'] : [];
  const hint = isDone || removed.length === 0 ? [] : ['', 'Nothing was removed: --yes does it.'];
  const pods = injectedPods ? [`running pods that keep their sidecar until they are replaced: ${injectedPods}`] : [];
  return [...lines, ...nothing, ...pods, ...hint].map((line) => `${line}\n`).join('');
}
