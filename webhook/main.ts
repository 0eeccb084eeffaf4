import { pino } from 'pino';
import type { Today } from '../src/inject/standing.ts';
import { kubePaths } from './kube-api.ts';
import { SYSTEM_NAMESPACE } from './names.ts';
import { parseOptions, renderHelp } from './options.ts';
import { startInCluster, startStandalone } from './start.ts';

/** EX_USAGE of sysexits.h. */
const USAGE = 64;
/** Of one request to the apiserver; a review has 2.5 s in all and asks twice at most. */
const KUBE_TIMEOUT_MS = 1000;
/** Of one request that a person waits for, who may be far from the cluster. */
const PERSON_TIMEOUT_MS = 10_000;

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

/** `uninstall …`, from a person's machine; its exit code. */
export async function runUninstall(argv: readonly string[]): Promise<number> {
  const io = { out: (text: string) => void process.stdout.write(text), err: (text: string) => void process.stderr.write(text) };
  const connect = async () => (await import('./kube.ts')).connectToCluster({ timeoutMs: PERSON_TIMEOUT_MS });
  return await (await import('./uninstall.ts')).runUninstall(argv, io, connect);
}

/** The cluster of a person's kubeconfig, for the commands that ask one. @throws where there is none. */
export async function connectForPerson(context?: string) {
  const { connectToCluster, namespaceOfContext } = await import('./kube.ts');
  const { sweepPods } = await import('./pod-sweep.ts');
  const named = context === undefined ? {} : { context };
  const api = connectToCluster({ timeoutMs: PERSON_TIMEOUT_MS, ...named });
  // As the selectors of webhook and policies leave them out; whoever labels a namespace has taken its pods out knowingly.
  const judged = async (name: string) => {
    if (name === 'kube-system' || name === SYSTEM_NAMESPACE) return undefined;
    const { labels, annotations = {} } = (await api.read(kubePaths.namespace(name)))?.metadata ?? {};
    return labels?.['mcp-sluice.dev/webhook'] === 'ignore' ? undefined : { annotations };
  };
  const sweep = (today: Omit<Today, 'namespace'>, clock: () => number) => sweepPods({ api, today, namespace: judged, clock });
  return { api: { ...api, sweep }, namespace: namespaceOfContext(named) };
}
