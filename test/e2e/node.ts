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

/** As if its power failed for a moment: nothing on it is told. */
export async function reboot(node: string): Promise<void> {
  await run('docker', ['restart', '--time', '0', node], { timeoutMs: 120_000 });
}
