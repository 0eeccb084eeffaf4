import { type KubeObject, tryKubectl } from '../e2e/kubectl.ts';
import { ours, podSpec, type ServerOptions } from '../e2e/objects.ts';

const SCRIPT = "process.on('SIGTERM', () => process.exit(0)); require('http').createServer((q, r) => r.end()).listen(3001)";

/** A CronJob that no time comes for, whose pods serve on the MCP port until they are told to end. */
export function cronJob({ name, namespace, template }: Pick<ServerOptions, 'name' | 'namespace' | 'template'>): object {
  const spec = { ...podSpec({ container: { command: ['/usr/local/bin/node', '-e', SCRIPT] } }), restartPolicy: 'Never' };
  const pods = { metadata: { labels: { app: name }, annotations: ours(template ?? {}) }, spec };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, namespace },
    spec: { schedule: '0 0 31 12 *', suspend: true, jobTemplate: { spec: { backoffLimit: 0, template: pods } } },
  };
}

/** The exec may be cut with the container that it ends: the Job's completion tells. */
export async function endApp({ metadata: { name, namespace } }: KubeObject): Promise<void> {
  const command = ['/usr/local/bin/node', '-e', "process.kill(1, 'SIGTERM')"];
  await tryKubectl(['exec', '-n', namespace, name, '-c', 'app', '--', ...command]);
}
