import { describe, expect, it } from 'vitest';
import { type Certified, makeCertificate } from '../support/make-certificate.ts';
import { metricsOf, readyPods, sampleOf } from './cluster.ts';
import { type Attempt, postFromPod } from './cluster-client.ts';
import { apply, getObject, kubectl, tryApply } from './kubectl.ts';
import { toolCall } from './mcp-client.ts';
import { useNamespaces } from './namespace.ts';
import { clientPod, REDIS_URL, redis, tlsServer } from './objects.ts';
import { until } from './until.ts';

const agent = 'e2e-16';
const remote = 'e2e-16-remote';
const host = `remote.${remote}.svc.cluster.local`;
const url = `https://${host}:8443/mcp`;

/** A volume is written anew within a minute and a half; a change of the pod hurries the kubelet. */
const PATIENCE = { timeoutMs: 150_000, everyMs: 1_000 };

const entries = `
- name: good
  url: ${url}
  allowPrivate: true
  caBundle: {configMap: remote-ca, exclusive: true}
  rateLimit: {tools: {add: 2/1h}}
- name: late
  url: ${url}
  allowPrivate: true
  caBundle: {configMap: late-ca}
- name: private
  url: ${url}
  caBundle: {configMap: remote-ca}
`;

describe('remote entries', () => {
  useNamespaces({ [agent]: { enforce: 'restricted' }, [remote]: {} });
  let authority: Certified;
  let touches = 0;

  it('[e2e:entry-good] an agent without a server of its own reaches a server with a private CA, and has the URL in its environment', async () => {
    authority = makeAuthority('first');
    await apply(...tlsServer(remote, certify(authority)), bundle('remote-ca', authority));
    await readyPods(remote, 'remote');
    await apply(...redis(agent), clientPod(agent, { redis: REDIS_URL, inject: 'true', 'remote-entries': entries }));
    await kubectl(['wait', '-n', agent, '--for=condition=Ready', 'pod/client', '--timeout=120s'], { timeoutMs: 130_000 });
    const [answer] = await ask('good', 'whoami');
    expect([answer?.status, answer?.text]).toEqual([200, expect.stringContaining('remote-')]);
    const printed = await kubectl([
      'exec',
      '-n',
      agent,
      'client',
      '-c',
      'client',
      '--',
      ...NODE,
      'console.log(process.env.MCP_ENTRY_GOOD_URL)',
    ]);
    expect(printed.trim()).toBe('http://127.0.0.1:15010/good');
  });

  it('[e2e:entry-limit] a limit of an entry answers 429', async () => {
    const statuses: (number | undefined)[] = [];
    for (let call = 0; call < 3; call++) statuses.push((await ask('good', 'add', { a: 1, b: 2 }))[0]?.status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('[e2e:entry-private] a name that resolves to a private address is refused when it is dialled', async () => {
    const [answer] = await ask('private', 'whoami');
    expect(answer?.status).toBeGreaterThanOrEqual(500);
    expect(answer?.text).toMatch(/private.*allowPrivate/s);
  });

  it('[e2e:entry-heals] an entry without its ConfigMap says what is missing, and works once it is there, without a restart', async () => {
    const [answer] = await ask('late', 'whoami');
    expect([answer?.status, answer?.text]).toEqual([503, expect.stringMatching(/entry .*late.*late-ca/s)]);
    await apply(bundle('late-ca', authority));
    await until('the entry to heal', async () => (await hurried('late'))?.status === 200, PATIENCE);
    expect(await restarts()).toBe(0);
  });

  it('[e2e:entry-rotation] once the remote shows a certificate of another CA, the new bundle heals the entry, without a restart', async () => {
    const next = makeAuthority('second');
    await apply(...tlsServer(remote, certify(next)));
    await kubectl(['rollout', 'restart', 'deployment/remote', '-n', remote]);
    await kubectl(['rollout', 'status', 'deployment/remote', '-n', remote, '--timeout=120s'], { timeoutMs: 130_000 });
    await until('the new certificate to be refused', async () => ((await ask('good', 'whoami'))[0]?.status ?? 0) >= 500, PATIENCE);
    await apply(bundle('remote-ca', next));
    await until('the entry to heal', async () => (await hurried('good'))?.status === 200, PATIENCE);
    expect(await restarts()).toBe(0);
    const pod = await getObject(['pod', 'client', '-n', agent]);
    expect(sampleOf(await metricsOf(pod), 'mcp_sluice_entry_ca_days_left', 'entry="good"')).toBeGreaterThan(1);
  });

  it.for(['https://169.254.169.254/latest', 'https://10.0.0.1/mcp', 'https://0xa9fea9fe/mcp'])(
    '[e2e:entry-forbidden] refuses %s at kubectl apply',
    async (forbidden) => {
      const pod = clientPod(agent, { inject: 'true', 'remote-entries': `[{name: bad, url: "${forbidden}"}]` }, 'refused');
      const refused = await tryApply(pod);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toMatch(/mcp-sluice\.dev\/remote-entries/);
    },
  );

  const ask = (entry: string, tool: string, args = {}): Promise<Attempt[]> =>
    postFromPod(agent, toolCall(1, tool, args), [`http://127.0.0.1:15010/${entry}`]);

  async function hurried(entry: string): Promise<Attempt | undefined> {
    touches += 1;
    await kubectl(['label', 'pod', 'client', '-n', agent, '--overwrite', `touched=${touches}`]);
    return (await ask(entry, 'whoami'))[0];
  }

  async function restarts(): Promise<number> {
    const { status } = await getObject(['pod', 'client', '-n', agent]);
    return status.initContainerStatuses.reduce((sum: number, one: { restartCount: number }) => sum + one.restartCount, 0);
  }
});

const NODE = ['/usr/local/bin/node', '-e'];
const makeAuthority = (name: string): Certified => makeCertificate({ name: `e2e ${name} CA`, isAuthority: true, validHours: [-1, 48] });
const certify = (issuer: Certified): Certified => makeCertificate({ name: host, issuer, hosts: [host], validHours: [-1, 24] });
const bundle = (name: string, { certificate }: Certified): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: agent },
  data: { 'ca.crt': certificate },
});
