import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/inject/admit.ts';
import { applyPatch } from '../../../src/inject/apply-patch.ts';
import type { Facts, Target } from '../../../src/inject/facts.ts';
import { listAt, valueAt } from '../../../src/inject/raw.ts';
import { facts, restricted, samplePod } from './samples.ts';

function create(annotations: Record<string, string>, spec: object, known: Facts = facts, metadata: Record<string, string> = {}) {
  const pod = samplePod(annotations);
  Object.assign(pod.spec, spec);
  Object.assign(pod.metadata.annotations, metadata);
  const admitted = admit({ kind: 'Pod', operation: 'CREATE', object: pod }, known);
  const codes = [...admitted.issues, ...admitted.cautions].map(({ code }) => code);
  return { codes, result: applyPatch(pod, admitted.patch) };
}

const terms = (...values: string[][]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: values.map((each) => ({ matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: each }] })),
      },
    },
  },
});

describe('the operating system', () => {
  it.each([
    ['a node selector', { nodeSelector: { 'kubernetes.io/os': 'windows' } }],
    ['its own field', { os: { name: 'windows' } }],
    ['an affinity', terms(['windows'])],
    ['every alternative of an affinity', terms(['windows'], ['windows'])],
  ])('[scope:windows] denies a Windows pod that says so by %s', (_, spec) => {
    expect(create({}, spec).codes).toEqual(['WINDOWS']);
  });

  it.each([
    ['Linux', { nodeSelector: { 'kubernetes.io/os': 'linux' }, os: { name: 'linux' } }],
    ['Windows or Linux', terms(['windows', 'linux'])],
    ['an alternative to Windows', terms(['windows'], ['linux'])],
    ['no alternative at all', terms()],
  ])('[scope:windows] does not deny a pod for %s', (_, spec) => {
    expect(create({}, spec).codes).toEqual([]);
  });
});

describe('a static pod', () => {
  const settings = {
    redis: 'rediss://redis:6379',
    port: '3000',
    'redis-secret': 'login',
    'redis-ca': 'corp-ca',
    identity: '{jwt: {issuer: "https://issuer.example", audience: tools, ca: issuer-ca}}',
    'remote-entries': `[{name: hub, url: "https://hub.example", caBundle: {configMap: hub-ca}, headers: [
      {name: Authorization, secret: hub-token, key: a}, {name: X-Team, secret: hub-token, key: b}]}]`,
  };

  it('[scope:static-pods] is denied what it cannot have mounted, all of it', () => {
    const { issues, patch } = admit(
      { kind: 'Pod', operation: 'CREATE', object: samplePod(settings) },
      { ...facts, isStaticPod: true },
      'templates',
    );
    expect(patch).toEqual([]);
    expect(issues.map(({ code, path, message }) => [code, path.join('.'), /needs (the \w+ [-a-z]+)/.exec(message)?.[1]])).toEqual([
      ['STATIC_POD_REFERENCE', 'redis-secret', 'the Secret login'],
      ['STATIC_POD_REFERENCE', 'redis-ca', 'the ConfigMap corp-ca'],
      ['STATIC_POD_REFERENCE', 'identity.jwt.ca', 'the ConfigMap issuer-ca'],
      ['STATIC_POD_REFERENCE', 'remote-entries.0.caBundle', 'the ConfigMap hub-ca'],
      ['STATIC_POD_REFERENCE', 'remote-entries.0.headers', 'the Secret hub-token'],
    ]);
    expect(create(settings, {}).codes).toEqual([]);
  });

  it('[scope:static-pods] gets nothing that refers to another object', () => {
    const object = samplePod({ redis: 'redis://redis:6379', 'rate-limit': 'shared: 5/1m' });
    const { patch } = admit({ kind: 'Pod', operation: 'CREATE', object }, { ...facts, isStaticPod: true }, 'templates');
    expect(patch.length).toBeGreaterThan(0);
    expect(JSON.stringify(patch)).not.toMatch(
      /"(secret|configMap|projected|secretKeyRef|configMapKeyRef|serviceAccountName|imagePullSecrets)"/,
    );
  });
});

describe('what stands beside the sidecar', () => {
  it('[scope:unmetered-port] draws a warning where it is another port for MCP', () => {
    const ports = (...names: string[]) => ({
      containers: [{ name: 'app', ports: names.map((name, index) => ({ name, containerPort: 3000 + index })) }],
    });
    expect(create({}, ports('mcp', 'mcp-two', 'metrics')).codes).toEqual(['PORT_UNMETERED']);
    expect(create({}, ports('mcp', 'mcpx', 'metrics')).codes).toEqual([]);
    expect(create({ port: '3000, mcp-two' }, ports('mcp', 'mcp-two', 'mcp-three')).codes).toEqual(['PORT_UNMETERED']);
    expect(create({ port: '3000, mcp-two, 3002' }, ports('mcp', 'mcp-two', 'mcp-three')).codes).toEqual([]);
  });

  it('[scope:unmetered-port] never advises more ports than there may be', () => {
    const ports = Array.from({ length: 9 }, (_, index) => ({ name: `mcp-${index}`, containerPort: 3000 + index }));
    const pod = samplePod({ port: '3000,3001,3002,3003,3004,3005,3006,3007' });
    Object.assign(pod.spec, { containers: [{ name: 'app', ports }] });
    const { issues, warnings } = admit({ kind: 'Pod', operation: 'CREATE', object: pod }, facts);
    expect([issues, warnings]).toEqual([[], [expect.stringMatching(/^mcp-sluice.dev\/port: port 3008 .*give it a pod of its own$/)]]);
  });

  it('[scope:shared-processes] draws a warning where processes are shared and there is a password', () => {
    const shared = { shareProcessNamespace: true };
    const login = { redis: 'redis://redis:6379', 'redis-secret': 'login' };
    expect(create(login, shared).codes).toEqual(['SHARED_PROCESSES']);
    expect(create({}, shared).codes).toEqual([]);
    expect(create(login, {}).codes).toEqual([]);
  });

  it("[scope:istio-probes] draws a warning where Istio has the sidecar's probes", () => {
    const containers = [...samplePod().spec.containers, { name: 'istio-proxy' }];
    const excluding = (ports: string) => create({}, { containers }, facts, { 'traffic.sidecar.istio.io/excludeInboundPorts': ports });
    expect(create({}, { containers }).codes).toEqual(['MESH_PROBES']);
    expect(excluding('9090').codes).toEqual(['MESH_PROBES']);
    expect(excluding('9090, 15179').codes).toEqual([]);
    expect(create({}, { containers: [...samplePod().spec.containers, { name: 'linkerd-proxy' }] }).codes).toEqual([]);
  });
});

describe('a mesh around the pod', () => {
  const inNamespace = (labels: Record<string, string>, annotations: Record<string, string> = {}): Facts => ({
    ...facts,
    namespace: { ...facts.namespace, labels, annotations },
  });
  const ambient = { 'istio.io/dataplane-mode': 'ambient' };
  const enabled = { 'istio-injection': 'enabled' };
  const linkerd = { 'linkerd.io/inject': 'enabled' };

  /** What becomes of `redirect`, in a pod and in a template: `denied` where a mesh would go past it. */
  function fates(known: Facts, labels: Record<string, string>, annotations: Record<string, string>): string[] {
    const { metadata, spec } = samplePod({ capture: 'redirect' });
    const template = { metadata: { ...metadata, labels, annotations: { ...metadata.annotations, ...annotations } }, spec };
    const deployment = { kind: 'Deployment', metadata: { name: 'everything' }, spec: { template } };
    return [{ kind: 'Pod', ...template }, deployment].map((object) => {
      const { issues } = admit({ kind: object.kind, operation: 'CREATE', object }, known);
      return issues.length === 0 ? 'allowed' : issues.map(({ code }) => (code === 'REDIRECT_WITH_MESH' ? 'denied' : code)).join();
    });
  }

  it.each<[string, string[], Facts, Record<string, string>, Record<string, string>]>([
    ["the namespace's ambient mode", ['denied', 'denied'], inNamespace(ambient), {}, {}],
    ["the pod's ambient mode", ['denied', 'denied'], facts, ambient, {}],
    ['a pod that leaves the ambient mode', ['allowed', 'allowed'], inNamespace(ambient), { 'istio.io/dataplane-mode': 'none' }, {}],
    ['a namespace for Istio', ['allowed', 'denied'], inNamespace(enabled), {}, {}],
    ['a namespace for a revision of Istio', ['allowed', 'denied'], inNamespace({ 'istio.io/rev': 'canary' }), {}, {}],
    ['a pod for Istio', ['allowed', 'denied'], facts, { 'sidecar.istio.io/inject': 'true' }, {}],
    ['a pod that Istio leaves out', ['allowed', 'allowed'], inNamespace(enabled), { 'sidecar.istio.io/inject': 'false' }, {}],
    ['a pod that Istio leaves out by annotation', ['allowed', 'allowed'], inNamespace(enabled), {}, { 'sidecar.istio.io/inject': 'false' }],
    ['a namespace without Istio', ['allowed', 'allowed'], inNamespace({ 'istio-injection': 'disabled', 'istio.io/rev': 'x' }), {}, {}],
    ['a namespace for Linkerd', ['allowed', 'denied'], inNamespace({}, linkerd), {}, {}],
    ['a pod for Linkerd', ['allowed', 'denied'], facts, {}, { 'linkerd.io/inject': 'ingress' }],
    ['a pod that Linkerd leaves out', ['allowed', 'allowed'], inNamespace({}, linkerd), {}, { 'linkerd.io/inject': 'disabled' }],
  ])('[scope:mesh-around] counts: %s', (_, expected, known, labels, annotations) => {
    expect(fates(known, labels, annotations)).toEqual(expected);
  });

  it('[scope:mesh-around] makes auto take over, in a pod under the ambient mode too', () => {
    const { result } = create({}, {}, inNamespace(ambient));
    expect(valueAt(listAt(result, 'spec', 'initContainers')[0], ['args'])).toContain('--capture=takeover');
  });
});

describe('the injected containers', () => {
  const ours = (pod: unknown) => listAt(pod, 'spec', 'initContainers').slice(0, 2);

  it('[scope:resources] both have what sidecar-resources asks for, as quotas judge each container', () => {
    const asked = { 'sidecar-resources': '{requests: {ephemeral-storage: 1Mi}, limits: {cpu: 100m, memory: 96Mi}}' };
    const resources = { requests: { cpu: '50m', memory: '96Mi', 'ephemeral-storage': '1Mi' }, limits: { cpu: '100m', memory: '96Mi' } };
    expect(ours(create(asked, {}).result)).toMatchObject([{ resources }, { name: 'mcp-sluice-capture', resources }]);
    expect(valueAt(ours(create({}, {}).result)[1], ['resources', 'requests'])).toEqual({ cpu: '10m', memory: '64Mi' });
  });

  it.each([
    ['redirect', facts],
    ['takeover', restricted],
  ])('[scope:user-namespace] run as user ids that a user namespace has, under %s', (_, known) => {
    const ids = ours(create({}, { hostUsers: false }, known).result).flatMap((each) =>
      ['runAsUser', 'runAsGroup'].map((field) => valueAt(each, ['securityContext', field])),
    );
    for (const id of ids.filter((each) => each !== undefined)) expect(id).toBeLessThan(65_536);
    expect(ids[0]).toBeGreaterThan(0);
  });

  it('[scope:pull-secrets] bring the Secrets for their image, each once and behind those of the pod', () => {
    const known = { ...facts, imagePullSecrets: ['sluice', 'app'] };
    expect(valueAt(create({}, {}, known).result, ['spec', 'imagePullSecrets'])).toEqual([{ name: 'sluice' }, { name: 'app' }]);
    const named = create({}, { imagePullSecrets: [{ name: 'app' }] }, known);
    expect(valueAt(named.result, ['spec', 'imagePullSecrets'])).toEqual([{ name: 'app' }, { name: 'sluice' }]);
    expect(valueAt(create({}, {}).result, ['spec', 'imagePullSecrets'])).toBeUndefined();
  });

  it('[scope:pull-secrets] leave the template of a workload alone, whose pods get their own when they are made', () => {
    const { metadata, spec } = samplePod();
    const object = { kind: 'Deployment', metadata: { name: 'everything' }, spec: { template: { metadata, spec } } };
    const target: Target = 'pods';
    expect(admit({ kind: 'Deployment', operation: 'CREATE', object }, { ...facts, imagePullSecrets: ['sluice'] }, target).patch).toEqual(
      [],
    );
  });
});
