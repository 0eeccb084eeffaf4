import { pino } from 'pino';
import { parseOptions } from './options.ts';
import { startSidecar } from './sidecar.ts';

/** EX_USAGE of sysexits.h. */
const USAGE = 64;

/** `sidecar …`: runs until a signal ends it; exits 64 at once where the command line is wrong. */
export async function runSidecar(argv: readonly string[]): Promise<void> {
  const parsed = parseOptions(argv);
  if (!parsed.ok) {
    process.stderr.write(`${parsed.errors.map((error) => `mcp-sluice sidecar: ${error}\n`).join('')}`);
    process.exitCode = USAGE;
    return;
  }
  const log = pino(
    { name: 'mcp-sluice', base: { owner: parsed.options.owner }, timestamp: pino.stdTimeFunctions.isoTime },
    // At once, so that nothing is lost or out of order when the process ends; lines are few.
    pino.destination({ fd: 1, sync: true }),
  );
  const exit = (): void => {
    log.info('stopped');
    process.exit(0);
  };
  // Before anything else, as the first process of a container ignores a signal that it has no handler for.
  let terminate = exit;
  process.on('SIGTERM', () => terminate());
  process.on('SIGINT', () => terminate());
  const sidecar = await startSidecar(parsed.options, { log, nowMs: () => performance.timeOrigin + performance.now(), exit });
  terminate = () => sidecar.terminate();
  log.info(
    {
      ports: sidecar.ports,
      admin: sidecar.adminPort,
      entries: sidecar.entriesPort,
      upstream: parsed.options.servers.flatMap(({ upstreams }) => upstreams),
    },
    'listening',
  );
}
