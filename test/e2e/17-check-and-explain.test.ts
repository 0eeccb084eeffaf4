import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkCluster, mcpSluice } from './cli.ts';
import { readyPods } from './cluster.ts';
import { IMAGES } from './images.ts';
import { startWebhook, stopWebhook } from './install.ts';
import { apply, type KubeObject, kubectl, tryKubectl } from './kubectl.ts';
import { useNamespaces } from './namespace.ts';
import { deployment, ours, REDIS_URL, redis } from './objects.ts';
import { annotated, injectedPod, workload } from './policy-objects.ts';
import { until } from './until.ts';

const plain = 'e2e-17';
const restricted = 'e2e-17-restricted';
const ignored = 'e2e-17-ignored';
const inject = ours({ inject: 'true' });
const image = IMAGES.product;
const FIRST = join(import.meta.dirname, 'overlay/first');

describe('check and explain', () => {
  useNamespaces({ [plain]: {}, [restricted]: { enforce: 'restricted' }, [ignored]: {} });

  beforeAll(async () => {
    const template = { inject: 'true', redis: REDIS_URL, 'rate-limit': 'shared: 5/1m' };
    await apply(...redis(plain), deployment({ name: 'app', namespace: plain, server: 'python', template }));
    await kubectl(['label', 'namespace', ignored, 'mcp-sluice.dev/webhook=ignore']);
    await readyPods(plain, 'app');
  });

  it('[e2e:check] finds an installation in order: registration, policies, rights, certificates served, a dry run, Redis', async () => {
    const checks = await until('a check without pods of other files', async () => {
      const all = (await checkCluster()).checks;
      return all.every(({ check, state }) => state === 'ok' || check === 'pods') && all;
    });
    const names = checks.map(({ check }) => check.split(' ')[0] ?? '');
    expect(names.filter((name) => name === 'policy')).toHaveLength(3);
    for (const each of ['webhook-ready', 'webhook-certificate']) expect(names.filter((name) => name === each)).toHaveLength(2);
    for (const name of ['kubernetes-version', 'policy-api', 'version', 'webhook-replicas', 'images', 'webhook-registered', 'webhook-ca'])
      expect(names).toContain(name);
    for (const name of ['webhook-rights', 'webhook-secrets', 'webhook-answers', 'webhook-order', 'pods', 'redis'])
      expect(names).toContain(name);
  });

  it('[e2e:check-trouble] names a naked pod, a forged one, a Redis that is away, and a policy that somebody edited', async () => {
    const forged = injectedPod({ namespace: ignored, name: 'forged', image: 'evil.test/evil:1' });
    for (const made of [annotated({ namespace: ignored, name: 'naked' }), forged])
      await kubectl(['create', '-f', '-'], { input: JSON.stringify(made) });
    await kubectl(['label', 'namespace', ignored, 'mcp-sluice.dev/webhook-']);
    await kubectl(['scale', 'deployment/redis', '-n', plain, '--replicas=0']);
    await kubectl(['patch', 'validatingadmissionpolicybinding/mcp-sluice-workloads', '--type=merge', '-p', audit(['Audit'])]);
    try {
      const found = await until('check to find all of them', async () => {
        const { code, checks } = await checkCluster();
        const failed = checks.filter(({ state }) => state === 'failed').map(({ check, message }) => `${check}: ${message}`);
        return failed.some((each) => each.startsWith(`redis ${plain}`)) && { code, failed: failed.join('\n') };
      });
      expect(found.code).toBe(1);
      expect(found.failed).toMatch(new RegExp(`pods: ${ignored}/naked is naked`));
      expect(found.failed).toMatch(new RegExp(`pods: ${ignored}/forged is forged`));
      expect(found.failed).toContain('policy mcp-sluice-workloads: its binding does not deny');
    } finally {
      await kubectl(['patch', 'validatingadmissionpolicybinding/mcp-sluice-workloads', '--type=merge', '-p', audit(['Deny'])]);
      await kubectl(['scale', 'deployment/redis', '-n', plain, '--replicas=1']);
    }
  });

  it('[e2e:explain-cluster] tells of objects of the cluster what they are, and where each value came from', async () => {
    const [pod] = await readyPods(plain, 'app');
    const fresh = await explainIn(plain, `pod/${pod.metadata.name}`);
    expect(fresh.code, fresh.stderr).toBe(0);
    expect(fresh.told).toMatchObject({ verdict: 'injected', now: { state: 'fresh', sidecar: 'running, ready' }, notes: [] });
    const limit = fresh.told.effective.find(({ key }: { key: string }) => key === 'rate-limit');
    expect(limit).toMatchObject({ value: 'shared: 5/1m' });
    expect((await explainIn(plain, 'deploy/app')).told).toMatchObject({ verdict: 'injected', decided: { port: 8000 } });
    const naked = await explainIn(ignored, 'pod/naked');
    expect([naked.code, naked.told.now.state]).toEqual([1, 'naked']);
    expect((await explainIn(plain, 'pod/none')).code).toBe(66);
  });

  it('[e2e:kustomize] lint and inject take what kubectl kustomize makes, and the apiserver takes what comes out', async () => {
    const installation = await kubectl(['kustomize', FIRST]);
    const linted = await mcpSluice(['lint', '-'], { input: installation });
    expect(linted.code, linted.stdout + linted.stderr).toBe(0);
    const same = await mcpSluice(['inject', '-', '--image', image], { input: installation });
    // Nothing of ours asks for a sidecar: not a byte is another.
    expect([same.code, same.stdout === installation], same.stderr).toEqual([0, true]);

    const folder = mkdtempSync(join(tmpdir(), 'mcp-sluice-kustomize-'));
    try {
      const app = deployment({ name: 'app', namespace: plain, server: 'python', template: { inject: 'true' } });
      writeFileSync(join(folder, 'app.yaml'), JSON.stringify(app));
      writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify({ resources: ['app.yaml'], namePrefix: 'built-' }));
      const input = await kubectl(['kustomize', folder]);
      expect((await mcpSluice(['lint', '-'], { input })).code).toBe(0);
      const injected = await mcpSluice(['inject', '-', '--image', image], { input });
      expect(injected.code, injected.stderr).toBe(0);
      const taken = await kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { input: injected.stdout });
      const { metadata, spec } = JSON.parse(taken) as KubeObject;
      expect([metadata.name, spec.template.spec.initContainers[0].name]).toEqual(['built-app', 'mcp-sluice']);
      expect((await mcpSluice(['uninject', '-'], { input: injected.stdout })).stdout).toBe(input);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('[e2e:explain-true] foresees what the real apiserver decides, with the webhook and without it', async () => {
    await kubectl(['label', 'namespace', ignored, 'mcp-sluice.dev/webhook=ignore']);
    const objects = cases();
    const foreseen = await explainFiles(objects);
    const decided = await Promise.all(objects.map(decide));
    expect(objects.map(({ metadata }, at) => [metadata.name, told(foreseen[at])])).toEqual(
      objects.map(({ metadata }, at) => [metadata.name, decided[at]]),
    );
    await stopWebhook();
    try {
      const check = await checkCluster();
      expect(check.code).toBe(1);
      const answer = check.checks.find((each) => each.check === 'webhook-answers');
      expect(answer?.message).toContain('the policy refuses the known pod, as it should');

      const alone = await Promise.all(objects.map(decide));
      // Where Pod Security refuses as well, it speaks first.
      const refusedByPolicy = (at: number): boolean =>
        foreseen[at].policies.some((each: KubeObject) => each.of === objects[at]?.kind && each.withoutWebhook === 'refuses');
      expect(objects.map(({ metadata }, at) => [metadata.name, refusedByPolicy(at)])).toEqual(
        objects.map(({ metadata }, at) => [metadata.name, alone[at]?.startsWith('refused')]),
      );
    } finally {
      await startWebhook();
    }
  });
});

const audit = (validationActions: readonly string[]): string => JSON.stringify({ spec: { validationActions } });

async function explainIn(namespace: string, target: string): Promise<{ code: number; stderr: string; told: KubeObject }> {
  const { code, stdout, stderr } = await mcpSluice(['explain', '-n', namespace, target, '--output', 'json']);
  return { code, stderr, told: stdout === '' ? undefined : JSON.parse(stdout)[0] };
}

/** Objects that meet each rule of ours, one way and the other. */
function cases(): KubeObject[] {
  const at = (name: string, namespace = plain) => ({ name, namespace });
  const withSpec = (object: KubeObject, spec: object): KubeObject => ({ ...object, spec: { ...object.spec, ...spec } });
  const unlabelled = injectedPod({ ...at('unlabelled'), image });
  delete unlabelled.metadata.labels;
  const command = injectedPod({ ...at('other-program'), image });
  command.spec.initContainers[0].command = ['sleep', '1'];
  return [
    annotated(at('asks')),
    annotated(at('mistaken'), ours({ inject: 'true', 'rate-limit': 'nonsense' })),
    annotated(at('declines'), ours({ inject: 'false' })),
    annotated(at('silent'), {}),
    annotated(at('opted-out', ignored)),
    annotated(at('offends', restricted)),
    withSpec(annotated(at('mirror'), { ...inject, 'kubernetes.io/config.mirror': 'x' }), { nodeName: 'nowhere' }),
    withSpec(annotated(at('host-network')), { hostNetwork: true }),
    withSpec(annotated(at('windows')), { os: { name: 'windows' } }),
    injectedPod({ ...at('injected'), image }),
    injectedPod({ ...at('foreign'), image: 'evil.test/evil:1' }),
    unlabelled,
    command,
    ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'].flatMap((kind) => [
      workload(kind, at(`metadata-${kind.toLowerCase()}`), inject, {}),
      workload(kind, at(`template-${kind.toLowerCase()}`), {}, inject),
    ]),
  ];
}

async function explainFiles(objects: readonly KubeObject[]): Promise<KubeObject[]> {
  const namespaces = await kubectl(['get', 'namespace', plain, restricted, ignored, '-o', 'json']);
  const items = [...JSON.parse(namespaces).items, ...objects];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { stdout } = await mcpSluice(['explain', '-', '--image', image, '--output', 'json'], { input });
  return JSON.parse(stdout) as KubeObject[];
}

type Decision = 'injected' | 'stored as it is' | 'denied' | 'refused by policy' | 'refused by Pod Security' | `?${string}`;

function told({ verdict, why }: KubeObject): Decision {
  if (verdict === 'injected' || verdict === 'denied') return verdict;
  if (verdict !== 'refused') return 'stored as it is';
  return /Pod Security/.test(why) ? 'refused by Pod Security' : 'refused by policy';
}

async function decide(object: KubeObject): Promise<Decision> {
  const tried = await tryKubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { input: JSON.stringify(object) });
  if (/admission webhook "inject.mcp-sluice.dev" denied/.test(tried.stderr)) return 'denied';
  if (/ValidatingAdmissionPolicy/.test(tried.stderr)) return 'refused by policy';
  if (/violates PodSecurity/.test(tried.stderr) && tried.code !== 0) return 'refused by Pod Security';
  if (tried.code !== 0) return `?${tried.stderr}`;
  const { kind, spec, metadata } = JSON.parse(tried.stdout) as KubeObject;
  const template = kind === 'CronJob' ? spec.jobTemplate.spec.template : spec.template;
  const isInjected =
    kind === 'Pod'
      ? metadata.labels?.['mcp-sluice.dev/injected'] === 'true'
      : template.metadata?.annotations?.['mcp-sluice.dev/inject'] === 'true';
  return isInjected ? 'injected' : 'stored as it is';
}
