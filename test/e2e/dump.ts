import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SYSTEM } from './install.ts';
import { type KubeObject, kubectl, listObjects, tryKubectl } from './kubectl.ts';

const READYZ =
  "fetch('http://127.0.0.1:15179/readyz').then(async (r) => console.log(r.status, await r.text()), (e) => console.log(String(e)))";

/**
 * Writes what is known of the cluster into a folder and a summary on stderr:
 * pods, events, our logs (also of ended containers), Redis keys, readiness.
 */
export async function dumpState(folder: string, namespaces: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const wide = await kubectl(['get', 'pods,replicasets,deployments,jobs', '-A', '-o', 'wide']);
  write('objects.txt', wide);
  write('events.txt', await kubectl(['get', 'events', '-A', '--sort-by=.metadata.creationTimestamp']));
  const summary: string[] = [];
  for (const namespace of [SYSTEM, ...namespaces]) {
    for (const pod of await listObjects(['pods', '-n', namespace])) summary.push(await dumpPod(write, pod));
  }
  const redis = await redisKeys(namespaces);
  write('redis.txt', redis);
  process.stderr.write(`e2e: state dumped to ${folder}\n${summary.join('\n')}\n`);
}

/** One pod's YAML, logs and readiness into files; its line for the summary. */
async function dumpPod(write: (name: string, text: string) => void, pod: KubeObject): Promise<string> {
  const { name, namespace } = pod.metadata as { name: string; namespace: string };
  write(`${namespace}.${name}.json`, JSON.stringify(pod, null, 1));
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers] as { name: string }[];
  for (const container of containers) {
    for (const previous of [[], ['--previous']]) {
      const log = await tryKubectl(['logs', '-n', namespace, name, '-c', container.name, '--tail=500', ...previous]);
      if (log.code === 0) write(`${namespace}.${name}.${container.name}${previous.length > 0 ? '.previous' : ''}.log`, log.stdout);
    }
  }
  const ready = containers.some((one) => one.name === 'mcp-sluice')
    ? (
        await tryKubectl(['exec', '-n', namespace, name, '-c', 'mcp-sluice', '--', '/usr/local/bin/node', '-e', READYZ], {
          timeoutMs: 15_000,
        })
      ).stdout
    : '';
  write(`${namespace}.${name}.readyz.txt`, ready);
  return `  ${namespace}/${name}: ${stateOf(pod)}${ready === '' ? '' : `; readyz ${ready.trim().slice(0, 300)}`}`;
}

/** Phase and why containers wait or ended, in a line. */
export function stateOf(pod: KubeObject): string {
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])] as KubeObject[];
  const parts = statuses.map((one) => {
    const [state, detail] = Object.entries(one.state ?? {})[0] ?? ['unknown', {}];
    const reason = (detail as KubeObject).reason;
    return `${one.name} ${state}${reason === undefined ? '' : ` (${reason})`}${one.ready ? ' ready' : ''}${one.restartCount > 0 ? ` ${one.restartCount} restarts` : ''}`;
  });
  return `${pod.status.phase}: ${parts.join(', ')}`;
}

async function redisKeys(namespaces: readonly string[]): Promise<string> {
  const parts: string[] = [];
  for (const namespace of namespaces) {
    const keys = await tryKubectl(['exec', '-n', namespace, 'deployment/redis', '--', 'redis-cli', '--scan'], { timeoutMs: 15_000 });
    parts.push(`# ${namespace}`, keys.code === 0 ? keys.stdout : keys.stderr);
  }
  return parts.join('\n');
}
