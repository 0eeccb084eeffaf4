import type { Connect } from './explain/cluster.ts';
import { explainFiles } from './explain/files.ts';
import { explainInCluster } from './explain/in-cluster.ts';
import { parseTarget } from './explain/target.ts';
import { parseClusterFlags, parseFlags } from './flags.ts';
import { InputError, type Io, processIo } from './io.ts';
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
    return await runCommand(
      {
        name: 'explain',
        usage: EXPLAIN_USAGE,
        flags,
        act: (given) => explainFiles(given, io).catch((error: unknown) => hintAtKinds(error, argv)),
      },
      io,
    );
  }
  const flags = parseClusterFlags(argv);
  return await runCommand({ name: 'explain', usage: EXPLAIN_USAGE, flags, act: (given) => explainInCluster(given, io, connect) }, io);
}

/** `svc/x` is no file, and of a kind that we have nothing to do with. */
function hintAtKinds(error: unknown, argv: readonly string[]): never {
  const named = argv.find((each) => /^[a-zA-Z]+\/[a-z0-9][-a-z0-9.]*$/.test(each) && !/\.(ya?ml|json)$/.test(each));
  if (!(error instanceof InputError) || named === undefined || !error.message.startsWith('ENOENT')) throw error;
  throw new InputError(`${error.message}; of a cluster, pod, deploy, sts, ds, rs, job and cj are looked at`);
}
