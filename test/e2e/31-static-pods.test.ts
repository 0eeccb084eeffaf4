import { afterAll, describe, expect, it } from 'vitest';
import { checkCluster, mcpSluice } from './cli.ts';
import { isReady, sidecarOf } from './cluster.ts';
import { postFromPod } from './cluster-client.ts';
import { IMAGES } from './images.ts';
import { apply, type KubeObject, kubectl, tryKubectl } from './kubectl.ts';
import { toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { inNode, nodeName } from './node.ts';
import { clientPod, ours, pod, REDIS_URL, redis, SERVERS } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-31';
// kubeadm's, and so kind's.
const FOLDER = '/etc/kubernetes/manifests';
const FILE = `${FOLDER}/mcp-sluice-e2e-31.json`;
const TEMPLATE = { inject: 'true', redis: REDIS_URL, 'rate-limit': 'shared: 1/1h' };

/** As the file has it that a kubelet runs. */
function manifest(template: Readonly<Record<string, string>> = TEMPLATE): string {
  return JSON.stringify(pod({ name: 'static', namespace, server: 'python', template, env: { STATELESS: 'true' } }), null, 2);
}

describe('a static pod', () => {
  useNamespaces({ [namespace]: {} });
  afterAll(async () => {
    await inNode(await nodeName(), `rm -f ${FILE}`);
  });

  it('[e2e:static-pod] runs from its file whatever we say, and check and explain tell that it is naked, and the remedy', async () => {
    await apply(...redis(namespace), clientPod(namespace));
    const found = await run(manifest(), (mirror) => sidecarOf(mirror) === undefined);
    expect(found.spec.initContainers).toBeUndefined();
    expect(found.metadata.annotations).toMatchObject(ours(TEMPLATE));
    // Had it reached the webhook, that would have had to deny it, and nobody would see what runs on the node.
    const { name } = found.metadata;
    const remedy = 'put the sidecar into the file with mcp-sluice inject --static-pod';
    const { checks } = await checkCluster();
    const told = checks.filter(({ message }) => message.startsWith(`${namespace}/${name} is naked`));
    expect(told).toEqual([{ check: 'pods', state: 'failed', message: expect.stringContaining(remedy) }]);

    const { code, stdout } = await mcpSluice(['explain', '-n', namespace, `pod/${name}`, '--output', 'json']);
    expect(code).toBe(1);
    const [explained] = JSON.parse(stdout);
    expect(explained).toMatchObject({ verdict: 'not asked about', now: { state: 'naked', reason: expect.stringContaining(remedy) } });
    expect(explained.why).toContain('no-mirror-pod');

    // Nobody edits a static pod by its picture, and nobody is kept from trying.
    await kubectl(['annotate', '-n', namespace, `pod/${name}`, 'mcp-sluice.dev/rate-limit=nonsense', '--overwrite']);
  });

  it('[e2e:static-pod] runs with its sidecar once the CLI has put that into its file, and is metered', async () => {
    const args = ['inject', '--static-pod', '--image', IMAGES.product, '-'];
    const refused = await mcpSluice(args, { input: manifest({ ...TEMPLATE, 'redis-secret': 'login' }) });
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('needs the Secret login, and a kubelet takes no static pod that refers to a Secret');

    const { code, stdout, stderr } = await mcpSluice(args, { input: manifest() });
    expect(code, stderr).toBe(0);
    const found = await run(stdout, (mirror) => sidecarOf(mirror) !== undefined && isReady(mirror));
    await kubectl(['wait', '-n', namespace, '--for=condition=Ready', 'pod/client', '--timeout=60s']);
    const url = `http://${found.status.podIP}:${SERVERS.python.port}/mcp`;
    const statuses = [];
    for (const id of [1, 2]) statuses.push((await postFromPod(namespace, toolCall(id, 'whoami'), [url]))[0]?.status);
    expect(statuses).toEqual([200, 429]);

    const { name } = found.metadata;
    const explained = JSON.parse((await mcpSluice(['explain', '-n', namespace, `pod/${name}`, '--output', 'json'])).stdout);
    expect(explained[0].now).toEqual({ state: 'fresh', reason: '', sidecar: 'running, ready' });
  });
});

/** Has the node's kubelet run what the text says; the mirror pod, once it is as wanted. */
async function run(text: string, isWanted: (mirror: KubeObject) => boolean): Promise<KubeObject> {
  const node = await nodeName();
  const encoded = Buffer.from(text).toString('base64');
  // Moved there: a kubelet would read a file that is half written. It leaves names alone that begin with a dot.
  const half = `${FOLDER}/.mcp-sluice-e2e-31`;
  await inNode(node, `echo ${encoded} | base64 -d > ${half} && mv ${half} ${FILE}`);
  return await until(
    'the static pod to run as its file has it',
    async () => {
      const { code, stdout } = await tryKubectl(['get', 'pod', `static-${node}`, '-n', namespace, '-o', 'json']);
      const mirror = code === 0 ? (JSON.parse(stdout) as KubeObject) : undefined;
      return mirror?.status.phase === 'Running' && isWanted(mirror) && mirror;
    },
    { timeoutMs: 120_000 },
  );
}
