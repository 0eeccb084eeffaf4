import { describe, expect, it } from 'vitest';
import { isReady, podsOf, readyPods } from './cluster.ts';
import { apply, type KubeObject, kubectl, listObjects } from './kubectl.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, pod } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-20';

/** Opens and closes its port at SIGUSR2, as an app that hangs or starts. */
const LISTENS = `
setInterval(() => {}, 1e9);
const open = () => require('net').createServer().listen(3001, '127.0.0.1');
let server = open();
process.on('SIGUSR2', () => { server = server ? void server.close() : open(); });`;

/** grpc.health.v1.Health/Check by hand: SERVING, and NOT_SERVING after SIGUSR2. */
const GRPC = `
let status = 1;
process.on('SIGUSR2', () => { status = 3 - status; });
const server = require('http2').createServer();
server.on('stream', (stream, headers) => {
  const isCheck = headers[':path'] === '/grpc.health.v1.Health/Check';
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': isCheck ? '0' : '12' }));
  stream.end(isCheck ? Buffer.from([0, 0, 0, 0, 2, 8, status]) : undefined);
});
server.listen(3001, '127.0.0.1');`;

/** Has loopback alone, as takeover has it; tells of each request to the log. */
const TELLS = `
require('http').createServer((request, response) => {
  console.log(request.method, request.url, request.headers['user-agent']);
  response.end('ok');
}).listen(3001, '127.0.0.1');`;

/** For a container that has to wait: what comes after it is started once this has ended. */
const UNTIL_OPEN = `
const look = () => require('net').connect(3001, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => setTimeout(look, 50));
look();`;

const IDLES = 'setInterval(() => {}, 1e9);';
const often = { periodSeconds: 1, failureThreshold: 2 };

describe('probes of the app, asked by a real kubelet', () => {
  useNamespaces({ [namespace]: { enforce: 'restricted' } });

  it.for([
    ['tcpSocket', { tcpSocket: { port: 3001 } }, LISTENS],
    ['grpc', { grpc: { port: 3001 } }, GRPC],
  ] as const)(
    '[e2e:probe-truth] a %s probe on the captured port tells of the app, not of the sidecar that holds it',
    async ([kind, handler, script]) => {
      const app = kind.toLowerCase();
      const container = {
        command: ['/usr/local/bin/node', '-e', script],
        readinessProbe: { ...handler, ...often },
        // Routed as well; so patient that it ends nothing here.
        livenessProbe: { ...handler, periodSeconds: 1, failureThreshold: 600 },
      };
      // The app keeps to loopback as it is; the sidecar holds the port at the pod's address all the time.
      await apply(deployment({ name: app, namespace, template: { inject: 'true' }, container }));
      const [pod] = await readyPods(namespace, app);
      expect(pod.spec.containers[0].readinessProbe).toMatchObject({ httpGet: { port: 15179 }, ...often });

      await signal(pod.metadata.name);
      await until('the kubelet to find the app away', async () => {
        const [found] = await podsOf(namespace, app);
        return !isAppReady(found);
      });
      await signal(pod.metadata.name);
      await until('the kubelet to find it back', async () => isReady((await podsOf(namespace, app))[0]));
      const [same] = await podsOf(namespace, app);
      expect(same.status.containerStatuses[0].restartCount).toBe(0);
    },
  );

  it('[e2e:probe-truth] a liveness probe has the kubelet restart an app that hangs', async () => {
    const container = {
      command: ['/usr/local/bin/node', '-e', LISTENS],
      livenessProbe: { tcpSocket: { port: 3001 }, ...often },
    };
    await apply(deployment({ name: 'hangs', namespace, template: { inject: 'true' }, container }));
    const [pod] = await readyPods(namespace, 'hangs');
    await signal(pod.metadata.name);
    const restarted = await until('a restart of the app', async () => {
      const [found] = await podsOf(namespace, 'hangs');
      return found.status.containerStatuses[0].restartCount > 0 && found;
    });
    const sidecar = restarted.status.initContainerStatuses.find(({ name }: { name: string }) => name === 'mcp-sluice');
    expect(sidecar.restartCount).toBe(0);
    await until('the app to be ready again', async () => isReady((await podsOf(namespace, 'hangs'))[0]), { timeoutMs: 120_000 });
  });

  it('[e2e:hook-truth] an httpGet hook on the captured port reaches the app, and fails where there is none', async () => {
    const hook = { postStart: { httpGet: { path: '/started', port: 3001 } } };
    const absent = { command: node(IDLES), lifecycle: hook };
    const present = { command: node(TELLS), lifecycle: { postStart: { exec: { command: node(UNTIL_OPEN) } } } };
    const served = pod({ name: 'hook-served', namespace, template: { inject: 'true' }, container: present }) as KubeObject;
    const [{ ports: _, ...app }] = served.spec.containers;
    served.spec.containers.push({ ...app, name: 'late', command: node(IDLES), lifecycle: hook });
    await apply(served, pod({ name: 'hook-absent', namespace, template: { inject: 'true' }, container: absent }));

    const [ran] = await readyPods(namespace, 'hook-served');
    expect(ran.spec.containers[1].lifecycle).toEqual({ postStart: { httpGet: { path: '/started', port: 3001, scheme: 'HTTP' } } });
    expect(await kubectl(['logs', '-n', namespace, 'hook-served', '-c', 'app'])).toMatch(/^GET \/started kube-lifecycle\//m);
    expect(await failedHooksOf('hook-served')).toEqual([]);
    const failed = await until('the kubelet to find that nobody answers', async () => {
      const found = await failedHooksOf('hook-absent');
      return found.length > 0 && found;
    });
    expect(failed[0].involvedObject.fieldPath).toBe('spec.containers{app}');
    await kubectl(['delete', 'pod', 'hook-absent', 'hook-served', '-n', namespace, '--wait=false']);
  });
});

const node = (script: string): string[] => ['/usr/local/bin/node', '-e', script];

function failedHooksOf(name: string): Promise<KubeObject[]> {
  return listObjects(['events', '-n', namespace, '--field-selector', `reason=FailedPostStartHook,involvedObject.name=${name}`]);
}

const isAppReady = (pod: KubeObject): boolean => pod.status.containerStatuses[0].ready === true;

async function signal(pod: string): Promise<void> {
  await kubectl(['exec', '-n', namespace, pod, '-c', 'app', '--', '/usr/local/bin/node', '-e', "process.kill(1, 'SIGUSR2')"]);
}
