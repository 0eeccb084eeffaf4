import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runCheck } from '../../../src/cli/check.ts';
import { issueAuthority } from '../../../webhook/certificate.ts';
import { KubeError, type KubeObject } from '../../../webhook/kube-api.ts';
import { facts } from '../inject/samples.ts';
import { check, edited, found, NOW_MS, outcomes } from './check-run.ts';
import { createCluster, createEmptyCluster, DEPLOYMENT, type FakeCluster, IMAGES, REGISTRATION, refusal, WEBHOOK } from './fake-cluster.ts';
import { runWith } from './run.ts';

let ca = '';
beforeAll(async () => {
  ca = (await issueAuthority(NOW_MS)).certificate;
});

describe('mcp-sluice check, before', () => {
  it('[cli:check-before] says of a sound cluster that it can be installed there', async () => {
    const cluster = createEmptyCluster();
    expect(await outcomes(cluster)).toMatchObject({ code: 0, summary: { isInstalled: false, ok: 3, failed: 0 } });
    expect((await check(cluster)).out).toBe(
      'mcp-sluice is not installed here; could it be?\nok       kubernetes-version: v1.34.0\n'.replace(': v1', ': Kubernetes v1') +
        'ok       policy-api: ValidatingAdmissionPolicy is served\nok       rights-to-install: you may install it\n',
    );
  });

  it('[cli:check-before] names what is missing: version, policies, rights', async () => {
    const cluster = createEmptyCluster();
    const answer = (value: unknown) => ({ status: 200, body: JSON.stringify(value) });
    cluster.answer((path, content) => {
      if (path === '/version') return answer({ major: '1', minor: '29+', gitVersion: 'v1.29.4-gke.1' });
      if (path === REGISTRATION) return answer({ resources: [{ name: 'mutatingwebhookconfigurations' }] });
      return path.endsWith('accessreviews')
        ? answer({ status: { allowed: !/"(clusterroles|deployments)"/.test(JSON.stringify(content)) } })
        : undefined;
    });
    const { code, notOk } = await outcomes(cluster);
    expect(code).toBe(1);
    expect(notOk.map(({ check: name, state }) => `${name}: ${state}`)).toEqual([
      'kubernetes-version: failed',
      'policy-api: failed',
      'rights-to-install: failed',
    ]);
    expect(notOk[0]?.message).toContain('1.30 or later');
    expect(notOk[2]?.message).toBe('you may not: create clusterroles, create deployments in namespace mcp-sluice-system');
  });

  it('[cli:check-before] asks for the right to create each kind in the manifests, where they have it', async () => {
    const asked: string[] = [];
    const cluster = createEmptyCluster();
    cluster.answer((path, content) => {
      if (path.endsWith('selfsubjectaccessreviews')) {
        const { group, resource, namespace } = (content as { spec: { resourceAttributes: Record<string, string> } }).spec
          .resourceAttributes;
        asked.push([group, resource, namespace].join('/'));
      }
      return undefined;
    });
    await outcomes(cluster);
    const install = readFileSync(join(import.meta.dirname, '../../../manifests/install.yaml'), 'utf8');
    const wanted = parseAllDocuments(install).map((each) => {
      const { apiVersion, kind, metadata } = each.toJS() as { apiVersion: string; kind: string; metadata: { namespace?: string } };
      const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
      return [group, `${kind.toLowerCase().replace(/y$/, 'ie')}s`, metadata.namespace].join('/');
    });
    expect(new Set(asked)).toEqual(new Set(wanted));
  });
});

describe('mcp-sluice check, after', () => {
  it('[cli:check] finds nothing wrong with a sound installation', async () => {
    const cluster = createCluster(ca);
    const { code, notOk, checks } = await outcomes(cluster, '--strict');
    expect(notOk).toEqual([{ check: 'redis', state: 'unknown', message: expect.stringContaining('nobody can say') }]);
    expect(code).toBe(0);
    expect(checks.map(({ check: name }) => name)).toEqual([
      ...['kubernetes-version', 'policy-api', 'version', 'webhook-replicas', 'images', 'webhook-registered', 'webhook-ca'],
      ...['webhook-certificate a', 'webhook-certificate b'],
      ...['policy mcp-sluice-pods', 'policy mcp-sluice-images', 'policy mcp-sluice-workloads', 'webhook-rights', 'webhook-secrets'],
      ...['webhook-ready a', 'webhook-ready b', 'webhook-answers', 'webhook-order', 'pods', 'redis'],
    ]);
  });

  it('[cli:check] changes nothing: what it sends is a dry run, or a question of rights', async () => {
    const cluster = createCluster(ca);
    const sent: string[] = [];
    const { ask } = cluster;
    cluster.ask = (method, path, content) => {
      if (method === 'POST') sent.push(path);
      return ask(method, path, content);
    };
    await outcomes(cluster);
    expect(sent.filter((path) => !path.endsWith('accessreviews'))).toEqual(['/api/v1/namespaces/tools/pods?dryRun=All']);
    expect(cluster.kube.calls.every((call) => call.startsWith('GET '))).toBe(true);
  });

  it.each<[string, string[], (cluster: FakeCluster) => void]>([
    ['the webhook configuration gone', ['webhook-registered: failed'], ({ kube }) => kube.objects.delete(WEBHOOK)],
    ['a CA that has ended', ['webhook-ca: failed'], ({ kube }) => kube.put(WEBHOOK, withBundle(kube.objects.get(WEBHOOK), 'x'))],
    [
      'an edited selector',
      ['webhook-registered: failed'],
      ({ kube }) => kube.put(WEBHOOK, edited(kube.objects.get(WEBHOOK), '"NotIn"', '"In"')),
    ],
    [
      'a policy gone',
      ['policy mcp-sluice-pods: failed'],
      ({ kube }) => kube.objects.delete(`${REGISTRATION}/validatingadmissionpolicies/mcp-sluice-pods`),
    ],
    [
      'a policy unbound',
      ['policy mcp-sluice-images: failed'],
      ({ kube }) => kube.objects.delete(`${REGISTRATION}/validatingadmissionpolicybindings/mcp-sluice-images`),
    ],
    [
      'a policy that only warns',
      ['policy mcp-sluice-pods: failed'],
      ({ kube }) =>
        kube.put(`${REGISTRATION}/validatingadmissionpolicybindings/mcp-sluice-pods`, {
          spec: { policyName: 'mcp-sluice-pods', validationActions: ['Warn'] },
        } as KubeObject),
    ],
    ['a rollout under way', ['webhook-replicas: warning', 'images: warning'], ({ kube }) => kube.put(DEPLOYMENT, deployment(1, 1, 'x:2'))],
    ['no replica ready', ['webhook-replicas: failed'], ({ kube }) => kube.put(DEPLOYMENT, deployment(0, 2, facts.image))],
    ['no image named', ['images: failed', 'policy-parameters: failed', 'pods: unknown'], ({ kube }) => kube.objects.delete(IMAGES)],
  ])('[cli:check] finds %s', async (_, expected, spoil) => {
    const cluster = createCluster(ca);
    spoil(cluster);
    expect(await found(cluster)).toEqual([...expected, 'redis: unknown']);
  });

  it.each([
    [
      refusal(403, 'pods "x" is forbidden: pod "x" has annotation mcp-sluice.dev/inject: "true" but not the sidecar "mcp-sluice"'),
      'failed',
      'does not answer',
    ],
    [refusal(403, 'pods "x" is forbidden: exceeded quota'), 'failed', 'exceeded quota'],
    [refusal(403, 'pods is forbidden: User "u" cannot create resource "pods"'), 'unknown', 'you may not create pods'],
    [{ status: 201, body: '{"spec":{}}' }, 'failed', 'without its sidecar'],
  ])('[cli:check-admission] reads the answer to a known pod: %#', async (answer, state, message) => {
    const cluster = createCluster(ca);
    cluster.answer((path) => (path.includes('dryRun') ? answer : undefined));
    const { checks } = await outcomes(cluster);
    expect(checks.find(({ check: name }) => name === 'webhook-answers')).toMatchObject({
      state,
      message: expect.stringContaining(message),
    });
  });

  it('[cli:check-admission] knows the way out of an apiserver that reads no parameters of policies any more', async () => {
    const cluster = createCluster(ca);
    const message =
      "ValidatingAdmissionPolicy 'mcp-sluice-images' denied request: no params found for policy binding with `Deny` parameterNotFoundAction";
    cluster.answer((path) => (path.includes('dryRun') ? refusal(422, message) : undefined));
    const { notOk } = await outcomes(cluster);
    expect(notOk[0]).toMatchObject({
      check: 'webhook-answers',
      state: 'failed',
      remedy: expect.stringContaining('restart the apiservers'),
    });
  });

  it('[cli:check-admission] does not try a namespace that is left out', async () => {
    const cluster = createCluster(ca);
    cluster.kube.put('/api/v1/namespaces/tools', { metadata: { labels: { 'mcp-sluice.dev/webhook': 'ignore' } } });
    expect(await found(cluster)).toContain('webhook-answers: unknown');
    expect((await outcomes(cluster, '-n', 'kube-system')).notOk[0]).toMatchObject({ check: 'webhook-answers', state: 'unknown' });
  });

  it('[cli:check-pods] tells of stale, naked and forged pods, and the first of them by name', async () => {
    const cluster = createCluster(ca);
    const pod = { metadata: { namespace: 'tools', name: 'x' } };
    cluster.swept = {
      counts: { fresh: 1, stale: 2, naked: 1, forged: 0, unready: 0 },
      findings: Array.from({ length: 12 }, () => ({ what: 'naked', reason: 'it asks', pod })),
    };
    const pods = (await outcomes(cluster)).notOk.filter(({ check: name }) => name === 'pods');
    expect(pods).toHaveLength(12);
    expect(pods[0]).toEqual({
      check: 'pods',
      state: 'failed',
      message: '1 as the webhook makes them, 2 stale, 1 naked, 0 forged, 0 not ready',
    });
    expect(pods[1]?.message).toBe('tools/x is naked: it asks');
    expect(pods.at(-1)?.message).toBe('and 2 more');
    cluster.swept = { counts: { fresh: 1, stale: 2, naked: 0, forged: 0, unready: 0 }, findings: [] };
    expect(await outcomes(cluster)).toMatchObject({ code: 0 });
    expect(await outcomes(cluster, '--strict')).toMatchObject({ code: 1 });
  });

  it('[cli:check-redis] asks a sidecar of each namespace whether it reaches its Redis', async () => {
    const cluster = createCluster(ca);
    const put = (namespace: string, name: string) =>
      cluster.kube.put(`/api/v1/namespaces/${namespace}/pods/${name}`, {
        metadata: { namespace, name, labels: { 'mcp-sluice.dev/injected': 'true' }, annotations: { 'mcp-sluice.dev/redis': 'redis://r' } },
      });
    for (const [namespace, name] of [
      ['n1', 'good'],
      ['n1', 'second'],
      ['n2', 'open'],
      ['n3', 'never'],
      ['n4', 'gone'],
    ] as const)
      put(namespace, name);
    cluster.answer((path) => {
      if (path.includes('/gone:')) return refusal(503, 'no route to pod');
      if (path.endsWith('/metrics')) return { status: 200, body: `mcp_sluice_breaker_open ${path.includes('/open:') ? 1 : 0}\n` };
      if (!path.includes('15179/proxy/readyz')) return undefined;
      const isGood = path.includes('/good:');
      return { status: isGood ? 200 : 503, body: JSON.stringify({ ready: isGood, checks: { redis: isGood ? 'ok' : 'ECONNREFUSED' } }) };
    });
    expect((await outcomes(cluster)).checks.filter(({ check: name }) => name.startsWith('redis'))).toEqual([
      { check: 'redis n1', state: 'ok', message: 'n1/good reaches redis://r' },
      { check: 'redis n2', state: 'failed', message: 'n2/open does not reach redis://r now' },
      { check: 'redis n3', state: 'failed', message: 'n3/never does not reach redis://r: ECONNREFUSED' },
      { check: 'redis n4', state: 'unknown', message: 'n4/gone does not answer: no route to pod' },
    ]);
  });

  it('[cli:no-secrets] keeps back what may be a password in the URL of a Redis', async () => {
    const cluster = createCluster(ca);
    const annotations = { 'mcp-sluice.dev/redis': 'redis://user:hunter2@r' };
    cluster.kube.put('/api/v1/namespaces/n/pods/p', {
      metadata: { namespace: 'n', name: 'p', labels: { 'mcp-sluice.dev/injected': 'true' }, annotations },
    });
    cluster.answer((path) => (path.includes('15179') ? { status: 200, body: 'mcp_sluice_breaker_open 1\n' } : undefined));
    const { out } = await check(cluster);
    expect(out).toContain('redis n: n/p does not reach …@r now');
    expect(out).not.toContain('hunter2');
  });

  it('[cli:check] tells the order in which webhooks are asked on pods', async () => {
    const cluster = createCluster(ca);
    const rules = [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }];
    for (const name of ['istio-sidecar-injector', 'vault'])
      cluster.kube.put(`${REGISTRATION}/mutatingwebhookconfigurations/${name}`, { metadata: { name }, webhooks: [{ rules }] });
    cluster.kube.put(`${REGISTRATION}/mutatingwebhookconfigurations/nodes`, {
      metadata: { name: 'nodes' },
      webhooks: [{ rules: [{ ...rules[0], resources: ['nodes'] }] }],
    });
    const ours = cluster.kube.objects.get(WEBHOOK) as KubeObject;
    cluster.kube.put(WEBHOOK, { ...ours, metadata: { name: 'mcp-sluice' } });
    expect((await outcomes(cluster)).checks.find(({ check: name }) => name === 'webhook-order')?.message).toMatch(
      /order: istio-sidecar-injector, mcp-sluice, vault; after the one behind us/,
    );
  });

  it('[cli:check] tells a cluster that cannot be asked from one that is not well', async () => {
    const cluster = createCluster(ca);
    cluster.kube.fail(new KubeError(0, 'GET /: no answer'));
    expect(await check(cluster)).toMatchObject({ code: 69, out: '', err: 'mcp-sluice check: GET /: no answer\n' });
    const forbidden = createCluster(ca);
    forbidden.read = () => Promise.reject(new KubeError(403, 'no'));
    expect(await outcomes(forbidden)).toMatchObject({ code: 0 });
    expect((await found(forbidden)).filter((each) => each.endsWith('unknown')).length).toBeGreaterThanOrEqual(4);
    const stranger = createCluster(ca);
    stranger.answer((path) => (path === REGISTRATION || path === '/version' ? undefined : refusal(403, 'no')));
    expect(await outcomes(stranger)).toMatchObject({
      ...{ code: 0, summary: { isInstalled: 'unknown', failed: 0 }, notOk: [{ check: 'installation', state: 'unknown' }] },
    });
    expect(await check(cluster, 'pod/x')).toMatchObject({ code: 64 });
    expect(await runWith((given, io) => runCheck(given, io), [])).toMatchObject({ code: 69 });
  });
});

describe('mcp-sluice check, in part', () => {
  it('[cli:check] tells what it may read where it may not read the rest', async () => {
    const cluster = createCluster(ca);
    const { read } = cluster;
    cluster.read = (path) => (path === DEPLOYMENT ? Promise.reject(new KubeError(403, 'no')) : read(path));
    const told = (await outcomes(cluster)).checks.filter(({ check: name }) => ['version', 'webhook-replicas', 'images'].includes(name));
    expect(told.map(({ check: name, state }) => `${name}: ${state}`)).toEqual(['version: ok', 'webhook-replicas: unknown', 'images: ok']);
  });

  it('[cli:check] names each image that the policies accept, also those of a rollout over another', async () => {
    const cluster = createCluster(ca);
    cluster.kube.put(IMAGES, { data: { current: facts.image, previous: 'x:1', rolling: 'x:2 x:3' } } as KubeObject);
    const images = (await outcomes(cluster)).checks.find(({ check: name }) => name === 'images');
    expect(images).toMatchObject({ state: 'ok', message: expect.stringContaining('; x:1, x:2, x:3, of other replicas or of before') });
  });

  it('[cli:check] takes no mistake of its own for a cluster that cannot be asked', async () => {
    const cluster = createCluster(ca);
    cluster.read = () => Promise.reject(new TypeError('x is undefined'));
    await expect(check(cluster)).rejects.toThrow(TypeError);
  });
});

function withBundle(configuration: KubeObject | undefined, bundle: string): KubeObject {
  return JSON.parse(JSON.stringify(configuration).replace(/"caBundle":"[^"]*"/, `"caBundle":"${bundle}"`)) as KubeObject;
}
function deployment(ready: number, updated: number, image: string): KubeObject {
  return {
    spec: { replicas: 2, template: { spec: { containers: [{ image }] } } },
    status: { readyReplicas: ready, updatedReplicas: updated },
  } as KubeObject;
}
