import { pino } from 'pino';
import { parseOptions, renderHelp } from './options.ts';
import { startInCluster, startStandalone } from './start.ts';

/** EX_USAGE of sysexits.h. */
const USAGE = 64;
/** Of one request to the apiserver; a review has 2.5 s in all and asks twice at most. */
const KUBE_TIMEOUT_MS = 1000;

/** `webhook …`: serves until SIGTERM or SIGINT; exit code 64 where the command line is wrong. */
export async function runWebhook(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(renderHelp());
    return;
  }
  const parsed = parseOptions(argv);
  if ('errors' in parsed) {
    process.stderr.write(parsed.errors.map((error) => `mcp-sluice webhook: ${error}\n`).join(''));
    process.exitCode = USAGE;
    return;
  }
  const { options } = parsed;
  // Synchronous: nothing is lost when the process ends.
  const log = pino({ name: 'mcp-sluice-webhook', level: options.logLevel }, pino.destination({ fd: 1, sync: true }));
  const effects = { log, clock: Date.now };
  const webhook = options.standalone
    ? await startStandalone(options, effects)
    : // The client is large, and `--standalone` needs none of it.
      await startInCluster(options, (await import('./kube.ts')).connectToCluster({ timeoutMs: KUBE_TIMEOUT_MS }), effects);
  log.info({ address: webhook.address }, 'listening');
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  log.info({ signal }, 'stopping');
  await webhook.stop();
  log.info('stopped');
}
