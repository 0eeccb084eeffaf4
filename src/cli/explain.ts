import type { Connect } from './explain/cluster.ts';
import { explainFiles } from './explain/files.ts';
import { explainInCluster } from './explain/in-cluster.ts';
import { parseTarget } from './explain/target.ts';
import { parseClusterFlags, parseFlags } from './flags.ts';
import { type Io, processIo } from './io.ts';
import { runCommand } from './run-command.ts';
import { EXPLAIN_USAGE } from './usage.ts';

/**
 * `mcp-sluice explain FILE…|KIND/NAME…`: what becomes of each pod and workload, and why; 1 where one would be denied, or
 * runs without what it asks for.
 */
export async function runExplain(argv: readonly string[], io: Io = processIo, connect?: Connect): Promise<number> {
  const named = argv.filter((each) => !each.startsWith('-')).map(parseTarget);
  if (connect === undefined || !named.some((target) => target !== undefined)) {
    const flags = parseFlags(argv, 'explain');
    return await runCommand({ name: 'explain', usage: EXPLAIN_USAGE, flags, act: (given) => explainFiles(given, io) }, io);
  }
  const flags = parseClusterFlags(argv);
  return await runCommand({ name: 'explain', usage: EXPLAIN_USAGE, flags, act: (given) => explainInCluster(given, io, connect) }, io);
}
