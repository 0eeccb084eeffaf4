import { listObjects } from './kubectl.ts';
import { run } from './run.ts';

/** The container that is the cluster's only node: kind gives it the node's name. */
export async function nodeName(): Promise<string> {
  const [node] = await listObjects(['nodes']);
  return node.metadata.name as string;
}

/** Runs a shell command on the node, as a person who is logged in there. */
export async function inNode(node: string, command: string): Promise<string> {
  return (await run('docker', ['exec', node, 'sh', '-c', command])).trim();
}

/**
 * As if its power failed for a moment: nothing on it is told.
 *
 * @throws where docker gave it another address than before, at which its control plane does not come up: with one cluster
 * on the machine it never does, with several it gives the lowest that another one has left.
 */
export async function reboot(node: string): Promise<void> {
  const address = async () =>
    (await run('docker', ['inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', node])).trim();
  const before = await address();
  await run('docker', ['restart', '--time', '0', node], { timeoutMs: 120_000 });
  const after = await address();
  if (after !== before) throw new Error(`${node} was at ${before} and came back at ${after}: other clusters share its network`);
}
