import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import type { Facts } from '../../../src/inject/facts.ts';
import { listAt, objectAt, type Path, textAt, textsAt, valueAt } from '../../../src/inject/raw.ts';
import { TEMPLATES } from '../../../src/inject/workload.ts';
import { PREFIX } from '../../../src/lib/prefix.ts';
import { facts, restricted, type SamplePod, samplePod } from './samples.ts';

const kinds = [...TEMPLATES].map(([kind, template]) => [kind, template] as const);

function create(object: unknown, kind = 'Pod', known: Facts = facts) {
  const admitted = admit({ kind, operation: 'CREATE', object }, known);
  return { ...admitted, codes: admitted.issues.map(({ code }) => code), result: applyPatch(object, admitted.patch) };
}

function update(kind: string, oldObject: unknown, object: unknown) {
  return admit({ kind, operation: 'UPDATE', oldObject, object }, facts);
}

function podWith(annotations: Record<string, string>, spec: Record<string, unknown>): SamplePod {
  const pod = samplePod(annotations);
  return { ...pod, spec: { ...pod.spec, ...spec } };
}

const onPorts = (...ports: object[]) => ({ containers: [{ name: 'app', image: 'example.com/app:1', ports }] });

/** A workload whose template is the pod's. */
function workloadOf(kind: string, template: Path, pod: SamplePod, metadata: object = {}): unknown {
  const { name: _, ...ofTemplate } = pod.metadata;
  const inner = { metadata: ofTemplate, spec: pod.spec };
  const spec = template.slice(1).reduceRight<unknown>((value, step) => ({ [step]: value }), inner);
  return { kind, metadata: { name: 'everything', ...metadata }, spec };
}

describe('a port', () => {
  it.each([
    ['is the only one', onPorts({ containerPort: 3000 }), {}, 3000],
    ['is the one named mcp', onPorts({ containerPort: 3000 }, { name: 'mcp', containerPort: 3001 }), {}, 3001],
    ['is the one that is asked for', onPorts({ containerPort: 3000 }, { name: 'mcp', containerPort: 3001 }), { port: '3000' }, 3000],
  ])('[admission:port] %s', (_, spec, annotations, port) => {
    const { result } = create(podWith(annotations, spec));
    expect(valueAt(result, ['spec', 'initContainers', 0, 'args'])).toContain(`--port=${port}`);
  });

  it.each([
    ['one of two', 'PORT_AMBIGUOUS', onPorts({ containerPort: 3000 }, { containerPort: 3001 }), {}, ['3000/TCP', '3001/TCP']],
    ['one that is not declared', 'PORT_UNDECLARED', onPorts({ containerPort: 3000 }), { port: '8080' }, ['3000/TCP']],
    ['none at all', 'PORT_UNDECLARED', onPorts(), {}, []],
    ['a UDP one', 'PORT_NOT_TCP', onPorts({ containerPort: 3000, protocol: 'UDP' }), { port: '3000' }, ['3000/UDP']],
  ])('[admission:port] is denied where it is %s, with the candidates', (_, code, spec, annotations, candidates) => {
    const { allowed, codes, issues, patch } = create(podWith(annotations, spec));
    expect({ allowed, codes, patch }).toEqual({ allowed: false, codes: [code], patch: [] });
    for (const candidate of candidates) expect(issues[0]?.message).toContain(candidate);
  });
});

describe('what is denied', () => {
  it('[admission:host-network] is a pod with hostNetwork', () => {
    expect(create(podWith({}, { hostNetwork: true })).codes).toEqual(['HOST_NETWORK']);
    expect(create(podWith({}, { hostNetwork: false })).codes).toEqual([]);
  });

  it.each([
    ['a container', { containers: [...samplePod().spec.containers, { name: 'mcp-sluice', image: 'example.com/other:1' }] }],
    ['an init container', { initContainers: [{ name: 'mcp-sluice-capture', image: 'example.com/other:1' }] }],
    ['the volume of the annotations', { volumes: [{ name: 'mcp-sluice-pod', emptyDir: {} }] }],
    ['the volume of the state', { volumes: [{ name: 'mcp-sluice-state', hostPath: { path: '/' } }] }],
    ['the volume of the Secret', { volumes: [{ name: 'mcp-sluice-redis-secret', emptyDir: {} }] }],
    ['the volume of the CA', { volumes: [{ name: 'mcp-sluice-redis-ca', emptyDir: {} }] }],
  ])('[admission:foreign-names] is %s of our name that is not ours', (_, spec) => {
    expect(create(podWith({}, spec)).codes).toEqual(['FOREIGN_NAME']);
  });

  it('[admission:every-error] is told all at once, of settings and pod alike', () => {
    const { codes } = create(podWith({ captur: 'auto', 'rate-limit': 'shared: 0/1m', port: '8080' }, { hostNetwork: true }));
    expect(codes.toSorted()).toEqual(['HOST_NETWORK', 'OUT_OF_RANGE', 'PORT_UNDECLARED', 'UNKNOWN_KEY']);
  });

  it('[admission:config-map] is a ConfigMap without the key, while a missing one draws a warning', () => {
    const pod = samplePod({ redis: 'rediss://redis:6379', 'redis-ca': 'corp:root.pem' });
    const missing = create(pod, 'Pod', { ...facts, configMap: () => 'missing' });
    expect([missing.allowed, missing.cautions.map(({ code }) => code)]).toEqual([true, ['CA_MISSING']]);
    expect(create(pod, 'Pod', { ...facts, configMap: () => ({ 'ca.crt': '' }) }).codes).toEqual(['CA_KEY_MISSING']);
  });

  it.each(kinds)('[admission:workloads-alike] in a pod is denied in a %s', (kind, template) => {
    const pod = podWith({ captur: 'auto', 'rate-limit': 'shared: 0/1m', port: '8080' }, { hostNetwork: true });
    const workload = create(workloadOf(kind, template, pod), kind);
    expect([workload.allowed, workload.codes.toSorted()]).toEqual([false, create(pod).codes.toSorted()]);
    const limited = samplePod({ 'rate-limit': 'shared: 3/1m' });
    const without = { ...facts, defaults: {} };
    expect(create(workloadOf(kind, template, limited), kind, without).codes).toEqual(['LIMIT_WITHOUT_REDIS']);
  });
});

describe('capture', () => {
  const under = (level: string): Facts => ({
    ...facts,
    namespace: { ...facts.namespace, labels: { 'pod-security.kubernetes.io/enforce': level } },
  });
  const beside = (name: string) => podWith({}, { containers: [...samplePod().spec.containers, { name, image: 'example.com/proxy:1' }] });
  const chosen = (pod: SamplePod, known: Facts) =>
    listAt(create(pod, 'Pod', known).result, 'spec', 'initContainers', 0, 'args').find((each) => String(each).startsWith('--capture='));

  it.each([
    ['redirect', 'where nothing forbids it', samplePod(), facts],
    ['redirect', 'under privileged', samplePod(), under('privileged')],
    ['takeover', 'under baseline', samplePod(), under('baseline')],
    ['takeover', 'under restricted', samplePod(), under('restricted')],
    ['takeover', "beside Istio's proxy", beside('istio-proxy'), facts],
    ['takeover', "beside Linkerd's proxy", beside('linkerd-proxy'), facts],
  ])('[admission:capture-auto] is %s %s', (capture, _, pod, known) => {
    expect(chosen(pod, known)).toBe(`--capture=${capture}`);
  });

  it('[admission:redirect-beside-mesh] is denied where redirect is asked for beside a mesh proxy', () => {
    const pod = beside('istio-proxy');
    pod.metadata.annotations[`${PREFIX}capture`] = 'redirect';
    expect(create(pod).codes).toEqual(['REDIRECT_WITH_MESH']);
  });
});

describe('an update', () => {
  const running = create(samplePod({ 'rate-limit': 'shared: 3/1m' })).result as SamplePod;
  const edited = (annotations: Record<string, string>, metadata: object = {}): SamplePod => {
    const ours = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [PREFIX + key, value]));
    return { ...running, metadata: { ...running.metadata, ...metadata, annotations: { ...running.metadata.annotations, ...ours } } };
  };

  it('[admission:pod-update] of a pod judges our keys alone and injects nothing', () => {
    const broken = edited({ 'rate-limit': 'shared: many/1m' });
    expect(update('Pod', broken, { ...broken, metadata: { ...broken.metadata, labels: { a: 'b' } } })).toMatchObject({
      allowed: true,
      patch: [],
    });
    expect(update('Pod', running, edited({ 'rate-limit': 'shared: 9/1m' }))).toMatchObject({ allowed: true, patch: [] });
    expect(update('Pod', running, edited({ 'rate-limit': 'shared: many/1m' })).allowed).toBe(false);
    const naked = samplePod();
    expect(update('Pod', naked, { ...naked, metadata: { ...naked.metadata, labels: {} } })).toMatchObject({ allowed: true, patch: [] });
  });

  it.each([
    ['capture', 'takeover'],
    ['port', '3001'],
    ['paths', '/mcp'],
    ['redis', 'redis://other:6379'],
    ['inject', 'false'],
  ])('[admission:pod-update] of %s is denied and names the rollout', (key, value) => {
    const { allowed, issues } = update('Pod', running, edited({ [key]: value }));
    expect(allowed).toBe(false);
    expect(issues.map(({ message }) => message).join()).toContain('kubectl rollout restart');
  });

  it.each([['Pod', []] as const, ...kinds])('[admission:deleting] of a %s that is being deleted is not judged', (kind, template) => {
    const pod = samplePod({ captur: 'auto' });
    const object = kind === 'Pod' ? pod : workloadOf(kind, template, pod);
    const deleted = { ...objectAt(object), metadata: { ...objectAt(object, 'metadata'), deletionTimestamp: '2026-11-21T00:00:00Z' } };
    expect(update(kind, samplePod(), deleted)).toMatchObject({ allowed: true, patch: [] });
  });

  it.each([
    ['Job', {}],
    ['ReplicaSet', {}],
    ['StatefulSet', { updateStrategy: { type: 'OnDelete' } }],
    ['DaemonSet', { updateStrategy: { type: 'OnDelete' } }],
  ])('[admission:does-not-roll] of the metadata of a %s draws a warning', (kind, more) => {
    const template = TEMPLATES.get(kind) ?? [];
    const of = (annotations: object): unknown => {
      const workload = objectAt(workloadOf(kind, template, samplePod(), { annotations }));
      return { ...workload, spec: { ...objectAt(workload, 'spec'), ...more } };
    };
    const { allowed, cautions } = update(kind, of({}), of({ [`${PREFIX}mode`]: 'shadow' }));
    expect(allowed).toBe(true);
    expect(cautions.map(({ code }) => code)).toContain('DOES_NOT_ROLL');
  });
});

describe("a workload's own annotations", () => {
  const plain = samplePod();
  plain.metadata.annotations = { [`${PREFIX}mode`]: 'shadow' };
  const metadata = { annotations: { [`${PREFIX}inject`]: 'true', [`${PREFIX}mode`]: 'enforce', [`${PREFIX}log-level`]: 'debug' } };

  it.each(kinds)('[admission:template-wins] go into the template of a %s, whose own win, and leave with the metadata', (kind, template) => {
    const workload = workloadOf(kind, template, plain, metadata);
    const { result } = create(workload, kind);
    const inTemplate = (object: unknown) => textsAt(object, ...template, 'metadata', 'annotations');
    expect(inTemplate(result)).toEqual({ [`${PREFIX}inject`]: 'true', [`${PREFIX}mode`]: 'shadow', [`${PREFIX}log-level`]: 'debug' });
    if (kind === 'Job') return;
    const record = textAt(result, 'metadata', 'annotations', `${PREFIX}propagated`);
    const bare = { ...objectAt(result), metadata: { name: 'everything', annotations: { [`${PREFIX}propagated`]: record } } };
    expect(inTemplate(applyPatch(bare, update(kind, result, bare).patch))).toEqual({ [`${PREFIX}mode`]: 'shadow' });
  });

  it.each(kinds)('[admission:controlled] of a %s with a controller change nothing, and are judged', (kind, template) => {
    const ownerReferences = [{ kind: 'Deployment', name: 'everything', controller: true }];
    expect(create(workloadOf(kind, template, plain, { ...metadata, ownerReferences }), kind)).toMatchObject({ allowed: true, patch: [] });
    const wrong = samplePod({ captur: 'auto' });
    expect(create(workloadOf(kind, template, wrong, { ownerReferences }), kind).codes).toEqual(['UNKNOWN_KEY']);
  });
});

describe('the injected pod', () => {
  const containersOf = (pod: unknown) => {
    const [sidecar, capture] = listAt(pod, 'spec', 'initContainers');
    return { sidecar, capture };
  };

  it('[pod:sidecar] has its sidecar first, native, with its probes, its drain and its annotations', () => {
    const { result } = create(samplePod());
    const { sidecar } = containersOf(result);
    expect(sidecar).toMatchObject({ name: 'mcp-sluice', restartPolicy: 'Always' });
    const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((probe) => textAt(sidecar, probe, 'httpGet', 'path'));
    expect(probes).toEqual(['/startupz', '/readyz', '/healthz']);
    expect(listAt(sidecar, 'lifecycle', 'preStop', 'exec', 'command')).toContain('--socket=/run/mcp-sluice/drain.sock');
    const fields = listAt(result, 'spec', 'volumes').flatMap((volume) => listAt(volume, 'downwardAPI', 'items'));
    expect(fields).toMatchObject([{ path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } }]);
  });

  it('[pod:restricted] has every field of restricted, and the capture all but root and NET_ADMIN', () => {
    const { sidecar, capture } = containersOf(create(samplePod()).result);
    const confined = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, seccompProfile: { type: 'RuntimeDefault' } };
    expect(valueAt(sidecar, ['securityContext'])).toMatchObject({ ...confined, runAsNonRoot: true, capabilities: { drop: ['ALL'] } });
    expect(valueAt(sidecar, ['securityContext', 'capabilities'])).toEqual({ drop: ['ALL'] });
    expect(valueAt(capture, ['securityContext'])).toEqual({
      ...confined,
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      runAsNonRoot: false,
      runAsUser: 0,
      runAsGroup: 0,
    });
    for (const container of [sidecar, capture]) {
      expect(valueAt(container, ['resources'])).toMatchObject({
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
    }
    const names = listAt(create(samplePod(), 'Pod', restricted).result, 'spec', 'initContainers').map((each) => textAt(each, 'name'));
    expect(names).toEqual(['mcp-sluice', 'migrate', 'logs']);
  });

  it('[pod:inherited] has what namespace and cluster gave it written down, and the stamp', () => {
    const annotations = { [`${PREFIX}mode`]: 'shadow', [`${PREFIX}log-level`]: 'debug' };
    const { result } = create(samplePod(), 'Pod', { ...facts, namespace: { ...facts.namespace, annotations } });
    const written = textsAt(result, 'metadata', 'annotations');
    expect(written).toMatchObject({ [`${PREFIX}mode`]: 'shadow', [`${PREFIX}redis`]: 'redis://redis.cluster:6379' });
    expect(written).not.toHaveProperty([`${PREFIX}log-level`]);
    const { version, config } = JSON.parse(written[`${PREFIX}status`] ?? '');
    expect([version, config]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+/), expect.stringMatching(/^[0-9a-f]{16}$/)]);
    const other = create(samplePod({ mode: 'enforce' })).result;
    expect(textsAt(other, 'metadata', 'annotations')[`${PREFIX}status`]).not.toContain(config);
  });

  it('[pod:overrides] has the resources that were asked for, and bind-env where the app lacks it', () => {
    const { result } = create(samplePod({ 'sidecar-resources': '{limits: {memory: 512Mi}}', 'bind-env': 'HOST=127.0.0.1\nA=other' }));
    const { sidecar } = containersOf(result);
    expect(valueAt(sidecar, ['resources'])).toEqual({ requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '512Mi' } });
    const env = (index: number) => valueAt(result, ['spec', 'containers', index, 'env']);
    expect(env(0)).toEqual([
      { name: 'A', value: 'b' },
      { name: 'HOST', value: '127.0.0.1' },
    ]);
    expect(env(1)).toBeUndefined();
  });
});
