import { beforeAll, describe, expect, it } from 'vitest';
import { isReady, sidecarOf } from './cluster.ts';
import { apply, getObject, type KubeObject, kubectl, listObjects, tryKubectl } from './kubectl.ts';
import { useNamespaces } from './namespace.ts';
import { ours, podSpec, SERVERS } from './objects.ts';
import { until } from './until.ts';

const namespace = 'e2e-19';
const annotations = ours({ inject: 'true', 'bind-env': SERVERS.everything.bindEnv });
/** Serves on the MCP port; ends by itself where it is a Job's. */
const serve = (andThen = ''): object => ({
  command: ['/usr/local/bin/node', '-e', `require('http').createServer((q, r) => r.end()).listen(3001, '127.0.0.1', () => {${andThen}})`],
});
const SERVES = serve();
const ENDS = serve('setTimeout(() => process.exit(0), 3000)');

/** Pod Security, quota and limit range all at once: each has something to say of every container, and so of ours. */
describe('workloads of every kind under restricted, a ResourceQuota and a LimitRange', () => {
  useNamespaces({ [namespace]: { enforce: 'restricted' } });

  beforeAll(async () => {
    const hard = { pods: '12', 'requests.cpu': '2', 'requests.memory': '3Gi', 'limits.cpu': '8', 'limits.memory': '8Gi' };
    const limits = [
      {
        type: 'Container',
        defaultRequest: { cpu: '10m', memory: '32Mi' },
        default: { cpu: '500m', memory: '256Mi' },
        min: { cpu: '5m', memory: '16Mi' },
        max: { cpu: '1', memory: '1Gi' },
      },
    ];
    await apply(
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'quota', namespace }, spec: { hard } },
      { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'range', namespace }, spec: { limits } },
    );
    await until(
      'the quota to count',
      async () => (await getObject(['resourcequota', 'quota', '-n', namespace])).status?.hard !== undefined,
    );
    // First, as its controller waits for the next minute.
    await apply(cronJob());
  });

  it.for([
    ['DaemonSet', 'each'],
    ['StatefulSet', 'in-order'],
    ['ReplicaSet', 'replicas'],
    ['Deployment', 'rolled'],
  ] as const)('[e2e:workload-kinds] a %s runs with its sidecar', async ([kind, name]) => {
    await apply(workload(kind, name));
    const found = await readyPod(name);
    expectInjected(found, `${namespace}/${kind}/${name}`);
    await kubectl(['delete', kind, name, '-n', namespace, '--wait=false']);
  });

  it('[e2e:workload-kinds] a bare pod runs with its sidecar, and one of generateName, each under a name of its own', async () => {
    await apply(bare({ name: 'bare' }));
    expectInjected(await readyPod('bare'), `${namespace}/Pod/bare`);
    await kubectl(['create', '-f', '-'], { input: JSON.stringify(bare({ generateName: 'generated-' })) });
    const generated = await readyPod('generated');
    expect(generated.metadata.name).toMatch(/^generated-.+/);
    expect(sidecarOf(generated)).toBeDefined();
    await kubectl(['delete', 'pods', '-l', 'app in (bare,generated)', '-n', namespace, '--wait=false']);
  });

  it('[e2e:jobs-complete] a Job completes: its sidecar ends when the app has', async () => {
    await apply(workload('Job', 'job'));
    await completes('job');
    const [found] = await listObjects(['pods', '-n', namespace, '-l', 'app=job']);
    expectInjected(found, `${namespace}/Job/job`);
    expect(found.status.phase).toBe('Succeeded');
  });

  it('[e2e:jobs-complete] a CronJob makes Jobs that complete, and its pods count for the CronJob', async () => {
    const job = await until(
      'the CronJob to make a Job',
      async () => (await listObjects(['jobs', '-n', namespace])).find(({ metadata }) => metadata.name.startsWith('by-time-')),
      { timeoutMs: 120_000 },
    );
    await completes(job.metadata.name);
    const [found] = await listObjects(['pods', '-n', namespace, '-l', `job-name=${job.metadata.name}`]);
    expectInjected(found, `${namespace}/CronJob/by-time`);
  });

  it('[e2e:quota] counts the sidecar, and refuses what would be too much in words of the quota', async () => {
    await until('the pods above to be gone', async () => {
      const pods = await listObjects(['pods', '-n', namespace]);
      return pods.every(({ status }) => status.phase === 'Succeeded');
    });
    await kubectl(['patch', 'resourcequota/quota', '-n', namespace, '--type=merge', '-p', '{"spec":{"hard":{"limits.memory":"300Mi"}}}']);
    // The app's 256Mi would be within it.
    const refused = await until('the quota to be known', async () => {
      const object = bare({ name: 'too-much' });
      const tried = await tryKubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(object) });
      return tried.code !== 0 && tried.stderr;
    });
    expect(refused).toMatch(/exceeded quota: quota, requested: limits.memory=512Mi/);
  });
});

function expectInjected(pod: KubeObject, owner: string): void {
  const sidecar = sidecarOf(pod);
  expect(sidecar?.args).toContain(`--owner=${owner}`);
  // The LimitRanger gave ours what it gives all.
  expect(sidecar?.resources).toMatchObject({ limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '50m' } });
}

async function readyPod(app: string): Promise<KubeObject> {
  return await until(
    `the pod of ${app}`,
    async () => {
      const pods = await listObjects(['pods', '-n', namespace, '-l', `app=${app}`]);
      return pods.find((pod) => isReady(pod));
    },
    { timeoutMs: 120_000 },
  );
}

async function completes(job: string): Promise<void> {
  await kubectl(['wait', '--for=condition=Complete', `job/${job}`, '-n', namespace, '--timeout=120s'], { timeoutMs: 130_000 });
}

function template(app: string, isBatch: boolean): object {
  const spec = { ...podSpec({ container: isBatch ? ENDS : SERVES }), ...(isBatch && { restartPolicy: 'Never' }) };
  return { metadata: { labels: { app }, annotations }, spec };
}

function bare(named: object): object {
  const app = 'name' in named ? String(named.name) : 'generated';
  const { metadata, spec } = template(app, false) as KubeObject;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, ...named, namespace }, spec };
}

function workload(kind: string, name: string): object {
  const isJob = kind === 'Job';
  const spec = { template: template(name, isJob) };
  const selected = { ...spec, selector: { matchLabels: { app: name } } };
  const more = kind === 'DaemonSet' ? selected : { ...selected, replicas: 1, ...(kind === 'StatefulSet' && { serviceName: name }) };
  return {
    apiVersion: isJob ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: isJob ? { ...spec, backoffLimit: 0 } : more,
  };
}

function cronJob(): object {
  const spec = {
    schedule: '* * * * *',
    concurrencyPolicy: 'Forbid',
    jobTemplate: { spec: { template: template('by-time', true), backoffLimit: 0 } },
  };
  return { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'by-time', namespace }, spec };
}
